package text

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// This file tests texts against a naive implementation: a string that is split anew.

// naiveLines splits content into lines with their ends.
func naiveLines(content string) []string {
	var lines []string
	start := 0
	for i := range len(content) {
		if content[i] == '\n' || content[i] == '\r' && (i+1 == len(content) || content[i+1] != '\n') {
			lines = append(lines, content[start:i+1])
			start = i + 1
		}
	}
	return append(lines, content[start:])
}

// naiveOffset returns the offset in content of a position.
func naiveOffset(content string, p Position, e Encoding) int {
	lines := naiveLines(content)
	offset := 0
	if int(p.Line) >= len(lines) {
		return len(content)
	}
	for _, line := range lines[:p.Line] {
		offset += len(line)
	}
	units := 0
	for i, r := range strings.TrimRight(lines[p.Line], "\r\n") {
		_, size := utf8.DecodeRuneInString(lines[p.Line][i:])
		width := 1
		if e == UTF8 {
			width = size
		} else if e == UTF16 && r > 0xffff {
			width = 2
		}
		if units+width > int(p.Character) {
			return offset + i
		}
		units += width
	}
	return offset + len(strings.TrimRight(lines[p.Line], "\r\n"))
}

func naiveEdit(content string, start, end Position, e Encoding, replacement string) string {
	from, to := naiveOffset(content, start, e), naiveOffset(content, end, e)
	if to < from {
		from, to = to, from
	}
	return content[:from] + replacement + content[to:]
}

// check compares a text with the content that it should have.
func check(t *testing.T, text *Text, content string) {
	t.Helper()
	if string(text.Bytes()) != content || text.Size() != len(content) {
		t.Fatalf("content %q, want %q", text.Bytes(), content)
	}
	lines := naiveLines(content)
	if text.Lines() != len(lines) {
		t.Fatalf("%d lines, want %d: %q", text.Lines(), len(lines), content)
	}
	for i, line := range lines {
		if got := string(text.Line(i)); got != strings.TrimRight(line, "\r\n") {
			t.Fatalf("line %d: %q, want %q", i, got, line)
		}
	}
	if text.Line(-1) != nil || text.Line(len(lines)) != nil {
		t.Fatal("lines out of range are not nil")
	}
}

func TestLines(t *testing.T) {
	for _, content := range []string{"", "\n", "\r", "\r\n", "a", "a\n", "a\r\nb\rc\nd", "\r\r\n\n", "\n\r"} {
		check(t, New([]byte(content)), content)
	}
}

// TestEditsAgainstNaive makes long chains of edits in texts of many chunks.
func TestEditsAgainstNaive(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"", "x", "\n", "\r", "\r\n", "é", "日本", "𝄞", "\xff", "ab\ncd", "\n\n\n", "long line of text\r\n"}
	piece := func(n int) string {
		var b strings.Builder
		for range random.IntN(n + 1) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for round := range 30 {
		content := piece(100 * round)
		text := New([]byte(content))
		for range 40 {
			e := []Encoding{UTF8, UTF16, UTF32}[random.IntN(3)]
			position := func() Position {
				return Position{uint32(random.IntN(text.Lines() + 2)), uint32(random.IntN(12))}
			}
			start, end := position(), position()
			if random.IntN(3) > 0 {
				end = Position{start.Line + uint32(random.IntN(2)), uint32(random.IntN(12))}
			}
			replacement := piece([]int{1, 5, 900}[random.IntN(3)])
			before := slices.Clone(text.Bytes())
			edited := text.Edit(start, end, e, []byte(replacement))
			content = naiveEdit(content, start, end, e, replacement)
			check(t, edited, content)
			if !bytes.Equal(text.Bytes(), before) {
				t.Fatal("the edit changed the text that it was made in")
			}
			text = edited
		}
	}
}

func FuzzEdit(f *testing.F) {
	f.Add([]byte("a\r\nb\n"), uint32(0), uint32(1), uint32(1), uint32(0), []byte("\r"), uint8(1))
	f.Add([]byte("𝄞é\xff\n"), uint32(0), uint32(1), uint32(9), uint32(9), []byte(""), uint8(1))
	f.Add([]byte(strings.Repeat("x\r", 600)), uint32(256), uint32(0), uint32(256), uint32(1), []byte("\n"), uint8(0))
	f.Add([]byte(strings.Repeat("x\n", 512)), uint32(1), uint32(0), uint32(511), uint32(1), []byte(""), uint8(0))
	f.Fuzz(func(t *testing.T, content []byte, line1, char1, line2, char2 uint32, replacement []byte, encoding uint8) {
		e := []Encoding{UTF8, UTF16, UTF32}[encoding%3]
		start, end := Position{line1, char1}, Position{line2, char2}
		text := New(content)
		check(t, text, string(content))
		check(t, text.Edit(start, end, e, replacement), naiveEdit(string(content), start, end, e, string(replacement)))
	})
}

// FuzzColumns checks that columns and offsets are each other's inverse.
func FuzzColumns(f *testing.F) {
	f.Add("naïve 𝄞 \xff text", 3)
	f.Fuzz(func(t *testing.T, line string, offset int) {
		text := New([]byte(line))
		for _, e := range []Encoding{UTF8, UTF16, UTF32} {
			length := len(text.Line(0))
			column := text.Column(0, offset, e)
			got := text.ByteOffset(0, column, e)
			if got > max(offset, 0) || got > length {
				t.Fatalf("%s: offset %d of %q: column %d, offset %d", e, offset, line, column, got)
			}
			// What lies between is part of one character, or behind the line.
			if rest := text.Line(0)[got:]; offset < length && offset >= 0 {
				if _, size := utf8.DecodeRune(rest); got+size <= offset {
					t.Fatalf("%s: offset %d of %q: column %d, offset %d", e, offset, line, column, got)
				}
			} else if offset >= length && got != length {
				t.Fatalf("%s: beyond the end of %q: offset %d", e, line, got)
			}
		}
	})
}

func TestColumns(t *testing.T) {
	text := New([]byte("aé日𝄞z"))
	// The offsets at which characters begin, and the end.
	offsets := []int{0, 1, 3, 6, 10, 11}
	columns := map[Encoding][]uint32{
		UTF8:  {0, 1, 3, 6, 10, 11},
		UTF16: {0, 1, 2, 3, 5, 6},
		UTF32: {0, 1, 2, 3, 4, 5},
	}
	for e, want := range columns {
		for i, offset := range offsets {
			if got := text.Column(0, offset, e); got != want[i] {
				t.Errorf("%s: column of offset %d: %d, want %d", e, offset, got, want[i])
			}
			if got := text.ByteOffset(0, want[i], e); got != offset {
				t.Errorf("%s: offset of column %d: %d, want %d", e, want[i], got, offset)
			}
		}
	}
	if got := text.ByteOffset(0, 4, UTF16); got != 6 {
		t.Errorf("in the middle of a surrogate pair: %d, want 6", got)
	}
}

// BenchmarkEdit types in the middle of a file of 100,000 lines and 5 MB.
func BenchmarkEdit(b *testing.B) {
	var content bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&content, "\tline %6d of a file that is rather long for Go.\n", i)
	}
	text := New(content.Bytes())
	b.ReportAllocs()
	for b.Loop() {
		text = text.Edit(Position{50_000, 10}, Position{50_000, 10}, UTF16, []byte("x"))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/edit")
}

func BenchmarkNew(b *testing.B) {
	content := bytes.Repeat([]byte("\tline of a file that is rather long for Go, is it.\n"), 100_000)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		New(content)
	}
}
