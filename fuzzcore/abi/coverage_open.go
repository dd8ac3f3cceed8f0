package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"unsafe"
)

// This file defines how a coverage file is locked, filled and checked.

// lockCoverage takes the shared lock that every user of the file holds and, if
// the file is still empty, fills it first under an exclusive lock.
//
// Two workers may come here at once with the same new file: one gets the
// exclusive lock, the other waits for the shared one and finds the file filled.
func lockCoverage(file *os.File, pcs []uint64) error {
	for {
		err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			if err := fillIfEmpty(file, pcs); err != nil {
				return err
			}
			return flock(file, syscall.LOCK_SH)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if err := flock(file, syscall.LOCK_SH); err != nil {
			return err
		}
		size, err := fileSize(file)
		if err != nil || size > 0 {
			return err
		}
		// Whoever was to fill the file died before it did: try to be the one.
		if err := flock(file, syscall.LOCK_UN); err != nil {
			return err
		}
	}
}

// fillIfEmpty gives a new file its content. The caller holds the exclusive lock.
//
// The header is written last: a file that promises no points was left by a
// process that died here, and is filled again. Everything is written, not
// mapped, so that a full disk is an error now and not a fault later.
func fillIfEmpty(file *os.File, pcs []uint64) error {
	size, err := fileSize(file)
	if err != nil {
		return err
	}
	if size > 0 {
		unfinished, err := isUnfinished(file, size)
		if err != nil || !unfinished {
			return err
		}
		if err := file.Truncate(0); err != nil {
			return err
		}
	}
	err = fill(file, pcs)
	if err == nil {
		return nil
	}
	// Leave no half file behind for the next one to trip over.
	err = fmt.Errorf("creating coverage file %s: %w", file.Name(), err)
	return errors.Join(err, file.Truncate(0))
}

func fill(file *os.File, pcs []uint64) error {
	words := make([]uint64, headerWords+bitWords(len(pcs)))
	content := asBytes(words)
	if _, err := file.WriteAt(asBytes(pcs), int64(len(content))); err != nil {
		return err
	}
	words[2] = uint64(len(pcs))
	if _, err := file.WriteAt(content[coverageHeader:], coverageHeader); err != nil {
		return err
	}
	_, err := file.WriteAt(content[:coverageHeader], 0)
	return err
}

// isUnfinished reports whether the file has content but a header of zeros only.
func isUnfinished(file *os.File, size int64) (bool, error) {
	if size <= coverageHeader {
		return false, nil
	}
	var header [coverageHeader]byte
	if _, err := file.ReadAt(header[:], 0); err != nil {
		return false, fmt.Errorf("reading coverage file %s: %w", file.Name(), err)
	}
	return header == [coverageHeader]byte{}, nil
}

// readPCs checks the length of the file against its header and returns its PCs.
func readPCs(file *os.File) ([]uint64, error) {
	size, err := fileSize(file)
	if err != nil {
		return nil, err
	}
	path := file.Name()
	if size == 0 {
		return nil, fmt.Errorf("%w: %s is empty: try again once its worker has started", ErrIncomplete, path)
	}
	if size < coverageHeader {
		return nil, truncated(path, size, coverageHeader)
	}
	var header [coverageHeader]byte
	if _, err := file.ReadAt(header[:], 0); err != nil {
		return nil, fmt.Errorf("reading coverage file %s: %w", path, err)
	}
	n := binary.LittleEndian.Uint64(header[16:])
	if n == 0 && size == coverageHeader {
		return nil, fmt.Errorf("coverage file %s: %w: build the target with instrumentation", path, ErrNoPoints)
	}
	if n == 0 {
		return nil, fmt.Errorf("%w: %s promises no points yet: try again once its worker has started; if none runs, delete the file", ErrIncomplete, path)
	}
	if n > maxPoints {
		return nil, fmt.Errorf("%w: %s promises %d points, more than the %d that can be numbered: %s", ErrOtherLength, path, n, uint32(maxPoints), deleteIt)
	}
	start := coverageHeader + 8*int64(bitWords(int(n)))
	want := start + 8*int64(n)
	if size < want {
		return nil, truncated(path, size, want)
	}
	if size > want {
		return nil, fmt.Errorf("%w: %s has %d bytes where its %d points take %d: %s", ErrOtherLength, path, size, n, want, deleteIt)
	}
	pcs := make([]uint64, n)
	if _, err := io.ReadFull(io.NewSectionReader(file, start, 8*int64(n)), asBytes(pcs)); err != nil {
		return nil, fmt.Errorf("reading coverage file %s: %w", path, err)
	}
	return pcs, nil
}

// deleteIt is what the user can do about a file that does not fit.
const deleteIt = "delete the file to count its coverage anew"

func truncated(path string, size, want int64) error {
	return fmt.Errorf("%w: %s has %d bytes of %d: %s", ErrTruncated, path, size, want, deleteIt)
}

// samePCs compares the PCs found in a file with those of the build.
func samePCs(path string, found, want []uint64) error {
	if len(found) != len(want) {
		return fmt.Errorf("%w: %s has %d points, the build has %d: %s", ErrOtherLength, path, len(found), len(want), deleteIt)
	}
	for i := range want {
		if found[i] != want[i] {
			return fmt.Errorf("%w: %s has PC %#x for point %d, the build has %#x: %s", ErrWrongPCs, path, found[i], i, want[i], deleteIt)
		}
	}
	return nil
}

var errNotRegular = errors.New("not a regular file")

func fileSize(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("coverage file %s: %w", file.Name(), errNotRegular)
	}
	return info.Size(), nil
}

// flock changes the lock that this open file holds.
func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return fmt.Errorf("locking %s: %w", file.Name(), err)
		}
	}
}

// asBytes returns the memory of words, in this machine's order: little-endian,
// as the layouts are.
func asBytes(words []uint64) []byte {
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
}
