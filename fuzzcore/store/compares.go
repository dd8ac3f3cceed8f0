package store

import (
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines where it is kept what the runs of a fuzz test compared. What the
// files say is package frontier's business.

// ComparesPath returns the path of the file for a build.
func (t *FuzzTest) ComparesPath(id uint64) string {
	return filepath.Join(t.dir, comparesDir, abi.HexName(id)+recordExtension)
}

// SaveCompares replaces the file for a build.
func (t *FuzzTest) SaveCompares(id uint64, data []byte) error {
	return t.state.write(t.ComparesPath(id), data, volatile)
}

// Compares returns what SaveCompares kept for a build. The error is fs.ErrNotExist if
// there is nothing.
func (t *FuzzTest) Compares(id uint64) ([]byte, error) {
	path := t.ComparesPath(id)
	data, err := os.ReadFile(path)
	return data, explain("reading", path, err)
}

// PruneCompares removes the files of all builds but the given one and the newest others,
// BuildsKept in all.
func (t *FuzzTest) PruneCompares(id uint64) error {
	dir := filepath.Join(t.dir, comparesDir)
	others, err := ofOtherBuilds(dir, filepath.Base(t.ComparesPath(id)))
	if err != nil {
		return err
	}
	for _, name := range others[min(len(others), BuildsKept-1):] {
		path := filepath.Join(dir, name)
		if err := ignoreMissing(explain("removing", path, os.Remove(path))); err != nil {
			return err
		}
	}
	return nil
}
