package debuginfo

import (
	"context"
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
	return f.ResolveWith(context.Background(), pcs, out, Options{})
}

// ResolveLiteral is Resolve, except that a row with line 0 answers as any other:
// the location then has a file and line 0.
func (f *File) ResolveLiteral(pcs []uint64, out []Location) error {
	return f.ResolveWith(context.Background(), pcs, out, Options{Literal: true})
}

// ResolveWith is Resolve with options. It returns early, with an error, when ctx
// ends; out is then filled in part.
func (f *File) ResolveWith(ctx context.Context, pcs []uint64, out []Location, o Options) error {
	if err := checkBatch(pcs, out); err != nil {
		return err
	}
	entry := f.cacheEntry(pcs, answerKind(o, false))
	if _, ok := f.fromCache(entry, pcs, out, false); ok {
		return nil
	}
	err := f.resolveLines(ctx, pcs, out, o)
	if err == nil {
		f.toCache(entry, pcs, out, nil)
	}
	return err
}

// resolveLines is ResolveWith without a cache.
func (f *File) resolveLines(ctx context.Context, pcs []uint64, out []Location, o Options) error {
	var r resolver
	err := f.guard(func() error {
		l, err := f.loadLinesWith(o.workers())
		if err != nil {
			return err
		}
		clear(out)
		r = resolver{lines: l, pcs: pcs, out: out, literal: o.Literal}
		r.shares = shareWindows(joinNeighbours(cutWindows(nil, l.owners, pcs, 0, len(pcs), r.stray)))
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.run(ctx, f, o.workers()); err != nil {
		return err
	}
	if err := r.runStrays(ctx, f, o.workers()); err != nil {
		return err
	}
	if r.lines.problem != nil {
		return r.lines.problem
	}
	return r.problems.first()
}

// checkBatch checks the arguments of a call.
func checkBatch(pcs []uint64, out []Location) error {
	if len(pcs) != len(out) {
		return fmt.Errorf("%d addresses to resolve, but room for %d locations", len(pcs), len(out))
	}
	for i := 1; i < len(pcs); i++ {
		if pcs[i] < pcs[i-1] {
			return fmt.Errorf("addresses are not sorted: %#x, number %d, comes after %#x: sort them first (debuginfo.Sort)", pcs[i], i, pcs[i-1])
		}
	}
	return nil
}

// resolver is the state of one call of ResolveWith.
type resolver struct {
	lines   *lines
	pcs     []uint64
	out     []Location
	literal bool
	shares  []share
	// strays are the windows of addresses that no unit claims.
	strays   []window
	problems problemList
}

// stray notes the addresses pcs[lo:hi], which no unit claims.
func (r *resolver) stray(lo, hi int) {
	text := r.lines.img.text
	lo, hi = gallop(r.pcs[:hi], lo, max(text.lo, r.pcs[lo])), gallop(r.pcs[:hi], hi-1, text.hi)
	if lo < hi {
		r.strays = append(r.strays, window{-1, lo, hi})
	}
}

// runStrays answers the addresses that no unit claims, if there are any: it scans
// the tables that were not run yet, and runs those that have such addresses.
func (r *resolver) runStrays(ctx context.Context, f *File, workers int) error {
	if len(r.strays) == 0 {
		return nil
	}
	l := r.lines
	below := make([]int32, len(r.strays))
	for i, w := range r.strays {
		below[i] = l.tableBelow(r.pcs[w.lo])
	}
	missing := l.strays.missing(l, below)
	err := f.parallel(ctx, min(workers, len(missing)), len(missing), func(_, job int) {
		l.strays.add(l, l.scanStrays(missing[job]))
	})
	if err != nil {
		return err
	}
	owners, problems := l.strays.settled()
	r.problems.merge(problems)
	var windows []window
	for _, w := range r.strays {
		clear(r.out[w.lo:w.hi]) // joined windows reach over them
		windows = cutWindows(windows, owners, r.pcs, w.lo, w.hi, func(int, int) {})
	}
	r.strays = nil
	r.shares = shareWindows(windows)
	return r.run(ctx, f, workers)
}

// lineWorker answers the shares of tables, one after another.
type lineWorker struct {
	*resolver
	// Room for the addresses of a table that has several windows.
	gathered  []uint64
	scattered []Location
	problems  problemList
}

// run answers the shares: first the tables that are large enough for several
// workers each, then the others.
func (r *resolver) run(ctx context.Context, f *File, workers int) error {
	workers = max(1, min(workers, r.programSize()/pieceSize))
	if split := r.splitShares(workers); len(split) > 0 {
		if err := r.runSplit(ctx, f, workers, split); err != nil {
			return err
		}
	}
	workers = max(1, min(workers, len(r.shares)))
	all := make([]lineWorker, workers)
	err := f.parallel(ctx, workers, len(r.shares), func(worker, job int) {
		w := &all[worker]
		w.resolver = r
		w.answer(r.shares[job])
	})
	for i := range all {
		r.problems.merge(all[i].problems)
	}
	return err
}

// programSize returns the size of the programs of the shares' tables.
func (r *resolver) programSize() int {
	size := 0
	for _, s := range r.shares {
		if t := r.lines.tables[s.table]; t.problem == nil {
			size += t.end - t.program
		}
	}
	return size
}

// answer resolves the windows of one table. One window is resolved in place; the
// addresses of several are gathered.
func (w *lineWorker) answer(s share) {
	t := w.lines.tables[s.table]
	if len(s.windows) == 1 {
		only := s.windows[0]
		w.table(s.table, t, w.pcs[only.lo:only.hi], w.out[only.lo:only.hi])
		return
	}
	w.gathered = slices.Grow(w.gathered[:0], s.addresses())
	for _, window := range s.windows {
		w.gathered = append(w.gathered, w.pcs[window.lo:window.hi]...)
	}
	n := len(w.gathered)
	w.scattered = slices.Grow(w.scattered[:0], n)[:n]
	clear(w.scattered)
	w.table(s.table, t, w.gathered, w.scattered)
	answers := w.scattered
	for _, window := range s.windows {
		answers = answers[copy(w.out[window.lo:window.hi], answers):]
	}
}

// notes reports whether the strays of a table are noted when it is run. Go's are not:
// that would mean to run all sequences.
func (r *resolver) notes(t *lineTable) bool { return len(r.strays) > 0 && !t.fromGo }

// table resolves addresses with one table and notes its problem.
func (w *lineWorker) table(number int32, t *lineTable, pcs []uint64, out []Location) {
	b := batch{pcs: pcs, out: out, literal: w.literal}
	found := tableStrays{table: number}
	noted := w.notes(t)
	if noted {
		b.sequences = func(sequence addressRange) { found.note(w.lines, sequence) }
	}
	problem := b.resolve(w.lines, t)
	if noted {
		w.lines.strays.add(w.lines, found)
	}
	if problem == nil {
		problem = b.problem
	}
	w.problems.add(number, problem)
}
