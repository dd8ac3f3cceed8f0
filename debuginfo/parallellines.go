package debuginfo

import (
	"bytes"
	"context"
	"slices"
)

// This file defines how one large line program is run by several goroutines.
//
// A program can only be read from its start, but at the end of a sequence nothing of
// its state is left. So each goroutine but the first starts at a guess: behind bytes
// that look like the end of a sequence, before bytes that look like the start of one.
// The guess is right if the goroutine before it arrives at exactly that place at the
// end of a sequence. If it does not, what came of the guess is thrown away, and the
// part is run again from where the one before it arrived.

const (
	// pieceSize is the least size of a part: some 1 ms of work.
	pieceSize = 256 << 10
	// piecesPerWorker evens out parts that take longer than others.
	piecesPerWorker = 2
	// guessWindow is how far a start is searched for. Sequences are mostly functions,
	// whose rows have some hundred bytes.
	guessWindow = 64 << 10
)

// splitTable is a table whose program is run in parts.
type splitTable struct {
	share share
	pcs   []uint64
	// direct is true if out is the caller's, not room for scattered windows.
	direct bool
	out    []Location
	parts  []tablePart
}

// tablePart is the part of a program from start to the start of the next part.
type tablePart struct {
	start, limit int
	batch        batch
	found        tableStrays
	problem      *FormatError
}

// splitShares takes the tables that are worth it out of r.shares.
func (r *resolver) splitShares(workers int) []*splitTable {
	if workers == 1 {
		return nil
	}
	var split []*splitTable
	r.shares = slices.DeleteFunc(r.shares, func(s share) bool {
		t := r.lines.tables[s.table]
		program := t.end - t.program
		if t.problem != nil || program < 2*pieceSize {
			return false
		}
		starts := guessStarts(r.lines.line.data[t.program:t.end], min(workers*piecesPerWorker, program/pieceSize))
		if len(starts) == 1 {
			return false
		}
		split = append(split, r.newSplitTable(s, starts))
		return true
	})
	return split
}

// guessStarts returns where a program's parts may start, 0 first.
func guessStarts(p []byte, parts int) []int {
	starts := []int{0}
	for i := 1; i < parts; i++ {
		from := max(starts[len(starts)-1]+1, len(p)/parts*i)
		if start := guessStart(p[from:min(from+guessWindow, len(p))]); start > 0 {
			starts = append(starts, from+start)
		}
	}
	return starts
}

// endOfSequence is the opcode, and startOfSequence what mostly follows: the opcode
// that sets an address of 8 bytes.
var (
	endOfSequence   = []byte{lnsExtended, 1, lneEndSequence}
	startOfSequence = []byte{lnsExtended, 9, lneSetAddress}
)

// guessStart returns a place in p where a sequence seems to start behind another
// one, 0 if there is none. A short opcode with a one-byte operand may come before the
// address: the column.
func guessStart(p []byte) int {
	for at := 0; ; {
		n := bytes.Index(p[at:], endOfSequence)
		if n < 0 {
			return 0
		}
		at += n + len(endOfSequence)
		next := p[at:]
		if len(next) > 2 && (next[0] == lnsSetColumn || next[0] == lnsSetFile) {
			next = next[2:]
		}
		if bytes.HasPrefix(next, startOfSequence) {
			return at
		}
	}
}

// newSplitTable prepares the parts of a table.
func (r *resolver) newSplitTable(s share, starts []int) *splitTable {
	split := &splitTable{share: s}
	if len(s.windows) == 1 {
		w := s.windows[0]
		split.direct, split.pcs, split.out = true, r.pcs[w.lo:w.hi], r.out[w.lo:w.hi]
	} else {
		for _, w := range s.windows {
			split.pcs = append(split.pcs, r.pcs[w.lo:w.hi]...)
		}
		split.out = make([]Location, len(split.pcs))
	}
	split.parts = make([]tablePart, len(starts))
	for i, start := range starts {
		split.parts[i] = tablePart{start: start}
		if i > 0 {
			split.parts[i-1].limit = start
		}
	}
	return split
}

// runPart runs a part from a place on; out receives the answers.
func (r *resolver) runPart(split *splitTable, part *tablePart, from int, out []Location) {
	part.batch = batch{pcs: split.pcs, out: out, literal: r.literal, from: from, limit: part.limit}
	part.found = tableStrays{table: split.share.table}
	if r.notes(r.lines.tables[split.share.table]) {
		part.batch.sequences = func(sequence addressRange) { part.found.note(r.lines, sequence) }
	}
	part.problem = part.batch.resolve(r.lines, r.lines.tables[split.share.table])
}

// runSplit runs the tables in parts.
func (r *resolver) runSplit(ctx context.Context, f *File, workers int, tables []*splitTable) error {
	type job struct {
		table *splitTable
		part  int
	}
	var jobs []job
	for _, split := range tables {
		for i := range split.parts {
			jobs = append(jobs, job{split, i})
		}
	}
	err := f.parallel(ctx, min(workers, len(jobs)), len(jobs), func(_, i int) {
		split, part := jobs[i].table, &jobs[i].table.parts[jobs[i].part]
		out := split.out
		if part.start > 0 {
			out = make([]Location, len(split.pcs))
		}
		r.runPart(split, part, part.start, out)
	})
	if err != nil {
		return err
	}
	return f.parallel(ctx, 1, len(tables), func(_, i int) { r.join(tables[i]) })
}

// join puts the answers of the parts together: where parts answer the same address,
// the later one counts, as it does when one goroutine runs the program.
func (r *resolver) join(split *splitTable) {
	found := tableStrays{table: split.share.table}
	arrived := 0
	for i := range split.parts {
		part := &split.parts[i]
		if part.limit > 0 && part.limit <= arrived {
			continue // the part before went on through all of this one
		}
		if part.start != arrived { // a wrong guess
			r.runPart(split, part, arrived, make([]Location, len(split.pcs)))
		}
		b := &part.batch
		if i > 0 {
			for k := b.first; k < b.last; k++ {
				if b.out[k] != (Location{}) {
					split.out[k] = b.out[k]
				}
			}
		}
		found.claims = append(found.claims, part.found.claims...)
		r.problems.add(split.share.table, part.problem)
		r.problems.add(split.share.table, b.problem)
		if part.problem != nil {
			break
		}
		arrived = b.arrived
	}
	if r.notes(r.lines.tables[split.share.table]) {
		r.lines.strays.add(r.lines, found)
	}
	if split.direct {
		return
	}
	answers := split.out
	for _, w := range split.share.windows {
		answers = answers[copy(r.out[w.lo:w.hi], answers):]
	}
}
