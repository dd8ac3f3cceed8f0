// Package text holds the text of documents: lines, positions in the three encodings
// of LSP, and edits.
//
// A Text never changes; an edit makes a new one. It is kept in chunks of whole lines,
// which the old and the new text share, so that an edit copies the lines around it and a
// list of chunks, however long the text is.
package text

import (
	"slices"
	"sync"
)

// This file defines Text: how it is kept and read. edit.go changes it, encoding.go
// converts positions, split.go finds the lines.

// Text is an immutable text, split into lines. Lines end with \n, \r\n or \r.
type Text struct {
	chunks []*chunk
	// first holds the number of the first line of each chunk.
	first []int
	lines int
	size  int

	// join makes bytes once, when they are first asked for; New sets them at once.
	join  sync.Once
	bytes []byte
}

// chunk is a run of whole lines. A chunk has at least one line.
type chunk struct {
	data []byte
	// ends holds the offset behind each line, its line end included. Only the last line
	// of a text has no line end; it may be empty.
	ends []int
}

// line returns line i of the chunk with its line end.
func (c *chunk) line(i int) []byte {
	start := 0
	if i > 0 {
		start = c.ends[i-1]
	}
	return c.data[start:c.ends[i]:c.ends[i]]
}

// New returns the text of content, which it keeps.
func New(content []byte) *Text {
	t := assemble(split(content, linesPerChunk))
	t.join.Do(func() { t.bytes = content })
	return t
}

// assemble makes a text of chunks.
func assemble(chunks []*chunk) *Text {
	t := &Text{chunks: chunks, first: make([]int, len(chunks))}
	for i, c := range chunks {
		t.first[i] = t.lines
		t.lines += len(c.ends)
		t.size += len(c.data)
	}
	return t
}

// Bytes returns the content. It is the text's: do not change it. The first call after an
// edit copies the whole text.
func (t *Text) Bytes() []byte {
	t.join.Do(func() {
		t.bytes = make([]byte, 0, t.size)
		for _, c := range t.chunks {
			t.bytes = append(t.bytes, c.data...)
		}
	})
	return t.bytes
}

// Size returns the number of bytes.
func (t *Text) Size() int { return t.size }

// Lines returns the number of lines, at least 1.
func (t *Text) Lines() int { return t.lines }

// Line returns line n, counted from 0, without its end; nil out of range. The bytes are
// the text's: do not change them.
func (t *Text) Line(n int) []byte {
	if n < 0 || n >= t.lines {
		return nil
	}
	i, k := t.find(n)
	return trimEnd(t.chunks[i].line(k))
}

// find returns the chunk of line n, and which of its lines that is. n must be in range.
func (t *Text) find(n int) (chunk, line int) {
	i, exact := slices.BinarySearch(t.first, n)
	if !exact {
		i--
	}
	return i, n - t.first[i]
}
