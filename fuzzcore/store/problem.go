package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// This file defines the errors of the file system as users read them.

// Errors that callers tell apart.
var (
	// ErrNoState: the workspace has no state folder.
	ErrNoState = errors.New("no fuzzls state")
	// ErrDamaged: a file is not what was written.
	ErrDamaged = errors.New("damaged file")
)

// remedies says what the user can do about an error of the file system.
var remedies = map[syscall.Errno]string{
	syscall.ENOSPC:  "free some space on that disk and try again",
	syscall.EDQUOT:  "free some space within the quota and try again",
	syscall.EROFS:   "work in a copy of the workspace that can be written",
	syscall.EACCES:  "give this user the right to write there",
	syscall.EPERM:   "give this user the right to write there",
	syscall.ENOTDIR: "a file is in the place of a folder: move it away",
	syscall.ENOLCK:  "its file system has no locks: keep the workspace on a local disk",
	syscall.ENOTSUP: "its file system has no locks: keep the workspace on a local disk",
}

// explain makes an error that says what failed on which path and, if it is a
// known one, what to do. It wraps the error's cause; nil stays nil.
func explain(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	cause := causeOf(err)
	number, _ := errors.AsType[syscall.Errno](cause)
	if remedy := remedies[number]; remedy != "" {
		return fmt.Errorf("%s %s: %w: %s", doing, path, cause, remedy)
	}
	return fmt.Errorf("%s %s: %w", doing, path, cause)
}

// causeOf strips the path and the system call that package os adds.
func causeOf(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	if linkError, ok := errors.AsType[*os.LinkError](err); ok {
		return linkError.Err
	}
	return err
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
