package engine

import (
	"encoding/binary"
	"fmt"
)

// This file reads and checks the encoding of an input against its schema.

// wordSize is the encoded size of an Int or Float: Zig's Smith writes every
// scalar as 8 bytes, whatever its type's width.
const wordSize = 8

// prefixSize is the size of the length in front of Bytes.
const prefixSize = 4

// span is where one value's bytes are in an encoding: the 8 bytes of an Int or
// Float, or the content of Bytes (its length is in the 4 bytes before off).
type span struct{ off, n int }

// mask returns the bits that a value of the field can have.
func (f Field) mask() uint64 {
	if f.Bits == 0 || f.Bits >= 64 {
		return ^uint64(0)
	}
	return 1<<f.Bits - 1
}

// extend returns the value as a 64-bit integer: sign-extended if the field is
// signed.
func (f Field) extend(v uint64) uint64 {
	if !f.Signed || f.Bits == 0 || f.Bits >= 64 {
		return v
	}
	shift := 64 - f.Bits
	return uint64(int64(v<<shift) >> shift)
}

// minSize returns the size of the schema's shortest encoding: zeros and empty
// byte strings.
func (s Schema) minSize() int {
	n := 0
	for _, f := range s {
		if f.Kind == Bytes {
			n += prefixSize
			continue
		}
		n += wordSize
	}
	return n
}

// locate appends the span of each value in data, which must be valid.
func (s Schema) locate(data []byte, spans []span) []span {
	off := 0
	for i := range s {
		n := wordSize
		if s[i].Kind == Bytes {
			n = int(binary.LittleEndian.Uint32(data[off:]))
			off += prefixSize
		}
		spans = append(spans, span{off, n})
		off += n
	}
	return spans
}

// normalize checks that data is one encoding of the schema of at most limit
// bytes and returns a copy in which every Int has its unused high bits zero.
// Writers may extend an Int's sign to 64 bits; anything else in the high bits
// is an error.
func (s Schema) normalize(data []byte, limit int) ([]byte, error) {
	if len(data) > limit {
		return nil, fmt.Errorf("input has %d bytes, the limit is %d", len(data), limit)
	}
	out := append([]byte(nil), data...)
	off := 0
	for i, f := range s {
		n, err := f.normalize(out[off:])
		if err != nil {
			return nil, fmt.Errorf("value %d at byte %d of %d: %w", i, off, len(data), err)
		}
		off += n
	}
	if off != len(data) {
		return nil, fmt.Errorf("%d bytes follow the last of %d values", len(data)-off, len(s))
	}
	return out, nil
}

// normalize does the same for the one value at the start of b and returns its
// encoded size.
func (f Field) normalize(b []byte) (int, error) {
	if f.Kind == Bytes {
		if len(b) < prefixSize {
			return 0, fmt.Errorf("%d bytes left, a length has %d", len(b), prefixSize)
		}
		n := uint64(binary.LittleEndian.Uint32(b))
		if left := uint64(len(b) - prefixSize); n > left {
			return 0, fmt.Errorf("a byte string of %d bytes, but %d are left", n, left)
		}
		return prefixSize + int(n), nil
	}
	if len(b) < wordSize {
		return 0, fmt.Errorf("%d bytes left, a number has %d", len(b), wordSize)
	}
	v := binary.LittleEndian.Uint64(b)
	low := v & f.mask()
	if v != low && (f.Kind != Int || v != f.extend(low)) {
		return 0, fmt.Errorf("%#x does not fit into %d bits", v, f.Bits)
	}
	binary.LittleEndian.PutUint64(b, low)
	return wordSize, nil
}

// value returns the bytes of one field's value in a valid encoding.
func (s Schema) value(data []byte, field int) []byte {
	off := 0
	for i := 0; ; i++ {
		n := wordSize
		if s[i].Kind == Bytes {
			n = int(binary.LittleEndian.Uint32(data[off:]))
			off += prefixSize
		}
		if i == field {
			return data[off : off+n : off+n]
		}
		off += n
	}
}

// twins lists, for each field, the fields with its UID and kind, itself
// included: those whose values may take its place.
func (s Schema) twins() [][]int {
	twins := make([][]int, len(s))
	for i := range s {
		for k := range s {
			if s[i].UID == s[k].UID && s[i].Kind == s[k].Kind {
				twins[i] = append(twins[i], k)
			}
		}
	}
	return twins
}
