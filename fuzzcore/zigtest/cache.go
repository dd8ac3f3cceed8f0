package zigtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines Cache: where the instances of one fuzz test work.

// Cache is the directory of one fuzz test of one build in one campaign. Each instance
// has a cache directory of its own in it, so that its runs are counted apart from the
// others', whose folder of inputs is that of all:
//
//	DIR/f       inputs and current inputs
//	DIR/<k>/f   → ../f
//	DIR/<k>/v   what instance k covered
//	DIR/<k>/tmp which Zig's fuzzer expects to be there
type Cache struct {
	dir  string
	name string // of the fuzz test in the executable
}

// NewCache returns the cache of the fuzz test called name in a directory. Nothing is
// created.
func NewCache(dir, name string) *Cache { return &Cache{dir, name} }

// sharedDir is the folder of inputs in a cache directory.
const sharedDir = "f"

// Create makes the folder of inputs.
func (c *Cache) Create() error { return os.MkdirAll(c.InputsDir(), 0o777) }

// InputsDir returns the folder of the inputs that are kept. Zig names it by the hash of
// the fuzz test's name.
func (c *Cache) InputsDir() string {
	return filepath.Join(c.dir, sharedDir, abi.HexName(abi.Wyhash(0, []byte(c.name))))
}

// CurrentDir returns the folder of the current inputs, for abi.FindCurrentInput.
func (c *Cache) CurrentDir() string { return filepath.Join(c.dir, sharedDir) }

// Instance makes the cache directory of an instance and returns it. The instance must not
// be running.
func (c *Cache) Instance(k uint32) (string, error) {
	dir := c.InstanceDir(k)
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o777); err != nil {
		return "", err
	}
	err := os.Symlink("../"+sharedDir, filepath.Join(dir, sharedDir))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, nil
}

// InstanceDir returns the cache directory of an instance.
func (c *Cache) InstanceDir(k uint32) string {
	return filepath.Join(c.dir, strconv.FormatUint(uint64(k), 10))
}

// Unlock removes the lock files of the inputs. The instance that writes them must not be
// running: then whoever holds a lock is a stray that has inherited it.
func (c *Cache) Unlock() error {
	for _, name := range []string{"synclock", readLock} {
		err := os.Remove(filepath.Join(c.InputsDir(), name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// readLock is the file that is locked for sharing while inputs are read, and for writing
// while one is removed.
const readLock = "readlock"

// InputPath returns the path of input number i.
func (c *Cache) InputPath(i int) string {
	return filepath.Join(c.InputsDir(), strconv.FormatInt(int64(i), 16))
}

// parseNumber returns the number of an input's file: lower-case hexadecimal digits
// without leading zeros, as Zig writes them.
func parseNumber(name string) (int, bool) {
	n, err := strconv.ParseUint(name, 16, 31)
	if err != nil || strconv.FormatUint(n, 16) != name {
		return 0, false
	}
	return int(n), true
}

// Numbers returns the numbers of the inputs that there are, ascending. They may change
// at any time while instance 0 runs: Zig moves the last input to a place that is free.
func (c *Cache) Numbers() ([]int, error) {
	entries, err := os.ReadDir(c.InputsDir())
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		if n, ok := parseNumber(entry.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// Write makes the inputs, in order, from number first on, which must be the number of those
// that are there.
func (c *Cache) Write(first int, inputs [][]byte) error {
	for i, data := range inputs {
		if err := os.WriteFile(c.InputPath(first+i), data, 0o666); err != nil {
			return fmt.Errorf("writing an input for %s: %w", c.name, err)
		}
	}
	return nil
}

// Link makes an input of a file whose content never changes, as number i. It is a copy
// only where there are no links.
func (c *Cache) Link(i int, path string) error {
	if os.Link(path, c.InputPath(i)) == nil {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return c.Write(i, [][]byte{data})
}

// Remove removes the inputs with this content and reports whether there were any. The
// instance that writes inputs must not be running; others may, and read.
func (c *Cache) Remove(data []byte) (removed bool, err error) {
	lock, err := os.OpenFile(filepath.Join(c.InputsDir(), readLock), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return false, err
	}
	defer lock.Close() // gives up the lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return false, fmt.Errorf("locking the inputs of %s: %w", c.name, err)
	}
	numbers, err := c.Numbers()
	if err != nil {
		return false, err
	}
	for i := len(numbers) - 1; i >= 0; i-- {
		path := c.InputPath(numbers[i])
		if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, data) {
			continue
		}
		// The last takes its place: Zig reads up to the first number that is missing.
		last := len(numbers) - 1
		if i == last {
			err = os.Remove(path)
		} else {
			err = os.Rename(c.InputPath(numbers[last]), path)
		}
		if err != nil {
			return removed, fmt.Errorf("removing an input of %s: %w", c.name, err)
		}
		numbers, removed = numbers[:last], true
	}
	return removed, nil
}

// LeftInputs returns the inputs that processes which have ended were running: those of
// all instances, however they ended.
func (c *Cache) LeftInputs() ([][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(c.CurrentDir(), "in*"))
	if err != nil {
		return nil, err
	}
	var inputs [][]byte
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		header, err := abi.DecodeInputHeader(file)
		if err != nil || int64(header.Len) > int64(len(file)-abi.InputHeaderSize) {
			continue // its process ended before it ran anything
		}
		inputs = append(inputs, file[abi.InputHeaderSize:][:header.Len])
	}
	return inputs, nil
}
