//go:build unix

package debuginfo

import (
	"fmt"
	"os"
	"syscall"
)

// This file defines the mapping of a file into memory.

// mapping is a file mapped for reading.
type mapping struct{ data []byte }

// mapFile maps the regular file at path.
func mapFile(path string) (mapping, error) {
	// Opening a pipe waits for its other end, and a name in a file can be that of one.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return mapping{}, fmt.Errorf("%s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return mapping{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return mapping{}, err
	}
	if !info.Mode().IsRegular() {
		return mapping{}, fmt.Errorf("%s is not a regular file", path)
	}
	if info.Size() == 0 || int64(int(info.Size())) != info.Size() {
		return mapping{}, fmt.Errorf("%s has %d bytes", path, info.Size())
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return mapping{}, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	return mapping{data}, nil
}

// close unmaps the file.
func (m *mapping) close() error {
	data := m.data
	m.data = nil
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}
