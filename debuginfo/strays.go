package debuginfo

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
)

// This file defines strays: the addresses that line tables describe but no unit claims.
// Assembly has some, and code that the linker moved. They are:
//
//   - sequences that start where no unit claims the address;
//   - of the other sequences, the gap behind a range that the table's own unit claims,
//     up to the next range of any unit: padding. Go's sequences end with the function.
//
// So few tables have to be run to know what a stray address belongs to: those with a
// sequence of the first kind, and the one of the unit below the address.

// strays is found when an address first needs it. A resolver hands over what it has
// seen on its way.
type strays struct {
	mu sync.Mutex // guards what follows
	// candidates are the tables that may have sequences of the first kind, without those
	// that were scanned before; nil until they are first asked for.
	candidates []int32
	found      bool // candidates is set
	// scanned says, by number, of which tables the claims are known.
	scanned []bool
	claims  []claim
	// owners are the claims, settled; outdated if there are new ones.
	owners   []owner
	outdated bool
	// problems are those of the tables that were scanned.
	problems problemList
}

// tableStrays is the strays of one table.
type tableStrays struct {
	table  int32
	claims []claim
	// near is the owner of the start of the last sequence.
	near int
	// problem says why its program could not be run to the end. It is left unset by
	// those that report it themselves.
	problem *FormatError
}

// maxGaps bounds how many ranges of units are looked at for one sequence: files of
// assembly have some hundred functions.
const maxGaps = 1 << 10

// note adds the strays of a sequence.
func (s *tableStrays) note(l *lines, sequence addressRange) {
	if s.near < len(l.owners) && l.owners[s.near].lo > sequence.lo {
		s.near = 0
	}
	i := find(l.owners, s.near, sequence.lo)
	if i == len(l.owners) || l.owners[i].lo > sequence.lo {
		s.claims = append(s.claims, claim{sequence, s.table, s.table})
		return
	}
	if s.near = i; l.tables[s.table].fromGo {
		return
	}
	end := min(len(l.owners), i+maxGaps)
	for ; i < end && l.owners[i].hi < sequence.hi; i++ {
		gap := addressRange{l.owners[i].hi, sequence.hi}
		if i+1 < len(l.owners) {
			gap.hi = min(gap.hi, l.owners[i+1].lo)
		}
		if gap.lo < gap.hi && l.owners[i].table == s.table {
			s.claims = append(s.claims, claim{gap, s.table, s.table})
		}
	}
}

// tableBelow returns the table of the unit that claims the next address below addr, -1
// if there is none or if it has no strays behind its ranges. No unit claims addr itself.
func (l *lines) tableBelow(addr uint64) int32 {
	i := find(l.owners, 0, addr)
	if i == 0 || l.tables[l.owners[i-1].table].fromGo {
		return -1
	}
	return l.owners[i-1].table
}

// setAddress is the start of the opcode that sets an address of 8 bytes.
var setAddress = []byte{lnsExtended, 9, lneSetAddress}

// mayHaveStrays reports whether bytes that look like the start of a sequence hold an
// address of code that no unit claims. They are found many times faster than opcodes
// are run, and most tables have none.
func (l *lines) mayHaveStrays(t *lineTable) bool {
	if t.problem != nil {
		return false
	}
	p := l.line.data[t.program:t.end]
	var last owner // of the sequence before; the next one is mostly of the same unit
	for {
		i := bytes.Index(p, setAddress)
		if i < 0 || len(p) < i+len(setAddress)+8 {
			return false
		}
		p = p[i+len(setAddress):]
		addr := binary.LittleEndian.Uint64(p)
		if last.contains(addr) || !l.img.text.contains(addr) {
			continue
		}
		k := find(l.owners, 0, addr)
		if k == len(l.owners) || l.owners[k].lo > addr {
			return true
		}
		last = l.owners[k]
	}
}

// scanStrays runs the program of a table for its strays.
func (l *lines) scanStrays(table int32) tableStrays {
	found := tableStrays{table: table}
	b := batch{sequences: func(sequence addressRange) { found.note(l, sequence) }}
	found.problem = b.resolve(l, l.tables[table])
	return found
}

// findCandidates finds the candidates, once, among the tables that were not run so far.
// The caller holds s.mu.
func (s *strays) findCandidates(l *lines) {
	if s.found {
		return
	}
	s.candidates = nil
	for i, t := range l.tables {
		if !s.scanned[i] && l.mayHaveStrays(t) {
			s.candidates = append(s.candidates, int32(i))
		}
	}
	s.found = true
}

// start makes room. The caller holds s.mu.
func (s *strays) start(l *lines) {
	if s.scanned == nil {
		s.scanned = make([]bool, len(l.tables))
	}
}

// add notes the strays of a table.
func (s *strays) add(l *lines, found tableStrays) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.start(l); s.scanned[found.table] {
		return
	}
	s.scanned[found.table] = true
	s.problems.add(found.table, found.problem)
	if len(found.claims) > 0 {
		s.claims = append(s.claims, found.claims...)
		s.outdated = true
	}
}

// missing returns the tables that are to be scanned before the owners of addresses are
// known, of which below are the tables below.
func (s *strays) missing(l *lines, below []int32) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start(l)
	s.findCandidates(l)
	tables := append(below, s.candidates...)
	slices.Sort(tables)
	return slices.DeleteFunc(slices.Compact(tables), func(t int32) bool { return t < 0 || s.scanned[t] })
}

// settled returns the owners of the addresses whose tables were scanned, and the
// problems of these.
func (s *strays) settled() ([]owner, problemList) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outdated {
		s.owners, s.outdated = settle(s.claims), false
	}
	return s.owners, s.problems
}

// strayOwners returns the owners of addresses that no unit claims, for those between
// two neighbouring ranges of units that gap lies in.
func (l *lines) strayOwners(gap addressRange) ([]owner, problemList) {
	for _, table := range l.strays.missing(l, []int32{l.tableBelow(gap.lo)}) {
		l.strays.add(l, l.scanStrays(table))
	}
	return l.strays.settled()
}
