package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// This file defines how files and folders appear: at once and whole.

// tempPrefix begins the name of everything that is not finished. What has such
// a name and is not locked was left by a writer that was killed.
const tempPrefix = ".tmp-"

// durability says whether something must survive a power failure.
type durability bool

const (
	durable  durability = true
	volatile durability = false
)

// attempts is how often a write is tried: once more than removeLeftovers of
// another process can take a temporary file for a leftover, in the moment
// between its creation and its lock.
const attempts = 2

// write makes path a file with this content, replacing one that exists. The
// folder is created if it is missing.
func (s *State) write(path string, data []byte, d durability) error {
	return s.publish(path, d, func(temp string) (*os.File, error) {
		file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return nil, err
		}
		if err := lockFile(file, syscall.LOCK_EX); err != nil {
			return file, err
		}
		if _, err := file.Write(data); err != nil || d == volatile {
			return file, err
		}
		return file, file.Sync()
	})
}

// writeDir makes path a folder with these files. An existing folder that is not
// empty gives an error that is fs.ErrExist.
func (s *State) writeDir(path string, files map[string][]byte, d durability) error {
	return s.publish(path, d, func(temp string) (*os.File, error) {
		if err := os.Mkdir(temp, 0o777); err != nil {
			return nil, err
		}
		dir, err := os.Open(temp)
		if err != nil {
			return nil, err
		}
		if err := lockFile(dir, syscall.LOCK_EX); err != nil {
			return dir, err
		}
		for name, data := range files {
			if err := writePlain(filepath.Join(temp, name), data, d); err != nil {
				return dir, err
			}
		}
		if d == volatile {
			return dir, nil
		}
		return dir, dir.Sync()
	})
}

// publish lets fill create something locked under a temporary name, and renames
// it. fill returns what it opened even if it fails.
func (s *State) publish(path string, d durability, fill func(temp string) (*os.File, error)) error {
	parent := filepath.Dir(path)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return explain("creating", parent, err)
	}
	var err error
	for range attempts {
		temp := filepath.Join(parent, fmt.Sprintf("%s%016x", tempPrefix, rand.Uint64()))
		err = s.publishAs(temp, path, d, fill)
		if err == nil {
			return nil
		}
		os.RemoveAll(temp)
		if !isMissing(err) {
			break
		}
	}
	return explain("writing", path, err)
}

func (s *State) publishAs(temp, path string, d durability, fill func(temp string) (*os.File, error)) error {
	file, err := fill(temp)
	if file != nil {
		defer file.Close() // gives up the lock, after the renaming
	}
	if err != nil {
		return err
	}
	if s.beforeRename != nil {
		if err := s.beforeRename(temp); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	if d == volatile {
		return nil
	}
	return s.syncDirsOf(path)
}

// writePlain writes a file of a folder that has no name yet.
func writePlain(path string, data []byte, d durability) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil && d == durable {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDirsOf makes the name of a file, and those of the folders that it is in,
// survive a power failure.
func (s *State) syncDirsOf(path string) error {
	for path != s.dir {
		path = filepath.Dir(path)
		dir, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
			return err
		}
	}
	return nil
}

// removeLeftovers removes what killed writers left anywhere in the state folder.
func (s *State) removeLeftovers() error {
	return filepath.WalkDir(s.dir, func(path string, entry fs.DirEntry, err error) error {
		if isMissing(err) {
			return nil // a writer has just finished
		}
		if err != nil {
			return explain("looking for unfinished files in", path, err)
		}
		if !strings.HasPrefix(entry.Name(), tempPrefix) {
			return nil
		}
		if err := removeLeftover(path); err != nil {
			return explain("removing the unfinished", path, err)
		}
		if entry.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
}

// removeLeftover removes a temporary file or folder unless its writer lives.
func removeLeftover(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return ignoreMissing(err)
	}
	defer file.Close()
	err = lockFile(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// lockFile takes a lock on an open file or folder, which its closing gives up,
// also that by the kernel when the process dies.
func lockFile(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if err != syscall.EINTR {
			return err
		}
	}
}
