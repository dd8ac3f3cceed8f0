package abi

// This file defines the record of one comparison, as the executor writes it
// into shared memory and the engine reads it.

// CompareText is how many bytes of each side of a string comparison are kept:
// long enough for keywords, magic strings and most tokens, short enough that
// recording stays a handful of stores.
const CompareText = 48

// CompareKind tells what a Compare compares.
type CompareKind uint8

// The kinds of comparisons. CompareConst is a flag on the integer kinds: A is a
// constant of the program, so only B can have come from the input.
const (
	Compare8  CompareKind = 1
	Compare16 CompareKind = 2
	Compare32 CompareKind = 4
	Compare64 CompareKind = 8
	// CompareString: two strings or byte strings tested for equality.
	CompareString CompareKind = 0x40
	// CompareFold: two strings tested for equality without regard to case.
	CompareFold CompareKind = 0x41

	CompareConst CompareKind = 0x80
)

// Size returns the width of an integer comparison in bytes, or 0 for strings.
func (k CompareKind) Size() int {
	if k&0x40 != 0 {
		return 0
	}
	return int(k &^ CompareConst)
}

// IsConst reports whether operand A is a constant of the program.
func (k CompareKind) IsConst() bool { return k&0x40 == 0 && k&CompareConst != 0 }

// Compare is one comparison that a run made: 128 bytes, native endianness,
// written by the executor's runtime inside the target.
type Compare struct {
	// Site identifies the place in the program: a hash, not an address.
	Site uint32
	Kind CompareKind
	// LenA and LenB are how many bytes of TextA and TextB are set; strings only.
	LenA, LenB uint8
	_          uint8
	// A and B are the operands of an integer comparison, or the full lengths of
	// the strings of a string comparison.
	A, B uint64
	// TextA and TextB hold the first bytes of the operands of a string comparison.
	TextA, TextB [CompareText]byte
	_            [8]byte
}
