package clang

import (
	"cmp"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file makes spans of regions. Regions nest: the text of an inner one is not the
// outer one's, which therefore has several spans.

// regionPoints adds the cells of the executable to p, and the spans of its regions. Their
// files are exact afterwards.
func (src *sources) regionPoints(p *coverage.Points, base uint64, functions []countedFunc, cells uint64, count int) {
	first := uint32(len(p.PCs))
	for i := range count {
		p.Cells = append(p.Cells, uint32(i))
		// A cell's point is at the cell: no instruction is its own.
		p.PCs = append(p.PCs, base|(cells+uint64(i)))
	}
	for i := range functions {
		f := &functions[i]
		f.takeOverCounters()
		for _, piece := range f.pieces() {
			file := src.file(f.files[piece.file])
			src.files[file].Exact = true
			span := coverage.Span{
				Point: coverage.NoPoint, File: file,
				StartLine: piece.start.line, StartCol: piece.start.col, EndLine: piece.end.line, EndCol: piece.end.col,
			}
			if piece.file == 0 && piece.start == f.regions[0].start {
				span.First = span.StartLine // the function's brace, with its head if that is on the line
			}
			if f.first == noCell || len(piece.counters) == 0 {
				p.Spans = append(p.Spans, span)
				continue
			}
			for _, c := range piece.counters {
				span.Point = first + uint32(f.first+c)
				p.Spans = append(p.Spans, span)
			}
		}
	}
}

// takeOverCounters gives the uses of macros the counters of what they expand to: they run
// if its first region does.
func (f *countedFunc) takeOverCounters() {
	first := make([]int, len(f.files)) // of each file, the index of its first region plus 1
	for i := range f.regions {
		if r := &f.regions[i]; first[r.file] == 0 {
			first[r.file] = i + 1
		}
	}
	// A macro can begin with the use of another one, which is in a file with a higher
	// number.
	for i := len(f.regions) - 1; i >= 0; i-- {
		r := &f.regions[i]
		if r.kind == regionExpansion && first[r.expands] > 0 {
			r.counters = f.regions[first[r.expands]-1].counters
		}
	}
}

// pieces returns the text of each region that counts, less the text of those inside of it,
// in no particular order.
func (f *countedFunc) pieces() []region {
	regions := slices.Clone(f.regions)
	slices.SortStableFunc(regions, func(a, b region) int {
		return cmp.Or(cmp.Compare(a.file, b.file), comparePositions(a.start, b.start), comparePositions(b.end, a.end))
	})
	var out []region
	var open []region // the regions around the next one, the innermost last
	var at position
	upTo := func(end position) {
		if len(open) == 0 || !at.less(end) {
			return
		}
		// What is between two statements can hold an "else", which runs if what follows it
		// does.
		if top := open[len(open)-1]; top.kind != regionSkipped {
			top.start, top.end = at, end
			out = append(out, top)
		}
		at = end
	}
	closeBefore := func(next *region) {
		for len(open) > 0 {
			top := &open[len(open)-1]
			if next != nil && top.file == next.file && next.start.less(top.end) {
				return
			}
			upTo(top.end)
			open = open[:len(open)-1]
		}
	}
	for i := range regions {
		r := &regions[i]
		closeBefore(r)
		upTo(r.start)
		at = r.start
		open = append(open, *r)
	}
	closeBefore(nil)
	return out
}

func comparePositions(a, b position) int {
	return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
}
