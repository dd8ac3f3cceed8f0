package store

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the state folder and the places in it.

// DirName is the name of the state folder in a workspace's root.
const DirName = ".fuzzls"

// The folders of a state folder; see the package's documentation.
const (
	coverageDir = "v"
	pointsDir   = "points"
	sourcesDir  = "sources"
	buildsDir   = "builds"
	targetsDir  = "targets"
	testsDir    = "tests"
)

// State is the state folder of a workspace. Its methods may be called by
// several goroutines.
type State struct {
	root, dir string
	// beforeRename, if not nil, is called when a temporary file or folder is
	// complete; its error is that of the write. Tests set it.
	beforeRename func(temp string) error
}

// Open opens the state of the workspace with this root folder, and creates it
// if there is none. It fails where nothing can be written.
func Open(root string) (*State, error) {
	s, err := newState(root)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"", coverageDir, pointsDir, sourcesDir, buildsDir, targetsDir, testsDir} {
		dir := filepath.Join(s.dir, name)
		if err := makeDir(dir); err != nil {
			return nil, explain("creating the state folder", dir, err)
		}
	}
	// A folder that was there already may be on a disk that is read-only today.
	const writable = 2 // W_OK of access(2)
	if err := syscall.Access(s.dir, writable); err != nil {
		return nil, explain("opening the state folder", s.dir, err)
	}
	ignore := filepath.Join(s.dir, ".gitignore")
	if _, err := os.Stat(ignore); isMissing(err) {
		if err := s.write(ignore, []byte("*\n"), volatile); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Existing opens the state of a workspace for reading. The error is ErrNoState
// if nothing has been fuzzed there.
func Existing(root string) (*State, error) {
	s, err := newState(root)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(s.dir)
	if isMissing(err) {
		return nil, fmt.Errorf("%w in %s: run `fuzzls fuzz` there first", ErrNoState, s.root)
	}
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, explain("opening the state folder", s.dir, err)
	}
	return s, nil
}

// Find opens the state of the workspace that dir is in, for reading: that of the
// nearest folder, from dir upwards, that has one. The error is ErrNoState if none
// has.
func Find(dir string) (*State, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if dirExists(filepath.Join(at, DirName)) {
			return Existing(at)
		}
		if filepath.Dir(at) == at {
			return Existing(dir)
		}
	}
}

func newState(root string) (*State, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(root)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return nil, explain("opening the workspace", root, err)
	}
	return &State{root: root, dir: filepath.Join(root, DirName)}, nil
}

// makeDir creates one folder unless it exists.
func makeDir(path string) error {
	err := os.Mkdir(path, 0o777)
	if err != nil && dirExists(path) {
		return nil
	}
	if os.IsExist(err) {
		return syscall.ENOTDIR
	}
	return err
}

// Root returns the workspace's root folder, absolute.
func (s *State) Root() string { return s.root }

// Dir returns the state folder, absolute.
func (s *State) Dir() string { return s.dir }

// CoveragePath returns the path of the coverage file of a build. Its folder
// exists if the state came from Open.
func (s *State) CoveragePath(id uint64) string {
	return filepath.Join(s.dir, coverageDir, abi.HexName(id))
}

// BuildsDir returns the folder for executables, which builders arrange.
func (s *State) BuildsDir() string { return filepath.Join(s.dir, buildsDir) }
