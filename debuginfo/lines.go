package debuginfo

import (
	"fmt"
	"sort"
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

	strays strays
}

// loadLines reads the headers of the line tables and the root entries of the
// units. index is the units if they are loaded already; nil loads them, and keeps
// nothing of them.
func loadLines(img *image, index *unitIndex) (*lines, error) {
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
	if index == nil {
		index = loadUnits(img, &debugSections{img: img})
	}
	l.readUnits(index)
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
func (l *lines) readUnits(index *unitIndex) {
	compDir := "" // of the last unit; mostly the same one
	tables := make([]int32, len(index.units))
	var without bool // a unit has no table
	for i, u := range index.units {
		tables[i] = l.tableOf(u)
		if tables[i] < 0 {
			without = true
			continue
		}
		dir, err := u.text(u.compDir)
		l.failed(asError(err))
		if string(dir) != compDir {
			compDir = string(dir)
		}
		if t := l.tables[tables[i]]; t.compDir == "" {
			t.compDir = compDir
		}
	}
	l.failed(index.problem)
	if without { // it must not hide others
		var claims []claim
		for _, c := range index.claims {
			if tables[c.table] >= 0 {
				claims = append(claims, claim{c.addressRange, c.rank, tables[c.table]})
			}
		}
		l.owners = settle(claims)
		return
	}
	for _, o := range index.owners {
		l.owners = appendOwner(l.owners, owner{o.addressRange, tables[o.table]})
	}
}

// findTable returns the number of u's line table, -1 if it has none.
func (l *lines) findTable(u *unit) int32 {
	i := sort.Search(len(l.tables), func(i int) bool { return uint64(l.tables[i].offset) >= u.stmtList.n })
	if u.stmtList.form == 0 || i == len(l.tables) || uint64(l.tables[i].offset) != u.stmtList.n {
		return -1
	}
	return int32(i)
}

// tableOf is findTable that notes a table that does not exist.
func (l *lines) tableOf(u *unit) int32 {
	i := l.findTable(u)
	if i < 0 && u.stmtList.form != 0 {
		l.failed(u.from.get(secInfo).errorAt(u.offset, fmt.Sprintf("the unit's line table, .debug_line+%#x, does not exist", u.stmtList.n)))
	}
	return i
}

// strings returns a string section.
func (l *lines) strings(section string) contents {
	in, err := l.img.debugSection(section, true)
	if err != nil {
		in.data = nil
	}
	return in
}
