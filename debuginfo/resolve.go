package debuginfo

import (
	"cmp"
	"fmt"
	"slices"
)

// This file defines Resolve: splitting sorted addresses over the line tables that
// own them, and answering each table's share.

// Location is a place in the source. The zero Location is the unknown one.
type Location struct {
	// File is the source file; see File.Path. 0 is unknown.
	File FileID
	// Line and Column count from 1. Line 0 is unknown; column 0 is unknown, or
	// stands for the whole line.
	Line, Column uint32
}

// Resolve sets out[i] to the location of pcs[i] by the rules in the package
// documentation. pcs must be sorted in ascending order (see Sort; repeated
// addresses are fine) and out as long as pcs. Nothing is allocated per address.
//
// If parts of the debug information are not sound, the first of them is returned
// as an error, and the addresses that do not depend on them are resolved all the
// same.
func (f *File) Resolve(pcs []uint64, out []Location) error {
	return f.resolve(pcs, out, false)
}

// ResolveLiteral is Resolve, except that a row with line 0 answers as any other:
// the location then has a file and line 0.
func (f *File) ResolveLiteral(pcs []uint64, out []Location) error {
	return f.resolve(pcs, out, true)
}

func (f *File) resolve(pcs []uint64, out []Location, literal bool) error {
	if len(pcs) != len(out) {
		return fmt.Errorf("%d addresses to resolve, but room for %d locations", len(pcs), len(out))
	}
	for i := 1; i < len(pcs); i++ {
		if pcs[i] < pcs[i-1] {
			return fmt.Errorf("addresses are not sorted: %#x, number %d, comes after %#x: sort them first (debuginfo.Sort)", pcs[i], i, pcs[i-1])
		}
	}
	return f.guard(func() error {
		l, err := f.loadLines()
		if err != nil {
			return err
		}
		clear(out)
		r := resolver{lines: l, pcs: pcs, out: out, literal: literal, problem: l.problem}
		r.split()
		r.answer()
		return r.problem
	})
}

// window is a run of addresses pcs[lo:hi] that one table owns.
type window struct {
	table  int32
	lo, hi int
}

// resolver is the state of one call of Resolve.
type resolver struct {
	lines   *lines
	pcs     []uint64
	out     []Location
	literal bool
	windows []window
	problem error
	// Room for the addresses of a table that has several windows.
	gathered  []uint64
	scattered []Location
}

// split finds the windows: by the units' claims, and what is left of the text by
// the stray sequences.
func (r *resolver) split() {
	text := r.lines.img.text
	r.own(r.lines.owners, 0, len(r.pcs), func(lo, hi int) {
		lo, hi = gallop(r.pcs[:hi], lo, max(text.lo, r.pcs[lo])), gallop(r.pcs[:hi], hi-1, text.hi)
		if lo < hi {
			r.own(r.lines.strayOwners(), lo, hi, func(lo, hi int) {})
		}
	})
	slices.SortFunc(r.windows, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.lo, b.lo))
	})
}

// own appends the windows of pcs[lo:hi] to r.windows and calls free for the runs
// of addresses that nobody owns.
func (r *resolver) own(owners []owner, lo, hi int, free func(lo, hi int)) {
	o := 0
	for lo < hi {
		o = find(owners, o, r.pcs[lo])
		if o == len(owners) {
			free(lo, hi)
			return
		}
		if start := gallop(r.pcs[:hi], lo, owners[o].lo); start > lo {
			free(lo, start)
			lo = start
			continue
		}
		end := gallop(r.pcs[:hi], lo, owners[o].hi)
		r.windows = append(r.windows, window{owners[o].table, lo, end})
		lo = end
	}
}

// answer resolves the windows, table by table.
func (r *resolver) answer() {
	for len(r.windows) > 0 {
		table := r.windows[0].table
		n := slices.IndexFunc(r.windows, func(w window) bool { return w.table != table })
		if n < 0 {
			n = len(r.windows)
		}
		r.answerTable(r.lines.tables[table], r.windows[:n])
		r.windows = r.windows[n:]
	}
}

// answerTable resolves the windows of one table. One window is resolved in place;
// the addresses of several are gathered.
func (r *resolver) answerTable(t *lineTable, windows []window) {
	if len(windows) == 1 {
		w := windows[0]
		r.run(t, r.pcs[w.lo:w.hi], r.out[w.lo:w.hi])
		return
	}
	r.gathered = r.gathered[:0]
	for _, w := range windows {
		r.gathered = append(r.gathered, r.pcs[w.lo:w.hi]...)
	}
	n := len(r.gathered)
	r.scattered = slices.Grow(r.scattered[:0], n)[:n]
	clear(r.scattered)
	r.run(t, r.gathered, r.scattered)
	answers := r.scattered
	for _, w := range windows {
		answers = answers[copy(r.out[w.lo:w.hi], answers):]
	}
}

// run resolves addresses with one table and notes the first problem.
func (r *resolver) run(t *lineTable, pcs []uint64, out []Location) {
	b := batch{pcs: pcs, out: out, literal: r.literal}
	problem := b.resolve(r.lines, t)
	if problem == nil {
		problem = b.problem
	}
	if r.problem == nil {
		r.problem = asError(problem)
	}
}
