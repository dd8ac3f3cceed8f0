package text

import "slices"

// This file defines edits.

// Position is a place in a text: a line and a character of some encoding, both counted
// from 0. It has the fields of LSP's Position, so that one converts to the other.
type Position struct {
	Line      uint32
	Character uint32
}

// Edit returns the text in which what is between start and end is replaced. Positions
// beyond the end of a line or of the text mean that end, positions within a character
// its start. A range that is the wrong way round is turned.
func (t *Text) Edit(start, end Position, e Encoding, replacement []byte) *Text {
	fromLine, fromOffset := t.locate(start, e)
	toLine, toOffset := t.locate(end, e)
	if toLine < fromLine || toLine == fromLine && toOffset < fromOffset {
		fromLine, fromOffset, toLine, toOffset = toLine, toOffset, fromLine, fromOffset
	}
	// The chunks from that of the first changed line to that of the last are made anew.
	from, fromIndex := t.find(fromLine)
	to, toIndex := t.find(toLine)
	head := t.chunks[from].before(fromIndex, fromOffset)
	tail := t.chunks[to].after(toIndex, toOffset)
	if from > 0 && len(head) == 0 && t.chunks[from-1].endsWithReturn() {
		// It becomes one line end with a \n that the edit brings behind it.
		from--
		head = t.chunks[from].data
	}
	content := slices.Concat(head, replacement, tail)
	changed := split(content, 2*linesPerChunk)
	if len(changed) > 1 {
		changed = split(content, linesPerChunk) // leave room for the next edits
	}
	if to+1 < len(t.chunks) {
		changed = dropEmptyLine(changed)
	}
	return assemble(slices.Concat(t.chunks[:from], changed, t.chunks[to+1:]))
}

// locate returns the line and the byte offset in it that a position means.
func (t *Text) locate(p Position, e Encoding) (line, offset int) {
	if int64(p.Line) >= int64(t.lines) {
		line = t.lines - 1
		return line, len(t.Line(line))
	}
	line = int(p.Line)
	return line, t.ByteOffset(line, p.Character, e)
}

// before returns what is before an offset of line i.
func (c *chunk) before(i, offset int) []byte {
	if i > 0 {
		offset += c.ends[i-1]
	}
	return c.data[:offset]
}

// after returns what is behind an offset of line i.
func (c *chunk) after(i, offset int) []byte {
	if i > 0 {
		offset += c.ends[i-1]
	}
	return c.data[offset:]
}

// endsWithReturn reports whether the last line ends with \r alone.
func (c *chunk) endsWithReturn() bool {
	return len(c.data) > 0 && c.data[len(c.data)-1] == '\r'
}

// dropEmptyLine removes the empty line that split finds behind the last line end; where
// more chunks follow, the line there is the first of them.
func dropEmptyLine(chunks []*chunk) []*chunk {
	last := chunks[len(chunks)-1]
	if last.ends = last.ends[:len(last.ends)-1]; len(last.ends) == 0 {
		chunks = chunks[:len(chunks)-1]
	}
	return chunks
}
