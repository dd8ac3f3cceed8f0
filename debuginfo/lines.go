package debuginfo

import (
	"bytes"
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
// units. index is the units if they are loaded already; nil loads them from sections,
// and keeps nothing of them. sources receives the files.
func loadLines(img *image, sections *debugSections, index *unitIndex, sources *sources) (*lines, error) {
	l := &lines{img: img, sources: sources}
	var err error
	if l.line, err = img.debugSection(".debug_line", true); err != nil {
		return nil, err
	}
	if len(l.line.data) == 0 {
		return nil, ErrNoLines
	}
	sources.allow(len(l.line.data))
	var problem *FormatError
	l.tables, problem = scanLineTables(l.line)
	l.failed(asError(problem))
	l.shareAdvanceTables()
	if index == nil {
		index = loadUnits(img, sections)
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
			compDir = l.keepDir(dir, u)
		}
		t := l.tables[tables[i]]
		if t.compDir == "" {
			t.compDir = compDir
		}
		producer, _ := u.text(u.producer)
		t.fromGo = bytes.HasPrefix(producer, []byte("Go cmd/compile "))
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

// keepDir returns a copy of the name of u's directory.
func (l *lines) keepDir(dir []byte, u *unit) string {
	l.sources.mu.Lock()
	defer l.sources.mu.Unlock()
	if !l.sources.spend(len(dir)) {
		l.failed(u.from.get(secInfo).errorAt(u.offset, longNames))
		return ""
	}
	return string(dir)
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
