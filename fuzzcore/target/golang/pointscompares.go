package golang

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file finds the source lines of comparisons. Code built with -d=libfuzzer calls a
// hook before each comparison and passes the operands and a constant: the site, a hash of
// the package, the place in the source and the text of the comparison (fakePC in
// cmd/compile/internal/walk/compare.go). The line of the call is in the line table.

// siteArguments says which integer argument of a hook is the site; each string takes two
// (runtime/libfuzzer.go).
var siteArguments = []struct {
	prefix   string
	argument int
}{
	{"runtime.libfuzzerTrace", 2}, // (a, b, site)
	{"runtime.libfuzzerHook", 4},  // (a, b string, site)
}

// compareHooks returns the entries of the hooks and the argument that is the site.
func (e *executable) compareHooks() map[uint64]int {
	hooks := map[uint64]int{}
	for _, h := range siteArguments {
		for entry := range e.entries(h.prefix) {
			hooks[entry] = h.argument
		}
	}
	return hooks
}

// comparePlace is where a site is.
type comparePlace struct {
	site uint32
	place
}

// addCompareCalls records the comparisons of one function.
func (r *pointReader) addCompareCalls(body *machineCode, calls []compareCall) {
	for _, c := range calls {
		at := r.lines.at(body.inst[c.inst].pc)
		if at.line > 0 {
			r.compares = append(r.compares, comparePlace{c.site, place{at.file, at.line}})
		}
	}
}

// addCompares appends the sites of comparisons in files that are known otherwise: a
// function of the standard library that is inlined has hooks, too, but no coverage.
// Copies of inlined code share their sites. Two places with the same hash cannot be told
// apart and are left out.
func (r *pointReader) addCompares(p *coverage.Points, src *sources) {
	slices.SortFunc(r.compares, func(a, b comparePlace) int {
		return cmp.Or(cmp.Compare(a.site, b.site), strings.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
	r.compares = slices.Compact(r.compares)
	for i, c := range r.compares {
		twice := i > 0 && r.compares[i-1].site == c.site || i+1 < len(r.compares) && r.compares[i+1].site == c.site
		if !twice && (r.declaring[c.file] || src.exact(c.file)) {
			p.Compares = append(p.Compares, coverage.CompareSite{Site: c.site, File: src.byDebugName(c.file), Line: c.line})
		}
	}
}
