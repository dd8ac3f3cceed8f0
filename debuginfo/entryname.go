package debuginfo

// This file defines how the function that an entry stands for is found: through
// the entries that it refers to, which other units can hold.

// maxHops bounds how many references lead from an entry to its name. Three are
// normal: inlined call, abstract function, declaration in a class.
const maxHops = 16

// keptTables is how many times the size of .debug_abbrev may be kept as tables. Once is
// enough for tables that do not overlap.
const keptTables = 2

// namer finds the functions of entries. It belongs to one goroutine.
type namer struct {
	index *unitIndex
	// functions is where they are interned.
	functions *functions
	// own is what was found before of the entries of unit, known of those that units
	// refer to in other units of the file from.
	own   refTable
	unit  *unit
	known map[entryRef]FuncID
	from  *debugSections
	// tables are the abbreviation tables of other units that entries refer to.
	tables map[tableKey]*abbrevTable
	// kept is how many bytes these were read from.
	kept int
	// work is how many more bytes of abbreviation tables may be looked at.
	work int
	// problem is the first entry that could not be read.
	problem *FormatError
}

// tableKey is an abbreviation table: its sections and place, and the encoding of
// its units.
type tableKey struct {
	in     *debugSections
	offset uint64
	encoding
}

func newNamer(index *unitIndex, functions *functions) *namer {
	return &namer{index: index, functions: functions, known: map[entryRef]FuncID{},
		tables: map[tableKey]*abbrevTable{}, work: workFactor*index.sections.size(secAbbrev) + workSlack}
}

// function returns the function of an entry. u and table are the unit that refers
// to it and that unit's abbreviations.
func (n *namer) function(ref entryRef, u *unit, table *abbrevTable) FuncID {
	if n.unit != u {
		n.unit = u
		n.own.reset()
	}
	slot, ok := n.own.at(ref)
	if ok {
		return slot.fn
	}
	var id FuncID
	if ref >= entryRef(u.offset) && ref < entryRef(u.end) {
		id = n.functions.id(n.describe(ref, u, table))
	} else {
		id = n.elsewhere(ref, u, table)
	}
	n.own.put(ref, id)
	return id
}

// elsewhere is function for an entry of another unit.
func (n *namer) elsewhere(ref entryRef, u *unit, table *abbrevTable) FuncID {
	if n.from != u.from {
		clear(n.known)
		n.from = u.from
	}
	id, ok := n.known[ref]
	if !ok {
		id = n.functions.id(n.describe(ref, u, table))
		n.known[ref] = id
	}
	return id
}

// describe reads an entry and those it refers to, until both names are found: an
// entry stands for the same function as the one it refers to, and what it says
// itself comes first.
func (n *namer) describe(ref entryRef, u *unit, table *abbrevTable) (fn function) {
	for range maxHops {
		if u, table = n.unitOf(ref, u, table); u == nil {
			return fn
		}
		e, err := readNames(u, table, ref)
		if err != nil {
			if n.problem == nil {
				n.problem = err
			}
			return fn
		}
		if fn.source.in == nil {
			fn.source = u.stringAt(e.name)
		}
		if fn.line == 0 && e.line != 0 {
			fn.unit, fn.file, fn.line = u, e.file, e.line
		}
		if fn.linkage.in == nil {
			fn.linkage = u.stringAt(e.linkage)
		}
		if !e.hasOrigin || fn.linkage.in != nil && fn.source.in != nil {
			return fn
		}
		ref = e.origin
	}
	return fn
}

// unitOf returns the unit of an entry and its abbreviations; u is nil if there is
// none.
func (n *namer) unitOf(ref entryRef, u *unit, table *abbrevTable) (*unit, *abbrevTable) {
	index := n.index
	if u.siblings != nil {
		index = u.siblings
	}
	if ref&inSupplement != 0 {
		supplement, err := n.index.supplementary()
		if err != nil {
			if n.problem == nil {
				n.problem = err
			}
			return nil, nil
		}
		index, ref = supplement, ref&^inSupplement
	} else if ref >= entryRef(u.offset) && ref < entryRef(u.end) {
		return u, table
	}
	i := index.at(uint64(ref))
	if i < 0 {
		return nil, nil
	}
	u = index.units[i]
	key := tableKey{u.from, u.abbrevs, u.encoding}
	if table = n.tables[key]; table == nil {
		table = &abbrevTable{}
		looked, err := table.load(u.from.get(secAbbrev), u.abbrevs, u.encoding, n.work)
		n.work -= looked
		if n.kept += looked; n.kept > keptTables*u.from.size(secAbbrev)+workSlack { // they overlap
			clear(n.tables)
			n.kept = looked
		}
		if err != nil && n.problem == nil {
			n.problem = err
		}
		n.tables[key] = table
	}
	return u, table
}

// nameEntry is the attributes that name a function.
type nameEntry struct {
	name, linkage value
	file, line    uint32
	origin        entryRef
	hasOrigin     bool
}

// readNames reads the attributes that name the function of an entry of u.
func readNames(u *unit, table *abbrevTable, ref entryRef) (e nameEntry, err *FormatError) {
	c := u.from.get(secInfo).cursor(uint64(ref &^ inSupplement))
	c.data = c.data[:u.end]
	code := c.uleb()
	a := table.find(code)
	if c.err != nil || a == nil || code == 0 {
		c.fail("reference to what is no entry")
		return e, c.err
	}
	for _, x := range table.attrs[a.attrs:a.attrsEnd] {
		v := c.value(x.form, x.implicit, u.encoding)
		switch x.at {
		case atName:
			e.name = v
		case atLinkageName, atMIPSLinkageName:
			e.linkage = v
		case atDeclFile:
			e.file = uint32(v.n)
		case atDeclLine:
			e.line = uint32(v.n)
		case atAbstractOrigin, atSpecification:
			if !e.hasOrigin || x.at == atAbstractOrigin {
				e.origin, e.hasOrigin = u.reference(v)
				e.origin |= ref & inSupplement
			}
		}
	}
	return e, c.err
}
