package debuginfo

import (
	"fmt"
	"sync"
)

// This file defines lines, the line tables of an executable and the addresses
// they own.

// lines is what is known of the line tables of one file once they have been
// asked for.
type lines struct {
	img     *image
	line    contents // .debug_line
	tables  []*lineTable
	sources *sources
	// owners are the addresses that the units claim for their line tables.
	owners []owner
	// problem is the first unit or table that could not be read. What could be
	// read is used all the same.
	problem error

	strayOnce sync.Once
	// strays are the addresses that sequences describe, for those that no unit
	// claims. Set by strayOnce.
	strays []owner
}

// loadLines reads the headers of the line tables and the root entries of the
// units.
func loadLines(img *image) (*lines, error) {
	l := &lines{img: img, sources: newSources()}
	var err error
	if l.line, err = img.debugSection(".debug_line", true); err != nil {
		return nil, err
	}
	if len(l.line.data) == 0 {
		return nil, ErrNoLines
	}
	var problem *FormatError
	l.tables, problem = scanLineTables(l.line)
	l.failed(asError(problem))
	l.shareAdvanceTables()
	l.readUnits()
	return l, nil
}

// failed notes the first problem.
func (l *lines) failed(err error) {
	if l.problem == nil {
		l.problem = err
	}
}

// shareAdvanceTables gives each sound table its advanceTable.
func (l *lines) shareAdvanceTables() {
	shared := map[advanceKey]*advanceTable{}
	for _, t := range l.tables {
		if t.problem != nil {
			continue
		}
		k := advanceKey{t.minInst, t.lineBase, t.lineRange, t.opcodeBase}
		if shared[k] == nil {
			shared[k] = newAdvanceTable(k)
		}
		t.advance = shared[k]
	}
}

// readUnits finds out which table each unit uses for which addresses.
func (l *lines) readUnits() {
	byOffset := make(map[uint64]int32, len(l.tables))
	for i, t := range l.tables {
		byOffset[uint64(t.offset)] = int32(i)
	}
	r := newUnitReader(l.img)
	ranges := rangeList{text: l.img.text}
	var claims []claim
	compDir := "" // of the last unit; mostly the same one
	rank := int32(0)
	r.each(func(u *unit) {
		rank++
		if u.stmtList.form == 0 {
			return
		}
		table, ok := byOffset[u.stmtList.n]
		if !ok {
			l.failed(u.info.errorAt(u.offset, fmt.Sprintf("the unit's line table, .debug_line+%#x, does not exist", u.stmtList.n)))
			return
		}
		dir, err := r.text(u, u.compDir)
		l.failed(err)
		if dir != compDir {
			compDir = dir
		}
		if l.tables[table].compDir == "" {
			l.tables[table].compDir = compDir
		}
		ranges.ranges = ranges.ranges[:0]
		l.failed(asError(r.codeRanges(u, &ranges)))
		for _, a := range ranges.ranges {
			claims = append(claims, claim{a, rank, table})
		}
	}, l.failed)
	l.owners = settle(claims)
}

// strayOwners returns the addresses that sequences describe outside of the
// addresses that the units claim. Finding them means running all line programs,
// so it is done when an address first needs it.
func (l *lines) strayOwners() []owner {
	l.strayOnce.Do(func() {
		var claims []claim
		for i, t := range l.tables {
			var lo uint64
			// A problem in a program shows again when it is resolved.
			_ = t.rows(l.line, func(r *row) bool {
				if r.first {
					lo = r.addr
				}
				if r.end && l.img.text.contains(r.start) && lo < r.addr && !l.claimed(lo, r.addr) {
					claims = append(claims, claim{addressRange{lo, r.addr}, int32(i), int32(i)})
				}
				return true
			})
		}
		l.strays = settle(claims)
	})
	return l.strays
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

// strings returns a string section.
func (l *lines) strings(section string) contents {
	in, err := l.img.debugSection(section, true)
	if err != nil {
		in.data = nil
	}
	return in
}
