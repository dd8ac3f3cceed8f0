package debuginfo

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// This file defines how fields are read from a section: LEB128 numbers and the
// cursor.

// What uleb and sleb return instead of a position.
const (
	lebTruncated = -1 // the bytes end inside the number
	lebOverflow  = -2 // the number has more than 64 bits
)

// lebProblem words the failure of a LEB128 number.
func lebProblem(position int) string {
	if position == lebOverflow {
		return "LEB128 number of more than 64 bits"
	}
	return "truncated LEB128 number"
}

// uleb reads the unsigned LEB128 number at p[i] and returns it with the position
// behind it, or a negative position (lebTruncated, lebOverflow).
func uleb(p []byte, i int) (uint64, int) {
	var v uint64
	for shift := uint(0); uint(i) < uint(len(p)); shift += 7 {
		b := p[i]
		i++
		digit := uint64(b & 0x7f)
		if shift == 63 && digit > 1 || shift > 63 && digit != 0 {
			return 0, lebOverflow
		}
		v |= digit << shift
		if b < 0x80 {
			return v, i
		}
	}
	return 0, lebTruncated
}

// sleb is uleb for signed numbers. Digits beyond the 64th bit must repeat the
// sign.
func sleb(p []byte, i int) (int64, int) {
	var v int64
	for shift := uint(0); uint(i) < uint(len(p)); shift += 7 {
		b := p[i]
		i++
		digit := int64(b & 0x7f)
		if shift >= 63 && digit != 0 && digit != 0x7f {
			return 0, lebOverflow
		}
		if shift < 64 {
			v |= digit << shift
		} else if digit != v>>63&0x7f {
			return 0, lebOverflow
		}
		if b >= 0x80 {
			continue
		}
		if b&0x40 != 0 && shift+7 < 64 {
			v |= -1 << (shift + 7)
		}
		return v, i
	}
	return 0, lebTruncated
}

// contents is the (decompressed) bytes of a section, with what an error about
// them has to say.
type contents struct {
	path, section string
	data          []byte
}

// cursor returns a cursor at offset. An offset beyond the section is noted as
// the cursor's error.
func (in contents) cursor(offset uint64) cursor {
	c := cursor{in: in, data: in.data}
	if offset > uint64(len(in.data)) {
		c.err = in.errorAt(len(in.data), fmt.Sprintf("offset %#x lies beyond the section", offset))
		return c
	}
	c.pos = int(offset)
	return c
}

// errorAt returns the error for a problem at offset.
func (in contents) errorAt(offset int, problem string) *FormatError {
	return &FormatError{Path: in.path, Section: in.section, Offset: int64(offset), Problem: problem}
}

// cursor reads the little-endian fields of a section one after another. After the
// first failure it stays at its place and returns zeros; err tells what was
// wrong, so a reader checks once per group of fields.
type cursor struct {
	in   contents
	data []byte // in.data up to where reading must end
	pos  int
	err  *FormatError
}

// fail notes a problem at the current position, if it is the first.
func (c *cursor) fail(problem string) {
	if c.err == nil {
		c.err = c.in.errorAt(c.pos, problem)
	}
	c.data = c.data[:min(c.pos, len(c.data))]
}

// bytes returns the next n bytes, nil if there are fewer.
func (c *cursor) bytes(n uint64) []byte {
	if c.err != nil || n > uint64(len(c.data)-c.pos) {
		c.fail("truncated")
		return nil
	}
	b := c.data[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b
}

func (c *cursor) u8() uint8 {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) u64() uint64 {
	if b := c.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// uint reads an unsigned number of size 1, 2, 3, 4 or 8 bytes.
func (c *cursor) uint(size int) uint64 {
	switch size {
	case 8:
		return c.u64()
	case 4:
		return uint64(c.u32())
	}
	var v uint64
	for i, b := range c.bytes(uint64(size)) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// offset reads a section offset: 8 bytes in 64-bit DWARF, else 4.
func (c *cursor) offset(dwarf64 bool) uint64 {
	if dwarf64 {
		return c.u64()
	}
	return uint64(c.u32())
}

// uleb reads a number of one byte, as most are, without a call. After a failure
// there are no bytes left.
func (c *cursor) uleb() uint64 {
	if c.pos < len(c.data) && c.data[c.pos] < 0x80 {
		c.pos++
		return uint64(c.data[c.pos-1])
	}
	return c.longULEB()
}

func (c *cursor) longULEB() uint64 {
	if c.err != nil {
		return 0
	}
	v, next := uleb(c.data, c.pos)
	if next < 0 {
		c.fail(lebProblem(next))
		return 0
	}
	c.pos = next
	return v
}

func (c *cursor) sleb() int64 {
	if c.err != nil {
		return 0
	}
	v, next := sleb(c.data, c.pos)
	if next < 0 {
		c.fail(lebProblem(next))
		return 0
	}
	c.pos = next
	return v
}

// cstring returns the bytes up to the next zero byte, and moves behind it.
func (c *cursor) cstring() []byte {
	if c.err != nil {
		return nil
	}
	n := bytes.IndexByte(c.data[c.pos:], 0)
	if n < 0 {
		c.fail("string without an end")
		return nil
	}
	s := c.data[c.pos : c.pos+n]
	c.pos += n + 1
	return s
}

// maxText bounds the names that are read before somebody asks for them: those of
// files and directories, and the producer, which lists options. Units can share one
// name, so that reading it for each would take the square of the file's size.
const maxText = 1 << 16

// text is cstring for such names.
func (c *cursor) text() []byte {
	whole := c.data
	c.data = c.data[:min(len(c.data), c.pos+maxText)]
	s := c.cstring()
	switch {
	case c.err == nil:
		c.data = whole
	case len(whole) > c.pos+maxText:
		c.err.Problem = fmt.Sprintf("a name of more than %d bytes", maxText)
	}
	return s
}

// unitLength reads the length that starts a DWARF unit and returns where the unit
// ends and whether it is in 64-bit DWARF. See DWARF 5, 7.4.
func (c *cursor) unitLength() (end int, dwarf64 bool) {
	n := uint64(c.u32())
	switch {
	case n == 0xffffffff:
		n, dwarf64 = c.u64(), true
	case n >= 0xfffffff0:
		c.fail("reserved unit length")
	}
	if c.err == nil && n > uint64(len(c.data)-c.pos) {
		c.fail("unit reaches beyond the section")
	}
	return c.pos + int(n), dwarf64
}
