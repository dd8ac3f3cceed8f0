package debuginfo

import "sync"

// This file defines strays: the addresses that sequences of line tables describe
// but no unit claims. Assembly has some, and code that the linker moved.

// strays is found when an address first needs it, since that means running all
// line programs. A resolver hands over what it has seen on its way.
type strays struct {
	mu sync.Mutex // guards what follows
	// scanned says, by number, of which tables the claims are known.
	scanned []bool
	claims  []claim
	// owners are the claims, settled, once all tables were scanned.
	owners []owner
	done   bool
}

// tableStrays is the strays of one table.
type tableStrays struct {
	table  int32
	claims []claim
}

// note adds the stray part of a sequence.
func (s *tableStrays) note(l *lines, sequence addressRange) {
	if !l.claimed(sequence.lo, sequence.hi) {
		s.claims = append(s.claims, claim{sequence, s.table, s.table})
	}
}

// claimed reports whether units claim all of [lo, hi).
func (l *lines) claimed(lo, hi uint64) bool {
	for i := find(l.owners, 0, lo); i < len(l.owners) && l.owners[i].lo <= lo; i++ {
		if lo = l.owners[i].hi; lo >= hi {
			return true
		}
	}
	return false
}

// scanStrays runs the program of a table for its strays. A problem in a program
// shows again when it is resolved.
func (l *lines) scanStrays(table int32) tableStrays {
	found := tableStrays{table: table}
	b := batch{sequences: func(sequence addressRange) { found.note(l, sequence) }}
	_ = b.resolve(l, l.tables[table])
	return found
}

// known reports whether the strays of a table are known. The caller holds s.mu.
func (s *strays) known(table int32) bool {
	return s.done || int(table) < len(s.scanned) && s.scanned[table]
}

// add notes the strays of a table.
func (s *strays) add(l *lines, found tableStrays) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scanned == nil {
		s.scanned = make([]bool, len(l.tables))
	}
	if s.known(found.table) {
		return
	}
	s.scanned[found.table] = true
	s.claims = append(s.claims, found.claims...)
}

// missing returns the tables that are to be scanned.
func (s *strays) missing(l *lines) []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tables []int32
	for i := range l.tables {
		if !s.known(int32(i)) {
			tables = append(tables, int32(i))
		}
	}
	return tables
}

// settled returns the owners once no table is missing.
func (s *strays) settled() []owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.owners = settle(s.claims)
		s.done, s.claims, s.scanned = true, nil, nil
	}
	return s.owners
}

// strayOwners returns the owners of the addresses that no unit claims.
func (l *lines) strayOwners() []owner {
	for _, table := range l.strays.missing(l) {
		l.strays.add(l, l.scanStrays(table))
	}
	return l.strays.settled()
}
