package main

import (
	"fmt"

	"golang.org/x/tools/cover"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file compares what fuzzls shows with a Go cover profile.

// figures is the result of a comparison.
type figures struct {
	// shown lines are covered or partly covered; wrong ones of them never ran
	// according to the profile. Files without a profile are not judged.
	shown, wrong int
	// executed blocks are those of the profile that ran; found ones of them are
	// shown as covered.
	executed, found int
	// examples are some of the differences, for people.
	examples []string
}

// maxExamples is how many differences of each kind are listed.
const maxExamples = 5

// wrongShare is the share of shown lines that never ran, in percent.
func (f *figures) wrongShare() float64 { return percent(f.wrong, f.shown) }

// foundShare is the share of executed blocks that are shown, in percent.
func (f *figures) foundShare() float64 { return percent(f.found, f.executed) }

func percent(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return 100 * float64(n) / float64(of)
}

// block is one block of a profile.
type block struct {
	file                                 string
	startLine, startCol, endLine, endCol int
}

// compare compares tracked coverage with profiles of the same inputs.
func compare(t *coverage.Tracker, profiles []*cover.Profile) figures {
	var f figures
	byName := map[string]*cover.Profile{}
	for _, p := range profiles {
		byName[p.FileName] = p
	}
	for i, file := range t.Points().Files {
		if p := byName[file.Profile]; file.Profile != "" && p != nil {
			f.compareLines(t.Lines(i), p)
		}
	}
	shown := map[block]bool{}
	for _, s := range t.Points().Spans {
		if s.StartCol > 0 && t.Hit(s.Point) {
			name := t.Points().Files[s.File].Profile
			shown[block{name, int(s.StartLine), int(s.StartCol), int(s.EndLine), int(s.EndCol)}] = true
		}
	}
	for _, p := range profiles {
		f.compareBlocks(shown, p)
	}
	return f
}

func (f *figures) compareLines(lines []coverage.Line, p *cover.Profile) {
	ran := map[int]bool{}
	for _, b := range p.Blocks {
		for l := b.StartLine; b.Count > 0 && l <= b.EndLine; l++ {
			ran[l] = true
		}
	}
	for i, l := range lines {
		if l.State < coverage.Partly {
			continue
		}
		f.shown++
		if !ran[i+1] {
			f.wrong++
			f.example("shown, never ran: %s:%d", f.wrong, p.FileName, i+1)
		}
	}
}

func (f *figures) compareBlocks(shown map[block]bool, p *cover.Profile) {
	for _, b := range p.Blocks {
		if b.Count == 0 {
			continue
		}
		f.executed++
		if shown[block{p.FileName, b.StartLine, b.StartCol, b.EndLine, b.EndCol}] {
			f.found++
		} else {
			f.example("ran, not shown: %s:%d.%d", f.executed-f.found, p.FileName, b.StartLine, b.StartCol)
		}
	}
}

// example notes the n-th difference of its kind.
func (f *figures) example(format string, n int, args ...any) {
	if n <= maxExamples {
		f.examples = append(f.examples, fmt.Sprintf(format, args...))
	}
}
