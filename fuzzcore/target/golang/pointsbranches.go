package golang

import (
	"cmp"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file finds the edges that are a way out of a condition, so that a line
// can be shown whose condition was never true, or never false.
//
// The compiler copies inlined and generic functions, and each copy has counters
// of its own: one copy's edge that never ran says nothing about the line. So a
// line has branches only if its machine code exists once:
//
//   - in an exact file, if each block on that line is recorded by a single store
//     in the whole executable, in the function that holds the jump;
//   - in another file, if the function that holds the jump is the one that the
//     source text declares around that line.

// addBranches appends the branches.
func (r *pointReader) addBranches(p *coverage.Points, src *sources) {
	sole := r.soleFunctions(p)
	for point := range r.edges {
		e := &r.edges[point]
		for _, pc := range e.jumps {
			at := r.lines.at(pc)
			if at.line == 0 || !r.declaring[at.file] {
				continue
			}
			file := src.byDebugName(at.file)
			if !r.singleCopy(e.fn, file, at.line, sole, src) {
				continue
			}
			p.Branches = append(p.Branches, coverage.Branch{Point: uint32(point), File: file, Line: at.line})
		}
	}
	slices.SortFunc(p.Branches, func(a, b coverage.Branch) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Point, b.Point))
	})
	p.Branches = slices.Compact(p.Branches)
}

// sourceLine identifies a line.
type sourceLine struct{ file, line uint32 }

// manyFunctions marks a line whose blocks are recorded in several places.
const manyFunctions = -1

// soleFunctions returns, for each line with blocks, the one function that
// records them, or manyFunctions.
func (r *pointReader) soleFunctions(p *coverage.Points) map[sourceLine]int {
	sole := map[sourceLine]int{}
	for _, s := range p.Spans {
		if s.StartCol == 0 || s.Point == coverage.NoPoint {
			continue
		}
		c := &r.blocks.cells[p.Cells[int(s.Point)-p.Edges]]
		fn := c.fn
		if c.sites > 1 {
			fn = manyFunctions
		}
		if c.sites == 0 {
			// The compiler saw that the block never runs.
			continue
		}
		for l := s.StartLine; l <= s.EndLine; l++ {
			at := sourceLine{s.File, l}
			if have, ok := sole[at]; ok && have != fn {
				fn = manyFunctions
			}
			sole[at] = fn
		}
	}
	return sole
}

// singleCopy reports whether the line's code exists once, in function fn.
func (r *pointReader) singleCopy(fn int, file, line uint32, sole map[sourceLine]int, src *sources) bool {
	if src.files[file].Exact {
		have, ok := sole[sourceLine{file, line}]
		return ok && have == fn
	}
	entry := r.lines.at(r.funcs[fn].Lo)
	if entry.line == 0 || src.byDebugName(entry.file) != file {
		return false
	}
	return src.declared(file, line) == entry.line
}
