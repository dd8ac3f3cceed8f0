package ossfuzz

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// This file finds seeds.

// seedFinder collects the files of seeds.
type seedFinder struct {
	maxInput int
	files    []string
	// long counts the files that are longer than maxInput, longest is one of them.
	long    int
	longest string
}

// addDir adds the files of a directory and of those below it. If it is missing, that is
// an error only if the user has named it.
func (s *seedFinder) addDir(dir string, named bool) error {
	if !named && !isDir(dir) {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != dir && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		info, err := os.Stat(path) // seeds may be links
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		s.add(path, info.Size())
		return nil
	})
	if err != nil {
		return unreadable("the seed corpus", dir, err)
	}
	return nil
}

func (s *seedFinder) add(path string, size int64) {
	if size > int64(s.maxInput) {
		s.long++
		s.longest = path
		return
	}
	s.files = append(s.files, path)
}

// tooLong says which seeds are too long, nil if none is.
func (s *seedFinder) tooLong() error {
	switch s.long {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("the seed %s is left out: inputs have at most %d bytes", s.longest, s.maxInput)
	}
	return fmt.Errorf("%d seeds are left out, such as %s: inputs have at most %d bytes", s.long, s.longest, s.maxInput)
}

// addZip unpacks a zip file, if there is one, into the directory to, and adds what is in
// it. Names in it are not taken over: they may be anything.
func (s *seedFinder) addZip(path, to string) error {
	archive, err := zip.OpenReader(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unreadable("the seed corpus", path, err)
	}
	defer archive.Close()
	if err := os.RemoveAll(to); err != nil {
		return unreadable("the seed corpus", path, err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return unreadable("the seed corpus", path, err)
	}
	for i, entry := range archive.File {
		if !entry.Mode().IsRegular() {
			continue
		}
		if entry.UncompressedSize64 > uint64(s.maxInput) {
			s.long++
			s.longest = entry.Name + " of " + path
			continue
		}
		file := filepath.Join(to, fmt.Sprintf("%06d", i))
		if err := s.unpack(entry, file); err != nil {
			return unreadable("the rest of the seed corpus", path, fmt.Errorf("%s: %w", entry.Name, err))
		}
		s.files = append(s.files, file)
	}
	return nil
}

// unpack writes an entry of a zip file, whose header may lie about its size, to path.
func (s *seedFinder) unpack(entry *zip.File, path string) error {
	from, err := entry.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	data, err := io.ReadAll(io.LimitReader(from, int64(s.maxInput)))
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
