package provenance

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines Log: reading a log, also while workers write it.

// maxRead is how much Refresh reads at once: a log has a record for each input that
// reached something, some hundred bytes each, so nearly all fit.
const maxRead = 1 << 20

// maxLine is the longest line that makes sense: the ranges of a million points that lie
// apart.
const maxLine = 16 << 20

// Log is what is known of one fuzz test and build. It is not safe for use by several
// goroutines.
type Log struct {
	test *store.FuzzTest
	path string
	// offset is where the next line begins; file is what was read, to notice that it
	// was replaced.
	offset int64
	file   os.FileInfo
	// records are those that were read; first holds for each point the index of its
	// record, plus 1, or 0.
	records []Record
	first   []uint32
}

// Open reads the log of a fuzz test for the build with this coverage id and number of
// points. If there is none yet, nothing is known, which is no error. The Log can be
// used, and refreshed, also if there is an error: see Refresh.
func Open(test *store.FuzzTest, id uint64, points int) (*Log, error) {
	l := &Log{test: test, path: test.FirstLogPath(id), first: make([]uint32, points)}
	return l, l.Refresh()
}

// First returns the record of the first input that reached a point; false if it is
// unknown.
func (l *Log) First(point uint32) (Record, bool) {
	if uint64(point) >= uint64(len(l.first)) || l.first[point] == 0 {
		return Record{}, false
	}
	return l.records[l.first[point]-1], true
}

// Refresh reads what was appended since the last time. A record that is not whole yet
// is left for the next time. The error names the first line that makes no sense, by the
// log's path and the line's offset; such lines are passed over, once.
func (l *Log) Refresh() error {
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		l.forget()
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading who reached points first: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("reading who reached points first: %w", err)
	}
	if l.file != nil && !(os.SameFile(l.file, info) && l.continues(file)) {
		l.forget()
	}
	l.file = info
	return l.read(file, info.Size())
}

// continues reports whether what was read before still ends where it did. A log that
// was deleted and written again may be the same file to the kernel.
func (l *Log) continues(file io.ReaderAt) bool {
	if l.offset == 0 {
		return true
	}
	var end [1]byte
	_, err := file.ReadAt(end[:], l.offset-1)
	return err == nil && end[0] == '\n'
}

// forget begins anew: the log is no longer that which was read.
func (l *Log) forget() {
	l.offset, l.file, l.records = 0, nil, nil
	clear(l.first)
}

// read reads the whole lines of [offset, size).
func (l *Log) read(file io.ReaderAt, size int64) error {
	var problem error
	var buf []byte
	room := int64(maxRead)
	for at := l.offset; at < size; {
		n := min(room, size-at)
		buf = slices.Grow(buf[:0], int(n))[:n]
		if _, err := file.ReadAt(buf, at); err != nil {
			return fmt.Errorf("reading who reached points first: %s at byte %d: %w", l.path, at, err)
		}
		end := bytes.LastIndexByte(buf, '\n') + 1
		switch {
		case end > 0:
			l.offset = at
			problem = cmp.Or(problem, l.lines(buf[:end]))
			at, room = l.offset, maxRead
		case n == size-at:
			return problem // a line that is not whole yet
		case room < maxLine:
			room *= 2
		default:
			problem = cmp.Or(problem, l.damaged(at, errors.New("a line without end")))
			at += n
		}
	}
	return problem
}

// lines takes whole lines, and returns the first problem.
func (l *Log) lines(text []byte) (problem error) {
	for one := range bytes.Lines(text) {
		err := l.add(bytes.TrimSuffix(one, []byte("\n")))
		if err != nil && problem == nil {
			problem = l.damaged(l.offset, err)
		}
		l.offset += int64(len(one))
	}
	return problem
}

func (l *Log) damaged(offset int64, err error) error {
	return fmt.Errorf("%w: %s at byte %d: %w: delete it to lose only this history", store.ErrDamaged, l.path, offset, err)
}

// add takes one line. The first record of a point counts.
func (l *Log) add(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	index := uint32(len(l.records)) + 1
	got, err := parseLine(text, len(l.first), func(from, to uint32) {
		for point := from; point <= to; point++ {
			if l.first[point] == 0 {
				l.first[point] = index
			}
		}
	})
	if err != nil {
		return err
	}
	l.records = append(l.records, Record{Time: got.Time, Origin: got.Origin, Input: l.inputPath(&got)})
	return nil
}

// inputPath returns the file that holds a record's input.
func (l *Log) inputPath(record *line) string {
	switch {
	case record.Input != "":
		return filepath.Join(l.test.FirstDir(), record.Input)
	case record.File == "" || filepath.IsAbs(filepath.FromSlash(record.File)):
		return filepath.FromSlash(record.File)
	}
	return filepath.Join(l.test.Root(), filepath.FromSlash(record.File))
}
