package linemap

import (
	"bytes"
	"hash/maphash"
)

// This file defines Built, the text that was built, prepared for many maps.

// Lines is a text that is split into lines.
type Lines interface {
	// Lines is the number of lines.
	Lines() int
	// Line returns line n, counted from 0, without its end.
	Line(n int) []byte
}

// Built is a text that was built. It is immutable.
type Built struct {
	content []byte
	// ends holds, for each line, the offset behind its end in content.
	ends []int
	// hashes holds, for each line, the hash of what counts of it.
	hashes []uint64
}

// seed is that of all hashes. Equal hashes are always confirmed by the text.
var seed = maphash.MakeSeed()

// NewBuilt splits content, which it keeps, into lines as compilers count them: they
// end with \n. A text that ends with \n has an empty last line, as in an editor.
func NewBuilt(content []byte) *Built {
	n := bytes.Count(content, newline) + 1
	b := &Built{content: content, ends: make([]int, 0, n), hashes: make([]uint64, 0, n)}
	for from := 0; from <= len(content); {
		end := len(content) + 1
		if i := bytes.IndexByte(content[from:], '\n'); i >= 0 {
			end = from + i + 1
		}
		b.ends = append(b.ends, end)
		b.hashes = append(b.hashes, hash(b.Line(len(b.ends)-1)))
		from = end
	}
	return b
}

var newline = []byte{'\n'}

// Lines is the number of lines, at least 1.
func (b *Built) Lines() int { return len(b.ends) }

// Line returns line n without its end; nil out of range.
func (b *Built) Line(n int) []byte {
	if n < 0 || n >= len(b.ends) {
		return nil
	}
	from := 0
	if n > 0 {
		from = b.ends[n-1]
	}
	return b.content[from : b.ends[n]-1]
}

// significant returns what counts of a line.
func significant(line []byte) []byte { return bytes.TrimRight(line, " \t\r") }

func hash(line []byte) uint64 { return maphash.Bytes(seed, significant(line)) }

// same reports whether two lines count as equal.
func same(a, b []byte) bool {
	return bytes.Equal(a, b) || bytes.Equal(significant(a), significant(b))
}
