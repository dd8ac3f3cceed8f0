package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines where it is kept which inputs of a fuzz test reached points first.
// What the logs say is package provenance's business.

// firstLogExtension ends the name of a log.
const firstLogExtension = ".log"

// Root returns the workspace's root folder, absolute.
func (t *FuzzTest) Root() string { return t.state.root }

// FirstDir returns the folder of the logs, and of the inputs that they name, absolute.
// It need not exist.
func (t *FuzzTest) FirstDir() string { return filepath.Join(t.dir, firstDir) }

// FirstLogPath returns the path of the log for a build.
func (t *FuzzTest) FirstLogPath(id uint64) string {
	return filepath.Join(t.dir, firstDir, abi.HexName(id)+firstLogExtension)
}

// OtherFirstLogs returns the paths of the logs of other builds, the newest first.
func (t *FuzzTest) OtherFirstLogs(id uint64) ([]string, error) {
	names, err := ofOtherBuilds(t.FirstDir(), filepath.Base(t.FirstLogPath(id)))
	for i, name := range names {
		names[i] = filepath.Join(t.FirstDir(), name)
	}
	return names, err
}

// AppendFirstLog appends whole lines to the log for a build. Several processes may do
// so at once. It is the one file that is not replaced but grows: a writer that is
// killed, or a full disk, may leave half a line; what follows begins on a line of its own.
func (t *FuzzTest) AppendFirstLog(id uint64, lines []byte) error {
	path := t.FirstLogPath(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return explain("creating", filepath.Dir(path), err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return explain("appending to", path, err)
	}
	if !endsLine(file) {
		lines = append([]byte("\n"), lines...)
	}
	_, err = file.Write(lines)
	return explain("appending to", path, errors.Join(err, file.Close()))
}

// endsLine reports whether a file is empty or ends with a line's end. Another process
// may append at this moment: then an empty line comes of it, at worst.
func endsLine(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return true
	}
	var last [1]byte
	_, err = file.ReadAt(last[:], info.Size()-1)
	return err != nil || last[0] == '\n'
}

// SaveFirst keeps the file of an input that reached something first and returns its
// name, EntryName(data), and whether it was not there before. It is the corpus entry
// under a second name if there is one.
func (t *FuzzTest) SaveFirst(data []byte) (name string, added bool, err error) {
	name = EntryName(data)
	path := filepath.Join(t.dir, firstDir, name)
	if has, err := os.ReadFile(path); err == nil && bytes.Equal(has, data) {
		return name, false, nil
	}
	entry := filepath.Join(t.dir, corpusDir, name)
	// A damaged entry must not become a damaged input.
	if has, err := os.ReadFile(entry); err == nil && bytes.Equal(has, data) {
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if err == nil {
			err = os.Link(entry, path)
		}
		if err == nil {
			return name, true, nil
		}
		if errors.Is(err, fs.ErrExist) {
			return name, false, t.state.write(path, data, volatile)
		}
		// Not every file system has links.
	}
	return name, true, t.state.write(path, data, volatile)
}
