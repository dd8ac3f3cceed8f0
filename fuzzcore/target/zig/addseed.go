package zig

import (
	"crypto/sha1"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file makes a test of an input: an entry of the .corpus that a fuzz test gives to
// std.testing.fuzz, which `zig build test` runs, too. The input is in a file beside the
// source, since Zig embeds files of the same package only.

// seedDir is the directory beside a source file that holds inputs of its fuzz tests.
const seedDir = "testdata/fuzz"

// SeedFile returns the path of the file, relative to the directory of the fuzz test's
// source and with slashes, that holds an input as an entry of its corpus.
func SeedFile(t *target.FuzzTest, entry []byte) string {
	name := t.Name[strings.LastIndexByte(t.Name, '.')+1:]
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, name)
	const most = 40 // characters: enough to know it by
	hash := fmt.Sprintf("%x", sha1.Sum(entry))
	return path.Join(seedDir, clean[:min(len(clean), most)]+"-"+hash[:8])
}

// AddSeed returns what has to be inserted into the file of t, whose present text is
// content, so that the input in SeedFile becomes an entry of its corpus. The error says
// what to add by hand.
func AddSeed(t *target.FuzzTest, content, entry []byte) ([]target.Insertion, error) {
	embed := fmt.Sprintf("@embedFile(%q)", SeedFile(t, entry))
	byHand := fmt.Errorf("add %s to the .corpus that %s gives to std.testing.fuzz", embed, t.Name)
	line := fuzzLineOf(t, content)
	if line == 0 {
		return nil, byHand
	}
	tokens := lex(content)
	for i := range tokens {
		if int(tokens[i].line) == line && string(tokens[i].text) == "fuzz" && i+1 < len(tokens) && tokens[i+1].is("(") {
			options := lastArgument(tokens, i+1)
			if in, ok := insertionInto(options, embed); ok {
				return []target.Insertion{in}, nil
			}
		}
	}
	return nil, byHand
}

// fuzzLineOf returns the line of the call of std.testing.fuzz in the test's block; 0 if the
// text has no such block any more, or it is another function that calls it.
func fuzzLineOf(t *target.FuzzTest, content []byte) int {
	stem := strings.TrimSuffix(filepath.Base(t.File), ".zig")
	for _, b := range readSource(content).tests {
		if name := b.scope + b.name; t.Name == stem+"."+name || strings.HasSuffix(t.Name, "."+stem+"."+name) {
			return b.fuzzLine
		}
	}
	return 0
}

// lastArgument returns the tokens of the last argument of a call, whose parenthesis opens
// at token i. A comma behind it does not count.
func lastArgument(tokens []token, i int) []token {
	depth, from := 0, i+1
	for k := i; k < len(tokens); k++ {
		t := &tokens[k]
		switch {
		case t.is("(") || t.is("{") || t.is("["):
			depth++
		case t.is(")") || t.is("}") || t.is("]"):
			if depth--; depth == 0 {
				return tokens[from:k]
			}
		case t.is(",") && depth == 1 && k+1 < len(tokens) && !tokens[k+1].is(")"):
			from = k + 1
		}
	}
	return nil
}

// insertionInto returns where in options, `.{ … }`, an entry of the corpus goes.
func insertionInto(options []token, embed string) (target.Insertion, bool) {
	is := func(i int, words ...string) bool {
		for k, word := range words {
			if i+k >= len(options) || !options[i+k].is(word) {
				return false
			}
		}
		return true
	}
	if !is(0, ".", "{") {
		return target.Insertion{}, false
	}
	for i := range options {
		if !is(i, ".", "corpus", "=", "&", ".", "{") {
			continue
		}
		after := options[i+5].at + 1
		if is(i+6, "}") {
			return target.Insertion{Offset: after, Text: embed}, true
		}
		return target.Insertion{Offset: after, Text: " " + embed + ","}, true
	}
	for i := range options {
		if is(i, ".", "corpus", "=") {
			return target.Insertion{}, false // a constant, or a function's result
		}
	}
	text := ".corpus = &.{" + embed + "}"
	if !is(2, "}") {
		text = " " + text + ","
	}
	return target.Insertion{Offset: options[1].at + 1, Text: text}, true
}
