package text

import "unicode/utf8"

// This file defines the position encodings. A byte that is no valid UTF-8 counts as one
// character in each of them, since clients see U+FFFD in its place.

// Encoding is a position encoding of LSP.
type Encoding string

// The encodings. LSP's default is UTF16.
const (
	UTF8  Encoding = "utf-8"
	UTF16 Encoding = "utf-16"
	UTF32 Encoding = "utf-32"
)

// width returns how many units of the encoding a rune of size bytes has.
func (e Encoding) width(r rune, size int) uint32 {
	switch {
	case e == UTF8:
		return uint32(size)
	case e != UTF32 && r > 0xffff:
		return 2
	}
	return 1
}

// Column converts a byte offset in line n to a character of the encoding; offsets
// beyond the line's end give its end, and those within a character its start.
func (t *Text) Column(n, byteOffset int, e Encoding) uint32 {
	line := t.Line(n)
	var column uint32
	for i := 0; i < len(line); {
		size, width := 1, uint32(1)
		if line[i] >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(line[i:])
			width = e.width(r, size)
		}
		if i += size; i > byteOffset {
			break
		}
		column += width
	}
	return column
}

// ByteOffset converts a character of the encoding in line n to a byte offset. Characters
// beyond the line's end give its end, and those within a character its start.
func (t *Text) ByteOffset(n int, character uint32, e Encoding) int {
	return byteOffset(t.Line(n), character, e)
}

func byteOffset(line []byte, character uint32, e Encoding) int {
	var column uint32
	for i := 0; i < len(line); {
		if column >= character {
			return i
		}
		size, width := 1, uint32(1)
		if line[i] >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(line[i:])
			width = e.width(r, size)
		}
		if column+width > character {
			return i
		}
		column += width
		i += size
	}
	return len(line)
}
