package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// This file defines the current-input file, f/in<k> in a Zig worker's cache
// directory: the input that the worker is running, mapped into its memory, so
// that it survives whatever ends the worker.
//
// The layout, little-endian and without padding:
//
//	u64 coverage id · u32 instance · u32 test · u32 length · input · slack

// InputHeaderSize is the size in bytes of an encoded InputHeader.
const InputHeaderSize = 20

// ErrNoInput: no current-input file is the worker's.
var ErrNoInput = errors.New("no current input found")

// InputHeader precedes the input in a current-input file.
type InputHeader struct {
	// ID is the coverage id of the worker's executable.
	ID uint64
	// Instance is the worker's number.
	Instance uint32
	// Test is the index of the fuzz test in StartFuzzing.Names.
	Test uint32
	// Len is the length of the input in bytes.
	Len uint32
}

// Append adds the encoding of h to dst.
func (h InputHeader) Append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, h.ID)
	dst = binary.LittleEndian.AppendUint32(dst, h.Instance)
	dst = binary.LittleEndian.AppendUint32(dst, h.Test)
	return binary.LittleEndian.AppendUint32(dst, h.Len)
}

// DecodeInputHeader decodes the first InputHeaderSize bytes of b.
func DecodeInputHeader(b []byte) (InputHeader, error) {
	if len(b) < InputHeaderSize {
		return InputHeader{}, fmt.Errorf("header of a current-input file has %d bytes of %d", len(b), InputHeaderSize)
	}
	return InputHeader{
		ID:       binary.LittleEndian.Uint64(b),
		Instance: binary.LittleEndian.Uint32(b[8:]),
		Test:     binary.LittleEndian.Uint32(b[12:]),
		Len:      binary.LittleEndian.Uint32(b[16:]),
	}, nil
}

// CurrentInput is the input that a worker was running when it ended.
type CurrentInput struct {
	// Path is the file that held it.
	Path string
	Test uint32
	Data []byte
}

// FindCurrentInput looks in dir (a worker's cache directory /f) for the input
// that a worker, known by coverage id and instance number, was running when it
// ended. It must have ended, and must not have been started again: a new worker
// clears its file.
//
// A worker takes the first file that nobody has locked, counting up from its
// instance number and creating what is missing; a file that is still locked is
// another, living worker's. The error is ErrNoInput if there is none.
func FindCurrentInput(dir string, id uint64, instance uint32) (*CurrentInput, error) {
	for k := uint64(instance); ; k++ {
		path := filepath.Join(dir, "in"+strconv.FormatUint(k, 16))
		found, err := readCurrentInput(path, id, instance)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: of instance %d in %s", ErrNoInput, instance, dir)
		}
		if found != nil || err != nil {
			return found, err
		}
	}
}

// readCurrentInput returns nil if the file is not that worker's.
func readCurrentInput(path string, id uint64, instance uint32) (*CurrentInput, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening current-input file: %w", err)
	}
	defer file.Close() // gives up the lock as well
	err = flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var encoded [InputHeaderSize]byte
	n, err := io.ReadFull(file, encoded[:])
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil // its worker ended before it ran anything
	}
	if err != nil {
		return nil, fmt.Errorf("reading current-input file: %w", err)
	}
	header, err := DecodeInputHeader(encoded[:n])
	if err != nil || header.ID != id || header.Instance != instance {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, int64(header.Len)))
	if err != nil {
		return nil, fmt.Errorf("reading current-input file: %w", err)
	}
	if len(data) < int(header.Len) {
		return nil, fmt.Errorf("current-input file %s holds %d of the %d bytes of its input", path, len(data), header.Len)
	}
	return &CurrentInput{Path: path, Test: header.Test, Data: data}, nil
}
