package golang

import (
	"cmp"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file knows which lines of a source file hold text that can run: a block
// from one brace to another should not mark the braces' lines.

// sourceText is what is known of one file's text. The zero value is a file that
// could not be read.
type sourceText struct {
	data []byte
	// code are the positions of the tokens that count, ascending.
	code []position
	// funcs is filled when it is first needed.
	funcs []funcLines
}

// position is a place in a file; col counts bytes from 1.
type position struct{ line, col uint32 }

// readText scans a file's tokens. A token that spans lines (a raw string) counts
// on each of them.
func readText(name string, data []byte) *sourceText {
	t := &sourceText{data: data}
	set := token.NewFileSet()
	file := set.AddFile(name, -1, len(data))
	var s scanner.Scanner
	s.Init(file, data, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return t
		}
		if !counts(tok) {
			continue
		}
		at := set.PositionFor(pos, false)
		for k := range 1 + strings.Count(lit, "\n") {
			p := position{uint32(at.Line + k), uint32(at.Column)}
			if k > 0 {
				p.col = 1
			}
			t.code = append(t.code, p)
		}
	}
}

// counts: a line with such a token holds text of its own.
func counts(tok token.Token) bool {
	switch tok {
	case token.LBRACE, token.RBRACE, token.LPAREN, token.RPAREN, token.LBRACK, token.RBRACK,
		token.COMMA, token.SEMICOLON, token.COMMENT:
		return false
	}
	return true
}

// lines returns the lines that hold tokens.
func (t *sourceText) lines() []coverage.Lines {
	var out []coverage.Lines
	for _, p := range t.code {
		n := len(out)
		switch {
		case n > 0 && out[n-1].Last == p.line:
		case n > 0 && out[n-1].Last+1 == p.line:
			out[n-1].Last++
		default:
			out = append(out, coverage.Lines{First: p.line, Last: p.line})
		}
	}
	return out
}

// within returns the first and last line on which a block has text of its own;
// for a block without any, its first line; 0, 0 if the text is unknown.
func (t *sourceText) within(b coverBlock) (first, last uint32) {
	if t.code == nil {
		return 0, 0
	}
	i := t.search(position{b.startLine, b.startCol})
	k := t.search(position{b.endLine, b.endCol})
	if i >= k {
		return b.startLine, b.startLine
	}
	return t.code[i].line, t.code[k-1].line
}

// search returns the index of the first token at or after p.
func (t *sourceText) search(p position) int {
	i, _ := slices.BinarySearchFunc(t.code, p, func(a, b position) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
	})
	return i
}
