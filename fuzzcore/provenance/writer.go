package provenance

import (
	"os"
	"path/filepath"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines Writer: how workers append to a log.

// maxInputs is how many bytes of inputs the folder of a fuzz test may hold: a thousand
// inputs of the largest size. Beyond that points are recorded without their inputs.
const maxInputs = 64 << 20

// recount is how many bytes a worker writes before it looks again how full the folder
// is, which other workers fill too: with some, the bound is exceeded by a few per cent.
const recount = maxInputs / 16

// Find is an input that reached points first.
type Find struct {
	// Time is when the input was found.
	Time   time.Time
	Origin Origin
	// Points are what it reached that nothing had reached before, ascending.
	Points []uint32
	// File is the file that holds the input if it came with the source, absolute; "" for
	// others.
	File string
	// Data makes the content of the input's file in the language's corpus format; nil if
	// there is no input or File has it.
	Data func() ([]byte, error)
}

// Writer appends to the log of one fuzz test and build. It holds no file open.
type Writer struct {
	test *store.FuzzTest
	id   uint64
	// used is how many bytes of inputs the folder held when it was looked at last,
	// written how many this writer added since; used is -1 before the first look.
	used, written int64
	limit         int64
	text          []byte // scratch
}

// NewWriter returns a writer. Nothing is created before the first record.
func NewWriter(test *store.FuzzTest, id uint64) *Writer {
	return &Writer{test: test, id: id, used: -1, limit: maxInputs}
}

// Write appends the records of finds, and writes the inputs that they name before.
func (w *Writer) Write(finds []Find) error {
	w.text = w.text[:0]
	for i := range finds {
		if len(finds[i].Points) == 0 {
			continue
		}
		record, err := w.record(&finds[i])
		if err != nil {
			return err
		}
		if w.text, err = record.append(w.text); err != nil {
			return err
		}
	}
	if len(w.text) == 0 {
		return nil
	}
	return w.test.AppendFirstLog(w.id, w.text)
}

func (w *Writer) record(find *Find) (line, error) {
	record := line{Time: find.Time.UTC(), Origin: find.Origin, Points: string(appendRanges(nil, find.Points))}
	if year := record.Time.Year(); year < 0 || year > 9999 {
		record.Time = time.Time{} // a file's time that no text can hold: unknown
	}
	if find.File != "" {
		record.File = w.relative(find.File)
		return record, nil
	}
	if find.Data == nil || !w.hasRoom() {
		return record, nil
	}
	data, err := find.Data()
	if err != nil {
		return line{}, err
	}
	name, added, err := w.test.SaveFirst(data)
	if err != nil {
		return line{}, err
	}
	if added {
		w.written += int64(len(data))
	}
	record.Input = name
	return record, nil
}

// relative returns the path of a file below the workspace's root relative to that, and
// others as they are.
func (w *Writer) relative(path string) string {
	if rel, err := filepath.Rel(w.test.Root(), path); err == nil && filepath.IsLocal(rel) {
		path = rel
	}
	return filepath.ToSlash(path)
}

// hasRoom reports whether the folder may hold more inputs.
func (w *Writer) hasRoom() bool {
	if w.used < 0 || w.written > min(recount, w.limit/2) && w.used+w.written < w.limit {
		w.used, w.written = sizeOfInputs(w.test.FirstDir()), 0
	}
	return w.used+w.written < w.limit
}

// sizeOfInputs returns how many bytes of inputs a folder holds; 0 if it is not there.
func sizeOfInputs(dir string) (size int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, entry := range entries {
		if !isInputName(entry.Name()) {
			continue
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
	}
	return size
}
