package debuginfo

import (
	"encoding/binary"
	"fmt"
)

// This file defines the reading of .debug_info as far as lines need it: the root
// entry of each unit, which names its line table and its addresses.

// unit is the root entry of one compilation unit.
type unit struct {
	encoding
	// from holds the sections of the unit.
	from *debugSections
	// The unit's places in .debug_info: its start, the root entry, the end.
	offset, root, end int
	// abbrevs is where its abbreviation table starts in .debug_abbrev.
	abbrevs uint64
	// partial is true for a part of a unit that other units import: it holds no code.
	partial bool
	// dwoName is the file of the unit's other half, set in skeleton units (see
	// split.go), dwoID the id that both halves have, and splitRangesBase the
	// rangesBase of the other half before version 5.
	dwoName                value
	dwoID, splitRangesBase uint64
	// siblings is the units of the file that holds this one, set in the other half.
	siblings *unitIndex
	// The attributes; form 0 means absent.
	name, compDir, producer value
	stmtList                value
	code                    extent
	// Bases of the tables that indexed forms refer to, and what is added to offsets
	// of lists in .debug_ranges (GNU's split units).
	strOffsetsBase, addrBase, rnglistsBase, rangesBase uint64
	// base is the address that range lists count from; set by rangeReader.unit.
	base uint64
}

// unitReader reads units, and bounds the work that a hostile file can cause.
type unitReader struct {
	sections *debugSections
	// abbreviation is the one last used: the units of a Go executable share it.
	abbreviation abbreviation
	// work is how many more bytes of abbreviations and attributes may be looked
	// at.
	work int
}

const (
	// workFactor is how often the bytes of .debug_abbrev and .debug_info may be
	// looked at on average. Once is normal; each unit could name a table of its
	// own that is as long as the section.
	workFactor = 32
	// workSlack is allowed beyond workFactor, for tiny files.
	workSlack = 1 << 16
	// maxBadUnits is after how many units that are not sound the rest is not looked at:
	// it takes longer to say what is wrong with a unit than to read it.
	maxBadUnits = 1 << 16
)

// abbreviation is the layout of the root entries with one code of one table.
type abbreviation struct {
	valid  bool
	offset uint64 // of the table
	code   uint64
	tag    uint64
	attrs  []attribute
}

// attribute is one attribute of an abbreviation.
type attribute struct {
	at, form uint64
	implicit int64 // the value, for formImplicitConst
}

func newUnitReader(sections *debugSections) *unitReader {
	return &unitReader{sections: sections, work: workFactor*sections.size(secInfo, secAbbrev) + workSlack}
}

// each calls yield for the root entry of each compilation unit, in order. A unit
// that is not sound is reported to failed and passed over.
func (r *unitReader) each(yield func(*unit), failed func(error)) {
	c := r.sections.get(secInfo).cursor(0)
	bad := 0
	for c.err == nil && c.pos < len(c.data) {
		start := c.pos
		end, dwarf64 := c.unitLength()
		if c.err != nil {
			break
		}
		if end == c.pos && !dwarf64 {
			continue // padding
		}
		u := &unit{from: r.sections, offset: start, end: end}
		u.dwarf64 = dwarf64
		body := c
		body.data = c.data[:u.end]
		if isCode, err := r.read(u, &body); err != nil {
			failed(err)
			if bad++; bad == maxBadUnits {
				break
			}
		} else if isCode {
			yield(u)
		}
		c.pos = u.end
	}
	if c.err != nil {
		failed(c.err)
	}
	if err := r.sections.problem(); err != nil {
		failed(err)
	}
}

// read reads a unit's header behind its length, and its root entry. isCode is
// false for units that describe no code.
func (r *unitReader) read(u *unit, c *cursor) (isCode bool, err error) {
	u.version = c.u16()
	if c.err == nil && (u.version < 2 || u.version > 5) {
		c.fail(fmt.Sprintf("DWARF version %d is not supported", u.version))
	}
	kind := uint8(utCompile)
	if u.version >= 5 {
		kind = c.u8()
		u.addrSize = int(c.u8())
		u.abbrevs = c.offset(u.dwarf64)
	} else {
		u.abbrevs = c.offset(u.dwarf64)
		u.addrSize = int(c.u8())
	}
	switch kind {
	case utSkeleton, utSplitCompile:
		u.dwoID = c.u64()
	case utType, utSplitType:
		return false, asError(c.err)
	}
	if c.err == nil && u.addrSize != 4 && u.addrSize != 8 {
		c.fail(fmt.Sprintf("addresses of %d bytes are not supported", u.addrSize))
	}
	u.root = c.pos
	code := c.uleb()
	if c.err != nil || code == 0 {
		return false, asError(c.err)
	}
	if err := r.find(u.abbrevs, code); err != nil {
		return false, err
	}
	switch r.abbreviation.tag {
	case tagCompileUnit, tagPartialUnit, tagSkeletonUnit:
		u.partial = r.abbreviation.tag == tagPartialUnit
		r.attributes(u, c)
		return true, asError(c.err)
	}
	return false, nil
}

// asError avoids the error that is not nil but holds a nil pointer.
func asError(err *FormatError) error {
	if err == nil {
		return nil
	}
	return err
}

// find sets r.abbreviation to the one with that code in the table at offset.
func (r *unitReader) find(offset, code uint64) error {
	a := &r.abbreviation
	if a.valid && a.offset == offset && a.code == code {
		return nil
	}
	a.valid, a.offset = false, offset
	c := r.sections.get(secAbbrev).cursor(offset)
	start := c.pos
	for c.err == nil {
		if a.code = c.uleb(); c.err == nil && a.code == 0 {
			c.fail(fmt.Sprintf("the table at %#x has no abbreviation %d", offset, code))
			break
		}
		a.tag = c.uleb()
		c.u8() // whether entries have children
		if a.code == code {
			a.attrs = c.attributes(a.attrs[:0])
			break
		}
		if c.skipAttributes(); c.pos-start > r.work {
			break
		}
	}
	r.work -= c.pos - start
	if c.err == nil && r.work < 0 {
		c.fail("abbreviation tables are too long for their use")
	}
	a.valid = c.err == nil
	return asError(c.err)
}

// attributes reads the values of u's root entry at c.
func (r *unitReader) attributes(u *unit, c *cursor) {
	attrs := r.abbreviation.attrs
	if r.work -= len(attrs); r.work < 0 {
		c.fail("too many attributes")
		return
	}
	u.setDefaultBases()
	for _, x := range attrs {
		v := c.value(x.form, x.implicit, u.encoding)
		if c.err != nil {
			return
		}
		switch x.at {
		case atName:
			u.name = v
		case atCompDir:
			u.compDir = v
		case atProducer:
			u.producer = v
		case atStmtList:
			u.stmtList = v
		case atLowPC:
			u.code.lowPC = v
		case atHighPC:
			u.code.highPC = v
		case atRanges:
			u.code.ranges = v
		case atStrOffsetsBase:
			u.strOffsetsBase = v.n
		case atAddrBase, atGNUAddrBase:
			u.addrBase = v.n
		case atDwoName, atGNUDwoName:
			u.dwoName = v
		case atGNUDwoID:
			u.dwoID = v.n
		case atGNURangesBase:
			u.splitRangesBase = v.n
		case atRnglistsBase:
			u.rnglistsBase = v.n
		}
	}
}

// setDefaultBases sets the bases that hold when a unit names none: since version
// 5 indices count from behind the header of a section's first table.
func (u *unit) setDefaultBases() {
	if u.version < 5 {
		return
	}
	size := uint64(u.offsetSize())
	length := 2*size - 4 // of the unit length: 4 or 12
	u.strOffsetsBase = length + 4
	u.addrBase = length + 4
	u.rnglistsBase = length + 8
}

// text returns the string that v stands for: nil if absent or not in this file.
func (u *unit) text(v value) ([]byte, *FormatError) {
	var c cursor
	switch v.form {
	case formString:
		c = u.from.get(secInfo).cursor(v.n)
	case formStrp:
		c = u.from.get(secStr).cursor(v.n)
	case formLineStrp:
		c = u.from.get(secLineStr).cursor(v.n)
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		offset, err := u.indexed(secStrOffsets, u.strOffsetsBase, v.n, u.offsetSize())
		if err != nil {
			return nil, err
		}
		c = u.from.get(secStr).cursor(offset)
	case formGNUStrpAlt, formStrpSup:
		other, err := u.from.supplementary()
		if err != nil {
			return nil, err
		}
		c = other.get(secStr).cursor(v.n)
	default:
		return nil, nil
	}
	return c.text(), c.err
}

// address returns the address that v stands for.
func (u *unit) address(v value) (uint64, *FormatError) {
	if v.form == formAddr {
		return v.n, nil
	}
	return u.indexed(secAddr, u.addrBase, v.n, u.addrSize)
}

// indexed returns entry number i of a table of numbers of that size at base of a
// section.
func (u *unit) indexed(id sectionID, base, i uint64, size int) (uint64, *FormatError) {
	in := u.from.get(id)
	if i > uint64(len(in.data)) {
		return 0, in.errorAt(0, fmt.Sprintf("no entry with index %d", i))
	}
	at := base + i*uint64(size)
	if size == 8 && at < uint64(len(in.data)) && uint64(len(in.data))-at >= 8 {
		return binary.LittleEndian.Uint64(in.data[at:]), nil
	}
	c := in.cursor(at)
	n := c.uint(size)
	return n, c.err
}

// Unit is one compilation unit: a C source file, or a Go package.
type Unit struct {
	// Name is the source file or package, CompDir the directory of the compilation,
	// Producer the compiler and its version. Each is "" if it is not recorded.
	Name, CompDir, Producer string
}

// Units returns the compilation units in the order of the file. Units that are not
// sound are left out, and the first problem is returned.
func (f *File) Units() ([]Unit, error) {
	var units []Unit
	err := f.guard(func() error {
		r := newUnitReader(&debugSections{img: f.image})
		var problem error
		failed := func(err error) {
			if problem == nil {
				problem = err
			}
		}
		known := map[string]string{} // most units have the same directory and producer
		budget := namesFactor*r.sections.size(secInfo) + namesSlack
		text := func(u *unit, v value) string {
			s, err := u.text(v)
			failed(asError(err))
			if name, ok := known[string(s)]; ok {
				return name
			}
			if budget -= len(s); budget < 0 {
				failed(u.from.get(secInfo).errorAt(u.offset, longNames))
				return ""
			}
			name := string(s)
			known[name] = name
			return name
		}
		r.each(func(u *unit) {
			// Of a split unit, the other half has the name.
			named := u
			if other, err := u.split(); err != nil {
				failed(asError(err))
			} else if other != nil {
				named = other
			}
			units = append(units, Unit{Name: text(named, named.name), CompDir: text(u, u.compDir), Producer: text(named, named.producer)})
		}, failed)
		return problem
	})
	return units, err
}
