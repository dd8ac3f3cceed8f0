package debuginfo

import (
	"cmp"
	"fmt"
	"slices"
)

// This file defines Rows and RowsIn: the line-table rows of address ranges.

// Row is one row of a line table. It is in force from its address to the address
// of the next row of its sequence.
type Row struct {
	Addr uint64
	// Location is the row's place, as it stands: Line can be 0.
	Location
	// IsStmt is true where the compiler recommends a breakpoint: the row starts a
	// statement.
	IsStmt bool
	// EndSequence marks the first address behind a sequence; the row's location
	// means nothing.
	EndSequence bool
}

// Range is the addresses [Lo, Hi).
type Range struct{ Lo, Hi uint64 }

// Rows calls yield for the line-table rows of the addresses [lo, hi), until it
// returns false; see RowsIn.
func (f *File) Rows(lo, hi uint64, yield func(Row) bool) error {
	return f.RowsIn([]Range{{lo, hi}}, func(_ int, r Row) bool { return yield(r) })
}

// RowsIn calls yield for the line-table rows of each of the ranges, until it
// returns false; i is the range's index. The ranges must be sorted and must not
// overlap. All are served in one pass, so asking for the rows of many functions
// at once costs little more than asking for one.
//
// The rows of a range are: the row in force at Lo, even if its address is lower;
// the rows with addresses from Lo up to Hi, including those that the next row at
// the same address makes void; and the end of a sequence that ends in the range or
// with it. Rows
// of one sequence come together, with rising addresses; sequences come in the
// order of the file, so different ranges, and a range's sequences, come in any
// order. Each address gets the rows of the one unit that also answers Resolve.
//
// Parts of the debug information that are not sound are treated as by Resolve.
func (f *File) RowsIn(ranges []Range, yield func(i int, r Row) bool) error {
	for i, r := range ranges {
		if r.Hi < r.Lo {
			return fmt.Errorf("range %d, %#x to %#x, ends before it starts", i, r.Lo, r.Hi)
		}
		if i > 0 && r.Lo < ranges[i-1].Hi {
			return fmt.Errorf("range %d, %#x to %#x, starts before the end of the range before it, %#x", i, r.Lo, r.Hi, ranges[i-1].Hi)
		}
	}
	return f.guard(func() error {
		l, err := f.loadLines()
		if err != nil {
			return err
		}
		s := rowScan{lines: l, yield: yield, problem: l.problem}
		s.split(ranges)
		s.scanAll()
		return s.problem
	})
}

// piece is a part of a range that one table owns.
type piece struct {
	addressRange
	table int32
	index int // of the range
}

// rowScan is the state of one call of RowsIn.
type rowScan struct {
	lines   *lines
	yield   func(int, Row) bool
	stopped bool // yield returned false
	problem error
	pieces  []piece // sorted by table and address

	// The table being scanned: its pieces, the first of them that the rows have not
	// passed, the address of the sequence, the row in force, and the file of the
	// last row that was yielded.
	own      []piece
	next     int
	start    uint64
	current  row
	inForce  bool
	lastFile uint32
	lastID   FileID
	// budget is how many more times a row may reach into a further piece.
	budget int
}

// split finds the pieces: by the units' claims, and what is left of the text by
// the stray sequences.
func (s *rowScan) split(ranges []Range) {
	text := s.lines.img.text
	o := 0
	for i, r := range ranges {
		a := addressRange{max(r.Lo, text.lo), min(r.Hi, text.hi)}
		o = s.cut(s.lines.owners, o, a, i, func(gap addressRange) {
			owners, problems := s.lines.strayOwners(gap)
			if s.problem == nil {
				s.problem = problems.first()
			}
			s.cut(owners, 0, gap, i, func(addressRange) {})
		})
	}
	slices.SortFunc(s.pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.lo, b.lo))
	})
}

// cut appends the owned pieces of a to s.pieces and calls free for what lies
// between them. It looks at the owners from number o on and returns where it got
// to.
func (s *rowScan) cut(owners []owner, o int, a addressRange, index int, free func(addressRange)) int {
	for a.lo < a.hi {
		o = find(owners, o, a.lo)
		if o == len(owners) || owners[o].lo >= a.hi {
			free(a)
			break
		}
		if start := owners[o].lo; start > a.lo {
			free(addressRange{a.lo, start})
			a.lo = start
		}
		end := min(owners[o].hi, a.hi)
		s.pieces = append(s.pieces, piece{addressRange{a.lo, end}, owners[o].table, index})
		a.lo = end
	}
	return o
}

// scanAll scans the tables that own a piece.
func (s *rowScan) scanAll() {
	for len(s.pieces) > 0 && !s.stopped {
		table := s.pieces[0].table
		n := slices.IndexFunc(s.pieces, func(p piece) bool { return p.table != table })
		if n < 0 {
			n = len(s.pieces)
		}
		s.own, s.pieces = s.pieces[:n], s.pieces[n:]
		s.scan(s.lines.tables[table])
	}
}

// scan yields the rows of t that lie in s.own.
func (s *rowScan) scan(t *lineTable) {
	s.lastFile = noRow
	s.budget = answersPerAddress*len(s.own) + answersPerByte*(t.end-t.program)
	live := false
	err := t.rows(s.lines.line, func(r *row) bool {
		if r.first {
			live = s.lines.img.text.contains(r.start)
			s.start = r.addr
			s.next = firstAbove(s.own, r.addr)
			s.inForce = false
		}
		if !live {
			return true
		}
		if s.inForce {
			s.pass(t, r.addr)
		}
		if s.inForce && r.end {
			s.passEnd(t, r)
		}
		s.current, s.inForce = *r, !r.end
		return !s.stopped && s.budget >= 0
	})
	if err == nil && s.budget < 0 {
		err = s.lines.line.errorAt(t.program, tooManySequences)
	}
	s.failed(err)
}

// pass yields the row in force, which the next row ends at end, to the pieces that
// it reaches.
func (s *rowScan) pass(t *lineTable, end uint64) {
	addr := s.current.addr
	for s.next < len(s.own) && s.own[s.next].hi <= addr {
		s.next++
	}
	end = max(end, addr+1) // a void row counts at its address
	for i := s.next; i < len(s.own) && s.own[i].lo < end && !s.stopped; i++ {
		if i > s.next {
			if s.budget--; s.budget < 0 {
				return
			}
			if s.own[i].index == s.own[i-1].index {
				continue // the range has the row already
			}
		}
		s.emit(t, &s.current, s.own[i].index)
	}
}

// passEnd yields an end of sequence to the piece that holds the last byte before
// it.
func (s *rowScan) passEnd(t *lineTable, r *row) {
	last := max(r.addr, s.start+1) - 1
	i := firstAbove(s.own, last)
	if i < len(s.own) && s.own[i].contains(last) && !s.stopped {
		s.emit(t, r, s.own[i].index)
	}
}

// emit yields one row.
func (s *rowScan) emit(t *lineTable, r *row, index int) {
	if r.file != s.lastFile {
		id, err := s.lines.fileID(t, r.file)
		s.failed(err)
		s.lastFile, s.lastID = r.file, id
	}
	s.stopped = !s.yield(index, Row{
		Addr:        r.addr,
		Location:    Location{File: s.lastID, Line: r.line, Column: r.column},
		IsStmt:      r.isStmt,
		EndSequence: r.end,
	})
}

// failed notes the first problem.
func (s *rowScan) failed(err *FormatError) {
	if s.problem == nil {
		s.problem = asError(err)
	}
}

// firstAbove returns the index of the first piece whose end lies above addr.
func firstAbove(pieces []piece, addr uint64) int {
	i, _ := slices.BinarySearchFunc(pieces, addr, func(p piece, addr uint64) int {
		if p.hi <= addr {
			return -1
		}
		return 1
	})
	return i
}
