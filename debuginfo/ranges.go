package debuginfo

import "fmt"

// This file defines the reading of a unit's address ranges. See DWARF 5, 2.17.3
// and 7.28, DWARF 4, 2.17.3.

// rangeReader collects the code addresses of entries: those that lie in text,
// which leaves out the tombstones of dropped code.
type rangeReader struct {
	text   addressRange
	ranges []addressRange
	// left is how many more entries of range lists may be read.
	left int
}

// newRangeReader returns a reader for one pass over all lists. An entry takes at
// least one byte of a list, unless units share their lists.
func newRangeReader(text addressRange, sections *debugSections) *rangeReader {
	return &rangeReader{text: text, left: sections.size(secInfo, secRanges, secRnglists)}
}

func (r *rangeReader) add(lo, hi uint64) {
	if r.text.contains(lo) && hi > lo {
		r.ranges = append(r.ranges, addressRange{lo, min(hi, r.text.hi)})
	}
}

// extent holds the attributes that tell an entry's code; form 0 means absent.
type extent struct{ lowPC, highPC, ranges value }

// unit sets r.ranges to the addresses of u's code.
func (r *rangeReader) unit(u *unit) *FormatError {
	u.base = 0
	if u.code.lowPC.form != 0 {
		var err *FormatError
		if u.base, err = u.address(u.code.lowPC); err != nil {
			return err
		}
	}
	return r.entry(u, &u.code)
}

// entry sets r.ranges to the addresses of the code of an entry of u.
func (r *rangeReader) entry(u *unit, e *extent) *FormatError {
	r.ranges = r.ranges[:0]
	switch {
	case e.ranges.form != 0 && u.version >= 5:
		return r.readRanges(u, e.ranges)
	case e.ranges.form != 0:
		return r.readOldRanges(u, e.ranges)
	case e.lowPC.form == 0 || e.highPC.form == 0:
		return nil
	}
	low, err := u.address(e.lowPC)
	if err != nil {
		return err
	}
	high := low + e.highPC.n
	if e.highPC.address() {
		if high, err = u.address(e.highPC); err != nil {
			return err
		}
	}
	r.add(low, high)
	return nil
}

// next reports whether one more entry may be read at c.
func (r *rangeReader) next(c *cursor) bool {
	if r.left--; r.left < 0 {
		c.fail("address range lists are too long for the size of the file")
	}
	return c.err == nil
}

// readOldRanges reads a list of .debug_ranges (DWARF 2 to 4): pairs of addresses
// relative to a base, which a pair with the highest address as its first half
// changes.
func (r *rangeReader) readOldRanges(u *unit, list value) *FormatError {
	base := u.base
	highest := ^uint64(0) >> (64 - 8*u.addrSize)
	c := u.from.get(secRanges).cursor(list.n + u.rangesBase)
	for r.next(&c) {
		lo, hi := c.uint(u.addrSize), c.uint(u.addrSize)
		switch {
		case c.err != nil || lo == 0 && hi == 0:
			return c.err
		case lo == highest:
			base = hi
		default:
			r.add(base+lo, base+hi)
		}
	}
	return c.err
}

// readRanges reads a list of .debug_rnglists (DWARF 5).
func (r *rangeReader) readRanges(u *unit, list value) *FormatError {
	base := u.base
	at := list.n
	if list.form == formRnglistx {
		offset, err := u.indexed(secRnglists, u.rnglistsBase, list.n, u.offsetSize())
		if err != nil {
			return err
		}
		at = u.rnglistsBase + offset
	}
	c := u.from.get(secRnglists).cursor(at)
	indexed := func() uint64 {
		addr, err := u.address(value{form: formAddrx, n: c.uleb()})
		if c.err == nil {
			c.err = err
		}
		return addr
	}
	for r.next(&c) {
		var lo, hi uint64
		// Nearly all entries are of this kind, with numbers of one or two bytes.
		if c.pos < len(c.data) && c.data[c.pos] == rleOffsetPair {
			start, i := uleb(c.data, c.pos+1)
			if i > 0 {
				end, j := uleb(c.data, i)
				if j > 0 {
					c.pos = j
					r.add(base+start, base+end)
					continue
				}
			}
		}
		switch kind := c.u8(); kind {
		case rleEndOfList:
			return c.err
		case rleBaseAddressx:
			base = indexed()
		case rleBaseAddress:
			base = c.uint(u.addrSize)
		case rleStartxEndx:
			lo = indexed()
			hi = indexed()
		case rleStartxLength:
			lo = indexed()
			hi = lo + c.uleb()
		case rleOffsetPair:
			lo = base + c.uleb()
			hi = base + c.uleb()
		case rleStartEnd:
			lo = c.uint(u.addrSize)
			hi = c.uint(u.addrSize)
		case rleStartLength:
			lo = c.uint(u.addrSize)
			hi = lo + c.uleb()
		default:
			c.fail(fmt.Sprintf("unknown range list entry %d", kind))
		}
		if c.err == nil {
			r.add(lo, hi) // nothing if only the base changed: lo and hi are 0
		}
	}
	return c.err
}
