package engine

// This file defines inputs: sequences of typed values.

// Kind is the type class of one value of an input.
type Kind uint8

// The kinds of values.
const (
	// Int is an integer or boolean of Field.Bits bits.
	Int Kind = iota
	// Float is an IEEE 754 number of Field.Bits bits; its value is its bit pattern.
	Float
	// Bytes is a byte string of any length.
	Bytes
)

// Field describes one value that a fuzz test takes.
type Field struct {
	// UID names the value's place: mutations splice values of equal UID only.
	// A Go argument's UID is its index; a byte-only target has one field, UID 0.
	UID  uint32
	Kind Kind
	// Bits is the width of an Int (1 for booleans, 8, 16, 32, 64) or of a Float (32, 64).
	Bits uint8
	// Signed tells how an Int's top bit is read.
	Signed bool
	// Text marks Bytes that the fuzz test takes as a string.
	Text bool
}

// Schema is the sequence of values that one input of a fuzz test holds.
//
// An input travels between processes as a Smith stream (Zig's
// std.testing.Smith): the values in order, an Int or Float as 8 bytes
// little-endian whatever its width, Bytes as a u32 little-endian length and
// that many bytes.
type Schema []Field
