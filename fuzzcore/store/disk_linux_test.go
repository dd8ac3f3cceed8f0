package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file tests a disk that is full and one that is read-only, for real: a
// process with a mount namespace of its own mounts a small one.

func init() {
	roles["fill the disk"] = fillDisk
	roles["write read-only"] = writeReadOnly
}

// fillDisk adds entries until the disk is full.
func fillDisk(root string) error {
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=256k"); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	s, err := Open(root)
	if err != nil {
		return err
	}
	corpus := s.FuzzTest("p", "f").Corpus()
	var added int
	for {
		_, _, err = corpus.Add(bytes.Repeat([]byte{byte(added)}, 10_000))
		if err != nil {
			break
		}
		added++
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("want the disk to be full: %w", err)
	}
	fmt.Println(err)
	// All that was added is whole, and nothing else is there.
	names, err := corpus.List()
	if err != nil || len(names) != added {
		return fmt.Errorf("%d entries of %d: %w", len(names), added, err)
	}
	for _, name := range names {
		if _, err := corpus.Read(name); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(corpus.Dir())
	if err != nil || len(entries) != added {
		return fmt.Errorf("%d files for %d entries: %w", len(entries), added, err)
	}
	return openCoverageOnFullDisk(s.CoveragePath(1))
}

// openCoverageOnFullDisk checks that a coverage file that cannot be filled is an
// error now, not a fault later, and leaves no half file.
func openCoverageOnFullDisk(path string) error {
	_, err := abi.OpenCoverage(path, make([]uint64, 100_000))
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("opening a coverage file: want the disk to be full: %w", err)
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 {
		return fmt.Errorf("%d bytes of a coverage file were left", info.Size())
	}
	return err
}

// writeReadOnly uses a state on a disk that has become read-only.
func writeReadOnly(root string) error {
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, ""); err != nil {
		return fmt.Errorf("mounting: %w", err)
	}
	s, err := Open(root)
	if err != nil {
		return err
	}
	if _, _, err := s.FuzzTest("p", "f").Corpus().Add([]byte("x")); err != nil {
		return err
	}
	if err := syscall.Mount("", root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("mounting again: %w", err)
	}
	_, openError := Open(root)
	_, lockError := s.Lock()
	_, _, addError := s.FuzzTest("p", "f").Corpus().Add([]byte("y"))
	for _, err := range []error{openError, lockError, addError} {
		if !errors.Is(err, syscall.EROFS) {
			return fmt.Errorf("want a read-only file system: %w", err)
		}
		fmt.Println(err)
	}
	// Readers are not disturbed.
	if s, err = Existing(root); err != nil {
		return err
	}
	_, err = s.FuzzTest("p", "f").Corpus().Read(EntryName([]byte("x")))
	return err
}

func TestDiskFull(t *testing.T) {
	root := t.TempDir()
	p := startWithMounts(t, "fill the disk", root)
	want := "writing " + root + "/.fuzzls/tests/p/f/corpus/"
	if got := p.line(); len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("error %q, want it to begin with %q", got, want)
	}
	p.finish()
}

func TestDiskReadOnly(t *testing.T) {
	root := t.TempDir()
	p := startWithMounts(t, "write read-only", root)
	const remedy = ": read-only file system: work in a copy of the workspace that can be written"
	for _, want := range []string{
		"opening the state folder " + root + "/.fuzzls" + remedy,
		"opening the campaign lock " + root + "/.fuzzls/campaign.lock" + remedy,
		"writing " + root + "/.fuzzls/tests/p/f/corpus/" + EntryName([]byte("y")) + remedy,
	} {
		if got := p.line(); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
	p.finish()
}

// startWithMounts starts a process that may mount file systems of its own.
func startWithMounts(t *testing.T, role, root string) *process {
	t.Helper()
	p := command(t, role, root)
	p.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if err := p.Start(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a namespace to mount a disk in is needed for this test: %v", err)
		}
		t.Skipf("NOT TESTED: this kernel gives no namespace to mount a disk in: %v", err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}
