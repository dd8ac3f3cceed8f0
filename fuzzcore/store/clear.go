package store

import (
	"os"
	"path/filepath"
)

// This file defines how coverage is forgotten.

// ClearCoverage removes the coverage file of a build. Nothing may be counting in it.
func (s *State) ClearCoverage(id uint64) error {
	path := s.CoveragePath(id)
	return ignoreMissing(explain("removing coverage file", path, os.Remove(path)))
}

// ClearCoverage removes the coverage files of this fuzz test, of all builds. Nothing may
// be counting in them.
func (t *FuzzTest) ClearCoverage() error {
	dir := filepath.Join(t.dir, coverageDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ignoreMissing(explain("reading", dir, err))
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if err := ignoreMissing(explain("removing coverage file", path, os.Remove(path))); err != nil {
			return err
		}
	}
	return nil
}
