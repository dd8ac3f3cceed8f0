package lsp

import (
	"path"
	"path/filepath"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines how places in source become ranges of a text in the client's
// position encoding.

// lineRange returns the range of a line's text without its indentation and without
// white space at its end. Lines out of range become the first or the last.
func lineRange(t *text.Text, line int, e text.Encoding) protocol.Range {
	line = max(0, min(line, t.Lines()-1))
	from, to := codeOf(t.Line(line))
	return columnRange(t, line, from, to, e)
}

// columnRange returns the range of the bytes [from, to) of a line.
func columnRange(t *text.Text, line, from, to int, e text.Encoding) protocol.Range {
	return protocol.Range{
		Start: protocol.Position{Line: uint32(line), Character: t.Column(line, from, e)},
		End:   protocol.Position{Line: uint32(line), Character: t.Column(line, to, e)},
	}
}

// offsetPosition returns the position of a byte of the text.
func offsetPosition(t *text.Text, offset int, e text.Encoding) protocol.Position {
	before := text.New(t.Bytes()[:offset])
	line := before.Lines() - 1
	return protocol.Position{Line: uint32(line), Character: before.Column(line, len(before.Line(line)), e)}
}

// nameRange returns the range of the name of the function that declares a fuzz test.
func nameRange(t *text.Text, d target.Declaration, e text.Encoding) protocol.Range {
	return protocol.Range{
		Start: offsetPosition(t, d.Offset, e),
		End:   offsetPosition(t, d.Offset+d.Size, e),
	}
}

// overlap reports whether two ranges have a position in common, at their ends too.
func overlap(a, b protocol.Range) bool {
	return !before(a.End, b.Start) && !before(b.End, a.Start)
}

func before(a, b protocol.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// crashPlace returns where a crash is shown: the innermost line of the user's own code
// or, if nothing else is known, the fuzz test. The line is 1-based, of the built text.
func crashPlace(c *live.Crash, t *live.Test) (path string, line int) {
	if c.Top.Own && c.Top.Line > 0 && filepath.IsAbs(c.Top.File) {
		return c.Top.File, c.Top.Line
	}
	for _, f := range c.Frames {
		if f.Own && f.Line > 0 && filepath.IsAbs(f.File) {
			return f.File, f.Line
		}
	}
	return t.File, t.Line
}

// shortFunc writes a function's name without the directories of its import path and
// without type arguments, which are in brackets: "parser.(*T).Parse".
func shortFunc(name string) string {
	var plain strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			plain.WriteRune(r)
		}
	}
	return path.Base(plain.String())
}
