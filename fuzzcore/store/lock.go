package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// This file defines the campaign lock.

// Lock is the right to run a campaign on a state.
type Lock struct{ file *os.File }

// LockedError says that another campaign is running.
type LockedError struct {
	// Dir is the state folder.
	Dir string
	// PID is the process id of that campaign, or 0 if it has not told yet.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another campaign is using %s: wait for its end", e.Dir)
	}
	return fmt.Sprintf("another campaign, process %d, is using %s: wait for its end or stop it with `kill -INT %d`", e.PID, e.Dir, e.PID)
}

// Lock takes the campaign lock and removes what killed writers left. If another
// process has it, the error is a *LockedError. The kernel gives up the lock of
// a process that dies, so there are no stale ones; the file itself stays.
func (s *State) Lock() (*Lock, error) {
	path := filepath.Join(s.dir, "campaign.lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, explain("opening the campaign lock", path, err)
	}
	if err := s.lockWith(file); err != nil {
		file.Close()
		return nil, err
	}
	return &Lock{file}, nil
}

func (s *State) lockWith(file *os.File) error {
	err := lockFile(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return &LockedError{Dir: s.dir, PID: readPID(file)}
	}
	if err != nil {
		return explain("locking", file.Name(), err)
	}
	if err := writePID(file); err != nil {
		return explain("writing the campaign lock", file.Name(), err)
	}
	return s.removeLeftovers()
}

// Unlock gives up the lock.
func (l *Lock) Unlock() error {
	// An empty file, so that nobody is told of an owner that has gone.
	return errors.Join(l.file.Truncate(0), l.file.Close())
}

func writePID(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	return err
}

// readPID returns the process id in a lock file, or 0.
func readPID(file *os.File) int {
	var text [32]byte // more than any process id takes
	n, _ := file.ReadAt(text[:], 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil {
		return 0
	}
	return pid
}
