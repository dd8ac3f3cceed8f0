package debuginfo

import "fmt"

// This file defines the reading of .debug_info as far as lines need it: the root
// entry of each unit, which names its line table and its addresses.

// unit is the root entry of one compilation unit.
type unit struct {
	encoding
	info contents
	// offset is where the unit starts in .debug_info.
	offset int
	// The attributes; form 0 means absent.
	name, compDir, producer value
	stmtList                value
	lowPC, highPC, ranges   value
	// Bases of the tables that indexed forms refer to.
	strOffsetsBase, addrBase, rnglistsBase uint64
}

// unitReader reads units. It loads sections when they are first needed, and
// bounds the work that a hostile file can cause.
type unitReader struct {
	img      *image
	sections map[string]contents
	// problem is the first section that could not be read.
	problem error
	// abbreviation is the one last used: the units of a Go executable share it.
	abbreviation abbreviation
	// work is how many more bytes of abbreviations and attributes may be looked
	// at.
	work int
	// rangesLeft is how many more entries of range lists may be read.
	rangesLeft int
}

const (
	// workFactor is how often the bytes of .debug_abbrev and .debug_info may be
	// looked at on average. Once is normal; each unit could name a table of its
	// own that is as long as the section.
	workFactor = 32
	// workSlack is allowed beyond workFactor, for tiny files.
	workSlack = 1 << 16
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

func newUnitReader(img *image) *unitReader {
	r := &unitReader{img: img, sections: map[string]contents{}}
	info, abbrev := len(r.section(".debug_info").data), len(r.section(".debug_abbrev").data)
	r.work = workFactor*(info+abbrev) + workSlack
	// An entry takes at least one byte of a list, unless units share their lists.
	r.rangesLeft = info + len(r.section(".debug_ranges").data) + len(r.section(".debug_rnglists").data)
	return r
}

// section returns the contents of a section, empty if there is none or if it
// cannot be read (see unitReader.problem).
func (r *unitReader) section(name string) contents {
	in, ok := r.sections[name]
	if ok {
		return in
	}
	in, err := r.img.debugSection(name, false)
	if err != nil {
		in.data = nil
		if r.problem == nil {
			r.problem = err
		}
	}
	r.sections[name] = in
	return in
}

// each calls yield for the root entry of each compilation unit, in order. A unit
// that is not sound is reported to failed and passed over.
func (r *unitReader) each(yield func(*unit), failed func(error)) {
	info := r.section(".debug_info")
	c := info.cursor(0)
	for c.err == nil && c.pos < len(c.data) {
		u := unit{info: info, offset: c.pos}
		var end int
		end, u.dwarf64 = c.unitLength()
		if c.err != nil {
			break
		}
		body := c
		body.data = c.data[:end]
		if isCode, err := r.root(&u, &body); err != nil {
			failed(err)
		} else if isCode {
			yield(&u)
		}
		c.pos = end
	}
	if c.err != nil {
		failed(c.err)
	}
	if r.problem != nil {
		failed(r.problem)
	}
}

// root reads a unit's header behind its length, and its root entry. isCode is
// false for units that describe no code.
func (r *unitReader) root(u *unit, c *cursor) (isCode bool, err error) {
	u.version = c.u16()
	if c.err == nil && (u.version < 2 || u.version > 5) {
		c.fail(fmt.Sprintf("DWARF version %d is not supported", u.version))
	}
	kind := uint8(utCompile)
	var table uint64
	if u.version >= 5 {
		kind = c.u8()
		u.addrSize = int(c.u8())
		table = c.offset(u.dwarf64)
	} else {
		table = c.offset(u.dwarf64)
		u.addrSize = int(c.u8())
	}
	switch kind {
	case utSkeleton, utSplitCompile:
		c.u64() // the id that joins the halves of a split unit
	case utType, utSplitType:
		return false, asError(c.err)
	}
	if c.err == nil && u.addrSize != 4 && u.addrSize != 8 {
		c.fail(fmt.Sprintf("addresses of %d bytes are not supported", u.addrSize))
	}
	code := c.uleb()
	if c.err != nil || code == 0 {
		return false, asError(c.err)
	}
	if err := r.find(table, code); err != nil {
		return false, err
	}
	switch r.abbreviation.tag {
	case tagCompileUnit, tagPartialUnit, tagSkeletonUnit:
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
	c := r.section(".debug_abbrev").cursor(offset)
	start := c.pos
	for c.err == nil {
		if a.code = c.uleb(); c.err == nil && a.code == 0 {
			c.fail(fmt.Sprintf("the table at %#x has no abbreviation %d", offset, code))
			break
		}
		a.tag = c.uleb()
		c.u8() // whether entries have children
		a.attrs = a.attrs[:0]
		for c.err == nil {
			x := attribute{at: c.uleb(), form: c.uleb()}
			if x.form == formImplicitConst {
				x.implicit = c.sleb()
			}
			if x.at == 0 && x.form == 0 {
				break
			}
			a.attrs = append(a.attrs, x)
		}
		if a.code == code || c.pos-start > r.work {
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
			u.lowPC = v
		case atHighPC:
			u.highPC = v
		case atRanges:
			u.ranges = v
		case atStrOffsetsBase:
			u.strOffsetsBase = v.n
		case atAddrBase, atGNUAddrBase:
			u.addrBase = v.n
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

// text returns the string that v stands for: "" if absent or not in this file.
func (r *unitReader) text(u *unit, v value) (string, error) {
	var c cursor
	switch v.form {
	case formString:
		c = u.info.cursor(v.n)
	case formStrp:
		c = r.section(".debug_str").cursor(v.n)
	case formLineStrp:
		c = r.section(".debug_line_str").cursor(v.n)
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		at := r.section(".debug_str_offsets").cursor(u.strOffsetsBase + v.n*uint64(u.offsetSize()))
		offset := at.offset(u.dwarf64)
		if at.err != nil {
			return "", at.err
		}
		c = r.section(".debug_str").cursor(offset)
	default:
		return "", nil
	}
	s := string(c.cstring())
	return s, asError(c.err)
}

// address returns the address that v stands for.
func (r *unitReader) address(u *unit, v value) (uint64, *FormatError) {
	if v.form == formAddr {
		return v.n, nil
	}
	if v.n > uint64(len(r.section(".debug_addr").data)) {
		return 0, r.section(".debug_addr").errorAt(0, fmt.Sprintf("no address with index %d", v.n))
	}
	c := r.section(".debug_addr").cursor(u.addrBase + v.n*uint64(u.addrSize))
	addr := c.uint(u.addrSize)
	return addr, c.err
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
		r := newUnitReader(f.image)
		var problem error
		failed := func(err error) {
			if problem == nil {
				problem = err
			}
		}
		text := func(u *unit, v value) string {
			s, err := r.text(u, v)
			failed(err)
			return s
		}
		r.each(func(u *unit) {
			units = append(units, Unit{Name: text(u, u.name), CompDir: text(u, u.compDir), Producer: text(u, u.producer)})
		}, failed)
		return problem
	})
	return units, err
}
