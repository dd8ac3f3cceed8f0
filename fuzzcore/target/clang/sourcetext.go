package clang

import (
	"bytes"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file knows which lines of a source file hold text that can run: a block from one
// brace to another should not mark the braces' lines.

// codePositions returns the positions of the tokens that count, ascending: those of macros
// do, other lines of the preprocessor do not. A text that spans lines counts on each.
func codePositions(data []byte) []position {
	var out []position
	tokens := lex(data)
	defining := false
	for i := range tokens {
		t := &tokens[i]
		if t.directive && t.is("#") {
			defining = i+1 < len(tokens) && tokens[i+1].is("define")
			continue
		}
		if t.directive && !defining || t.kind == tokenPunct && !counts(t.text[0]) {
			continue
		}
		out = append(out, position{t.line, t.col})
		for line := t.line + 1; line <= t.last; line++ {
			out = append(out, position{line, 1})
		}
	}
	return out
}

// counts reports whether a line with that punctuation holds text of its own.
func counts(c byte) bool {
	switch c {
	case '{', '}', '(', ')', '[', ']', ',', ';', '\\', '#':
		return false
	}
	return true
}

// codeLines returns the lines of positions.
func codeLines(code []position) []coverage.Lines {
	var out []coverage.Lines
	for _, p := range code {
		n := len(out)
		switch {
		case n > 0 && out[n-1].Last >= p.line:
		case n > 0 && out[n-1].Last+1 == p.line:
			out[n-1].Last++
		default:
			out = append(out, coverage.Lines{First: p.line, Last: p.line})
		}
	}
	return out
}

// plainPositions returns the first position of each line that holds more than brackets,
// commas and a comment: it stands in for codePositions where the language is another one.
func plainPositions(data []byte) []position {
	var out []position
	line := uint32(0)
	for text := range bytes.Lines(data) {
		line++
		text, _, _ = bytes.Cut(text, []byte("//"))
		if i := bytes.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(" \t\r\n{}()[],;", r) }); i >= 0 {
			out = append(out, position{line, uint32(i) + 1})
		}
	}
	return out
}

// holdsCode reports whether a line is among those with code; if these are not known, all
// are.
func holdsCode(code []coverage.Lines, line uint32) bool {
	return len(code) == 0 || slices.ContainsFunc(code, func(l coverage.Lines) bool { return l.First <= line && line <= l.Last })
}

// trim sets the outermost lines on which a span has text of its own, unless it begins with
// the head of its function (First is set then), and reports whether there are any.
func trim(s *coverage.Span, code []position) bool {
	from, _ := slices.BinarySearchFunc(code, position{s.StartLine, s.StartCol}, comparePositions)
	to, _ := slices.BinarySearchFunc(code, position{s.EndLine, s.EndCol}, comparePositions)
	if from >= to {
		s.Last = s.First
		return s.First > 0
	}
	if s.Last = code[to-1].line; s.First == 0 {
		s.First = code[from].line
	}
	return true
}
