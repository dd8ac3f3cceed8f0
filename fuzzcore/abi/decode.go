package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// This file defines how the bodies of messages are taken apart.

// ErrBadBody: the body of a message does not have the layout of its tag.
var ErrBadBody = errors.New("malformed message body")

// decoder reads a body front to back. After the first problem everything it
// returns is zero, so that only finish needs checking.
type decoder struct {
	message string
	rest    []byte
	err     error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s: %s", ErrBadBody, d.message, fmt.Sprintf(format, args...))
	}
}

// finish returns the first problem; bytes that are left over are one.
func (d *decoder) finish() error {
	if len(d.rest) > 0 {
		d.fail("%d bytes too many", len(d.rest))
	}
	return d.err
}

// take returns the next n bytes, or nil if there are fewer.
func (d *decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n > len(d.rest) {
		d.fail("%d bytes missing", n-len(d.rest))
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) all() []byte { return d.take(len(d.rest)) }

func (d *decoder) u8() uint8 {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) u64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// count returns a u32 number of things that take at least size bytes each, or 0
// if they cannot all be there.
func (d *decoder) count(size int) int {
	n := uint64(d.u32())
	if n*uint64(size) > uint64(len(d.rest)) {
		d.fail("%d entries do not fit into the %d bytes that follow", n, len(d.rest))
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}

// bytes returns a byte string that its u32 length precedes.
func (d *decoder) bytes() []byte {
	n := uint64(d.u32())
	if n > uint64(len(d.rest)) {
		d.fail("%d bytes missing", n-uint64(len(d.rest)))
		return nil
	}
	return d.take(int(n))
}

// appendBytes adds a byte string, after its u32 length.
func appendBytes(dst, b []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, b...)
}
