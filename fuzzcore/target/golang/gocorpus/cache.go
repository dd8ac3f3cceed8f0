package gocorpus

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// This file finds corpus entries on disk.

// nameBytes is how many bytes of an entry's SHA-256 its file name shows (twice as
// many hex digits), as in writeToCorpus of Go's internal/fuzz.
const nameBytes = 8

// Entry is one file of a corpus directory.
type Entry struct {
	// Name is the file's name, without its directory.
	Name string
	// Data is the file's content, which may be no valid entry.
	Data []byte
}

// Name returns the file name that Go gives to an entry.
func Name(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:nameBytes])
}

// CacheDir returns the directory in which `go test -fuzz` keeps the inputs that
// found new coverage. gocache is what `go env GOCACHE` prints, importPath the
// path of the package under test, and fuzzFunc the name of the fuzz test.
func CacheDir(gocache, importPath, fuzzFunc string) string {
	return filepath.Join(gocache, "fuzz", filepath.FromSlash(importPath), fuzzFunc)
}

// Entries returns the files in a corpus directory, sorted by name; none if there
// is no such directory. As Go does, it takes every file for an entry and passes
// over subdirectories. Files that cannot be read are in the error, and the
// others are returned nevertheless.
func Entries(dir string) ([]Entry, error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the corpus: %w", err)
	}
	var entries []Entry
	var failed []error
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since the directory was read
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("reading a corpus entry: %w", err))
			continue
		}
		entries = append(entries, Entry{file.Name(), data})
	}
	return entries, errors.Join(failed...)
}
