package clang

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// This file keeps a copy of the workspace for build systems that build among the sources:
// nothing is written there.

// copyTree makes to a copy of from, less what finding leaves out. Files that have the size
// and time of the original are left as they are, and so is what a build has put beside
// them; times are kept, so that make sees what changed.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case entry.IsDir() && path != from && (entry.Name() == ".git" || entry.Name() == ".fuzzls" || entry.Name() == "node_modules" || isBuildDir(path)):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case entry.Type()&fs.ModeSymlink != 0:
			return copyLink(target, path)
		case !entry.Type().IsRegular():
			return nil
		}
		return refreshFile(target, path, entry)
	})
}

// copyLink copies a symbolic link.
func copyLink(to, from string) error {
	at, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if have, err := os.Readlink(to); err == nil && have == at {
		return nil
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(at, to)
}

// refreshFile copies a file unless the copy has its size and time.
func refreshFile(to, from string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	if have, err := os.Stat(to); err == nil && have.Size() == info.Size() && have.ModTime().Equal(info.ModTime()) {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(to, data, info.Mode().Perm()|0o200); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
