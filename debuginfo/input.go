package debuginfo

import (
	"fmt"
	"io"
)

// This file defines input, the bytes of one file.

// input is the bytes of a file, or of one of the files in a universal file. They
// are mapped, or read from an io.ReaderAt as they are needed.
type input struct {
	path string
	// data is all bytes, if they are mapped.
	data []byte
	// r gives the bytes otherwise: those from base on, size in number.
	r          io.ReaderAt
	base, size uint64
}

// mappedInput returns the input for bytes in memory.
func mappedInput(path string, data []byte) input {
	return input{path: path, data: data, size: uint64(len(data))}
}

// has reports whether n bytes from offset on are there.
func (in input) has(offset, n uint64) bool {
	return offset <= in.size && n <= in.size-offset
}

// bytes returns n bytes from offset on. Mapped ones must not be changed.
func (in input) bytes(offset, n uint64) ([]byte, error) {
	if !in.has(offset, n) {
		return nil, in.errorAt(offset, fmt.Sprintf("%d bytes expected here, but the file has %d in all: it is truncated", n, in.size))
	}
	if in.r == nil {
		return in.data[offset : offset+n : offset+n], nil
	}
	b := make([]byte, n)
	if m, err := in.r.ReadAt(b, int64(in.base+offset)); err != nil && uint64(m) < n {
		return nil, fmt.Errorf("%s: reading %d bytes at %#x: %w", in.path, n, in.base+offset, err)
	}
	return b, nil
}

// part returns n bytes from offset on as an input of their own. They must be there.
func (in input) part(offset, n uint64) input {
	p := input{path: in.path, r: in.r, base: in.base + offset, size: n}
	if in.r == nil {
		p.data = in.data[offset : offset+n : offset+n]
		p.base = 0
	}
	return p
}

// ReadAt makes an input an io.ReaderAt.
func (in input) ReadAt(b []byte, offset int64) (int, error) {
	if offset < 0 || uint64(offset) >= in.size {
		return 0, io.EOF
	}
	n := min(uint64(len(b)), in.size-uint64(offset))
	got, err := in.bytes(uint64(offset), n)
	if err != nil {
		return 0, err
	}
	copy(b, got)
	if n < uint64(len(b)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// contents returns n bytes from offset on for a cursor; section is what errors
// call them, "" for the file's headers.
func (in input) contents(section string, offset, n uint64) (contents, error) {
	data, err := in.bytes(offset, n)
	return contents{path: in.path, section: section, data: data}, err
}

// errorAt returns the error for a problem in the file's headers.
func (in input) errorAt(offset uint64, problem string) *FormatError {
	return &FormatError{Path: in.path, Offset: int64(min(offset, in.size)), Problem: problem}
}
