package text

import "bytes"

// This file defines how content becomes chunks of lines.

// linesPerChunk is how many lines a chunk has at first. An edit copies about a chunk's
// bytes and one list entry per chunk; at 256 both are about as long in a text of 100,000
// lines.
const linesPerChunk = 256

// split returns the chunks of content, which they refer to, with so many lines each.
// There is at least one line.
func split(content []byte, perChunk int) []*chunk {
	var chunks []*chunk
	ends := lineEnds{content: content, newline: -1, carriage: -1}
	c := &chunk{}
	for start, pos := 0, 0; ; {
		next, ended := ends.after(pos)
		pos = next
		c.ends = append(c.ends, pos-start)
		if !ended || len(c.ends) == perChunk {
			c.data = content[start:pos:pos]
			chunks = append(chunks, c)
			c, start = &chunk{}, pos
		}
		if !ended {
			return chunks
		}
	}
}

// lineEnds finds the line ends of content one after another. It looks at each byte
// twice, however the lines end.
type lineEnds struct {
	content []byte
	// newline and carriage are the next \n and \r, or the length of content.
	newline, carriage int
}

// after returns the end of the line that begins at pos, and whether a line end is there.
func (l *lineEnds) after(pos int) (end int, ended bool) {
	l.newline = l.next('\n', l.newline, pos)
	l.carriage = l.next('\r', l.carriage, pos)
	end = min(l.newline, l.carriage)
	if end == len(l.content) {
		return end, false
	}
	if l.carriage+1 == l.newline && l.newline < len(l.content) {
		return end + 2, true
	}
	return end + 1, true
}

// next returns where b occurs first from pos on, known being an earlier answer.
func (l *lineEnds) next(b byte, known, pos int) int {
	if known >= pos {
		return known
	}
	if i := bytes.IndexByte(l.content[pos:], b); i >= 0 {
		return pos + i
	}
	return len(l.content)
}

// trimEnd returns a line without its line end.
func trimEnd(line []byte) []byte {
	n := len(line)
	if n > 0 && line[n-1] == '\n' {
		n--
		if n > 0 && line[n-1] == '\r' {
			n--
		}
	} else if n > 0 && line[n-1] == '\r' {
		n--
	}
	return line[:n:n]
}
