package debuginfo

import "fmt"

// This file defines the reading of a unit's address ranges. See DWARF 5, 2.17.3
// and 7.28, DWARF 4, 2.17.3.

// rangeList collects the code addresses of one unit: those that lie in text,
// which leaves out the tombstones of dropped code.
type rangeList struct {
	text   addressRange
	ranges []addressRange
}

func (l *rangeList) add(lo, hi uint64) {
	if l.text.contains(lo) && hi > lo {
		l.ranges = append(l.ranges, addressRange{lo, min(hi, l.text.hi)})
	}
}

// codeRanges appends the addresses of u's code to l.
func (r *unitReader) codeRanges(u *unit, l *rangeList) *FormatError {
	var low, high uint64
	var err *FormatError
	if u.lowPC.form != 0 {
		if low, err = r.address(u, u.lowPC); err != nil {
			return err
		}
	}
	switch {
	case u.ranges.form != 0 && u.version >= 5:
		return r.readRanges(u, low, l)
	case u.ranges.form != 0:
		return r.readOldRanges(u, low, l)
	case u.lowPC.form == 0 || u.highPC.form == 0:
		return nil
	case u.highPC.address():
		if high, err = r.address(u, u.highPC); err != nil {
			return err
		}
	default:
		high = low + u.highPC.n
	}
	l.add(low, high)
	return nil
}

// nextRange reports whether one more entry may be read at c.
func (r *unitReader) nextRange(c *cursor) bool {
	if r.rangesLeft--; r.rangesLeft < 0 {
		c.fail("address range lists are too long for the size of the file")
	}
	return c.err == nil
}

// readOldRanges reads a list of .debug_ranges (DWARF 2 to 4): pairs of addresses
// relative to a base, which a pair with the highest address as its first half
// changes.
func (r *unitReader) readOldRanges(u *unit, base uint64, l *rangeList) *FormatError {
	highest := ^uint64(0) >> (64 - 8*u.addrSize)
	c := r.section(".debug_ranges").cursor(u.ranges.n)
	for r.nextRange(&c) {
		lo, hi := c.uint(u.addrSize), c.uint(u.addrSize)
		switch {
		case c.err != nil || lo == 0 && hi == 0:
			return c.err
		case lo == highest:
			base = hi
		default:
			l.add(base+lo, base+hi)
		}
	}
	return c.err
}

// readRanges reads a list of .debug_rnglists (DWARF 5).
func (r *unitReader) readRanges(u *unit, base uint64, l *rangeList) *FormatError {
	c := r.section(".debug_rnglists").cursor(u.ranges.n)
	if u.ranges.form == formRnglistx {
		c = r.section(".debug_rnglists").cursor(u.rnglistsBase + u.ranges.n*uint64(u.offsetSize()))
		offset := c.offset(u.dwarf64)
		if c.err != nil {
			return c.err
		}
		c = r.section(".debug_rnglists").cursor(u.rnglistsBase + offset)
	}
	indexed := func() uint64 {
		addr, err := r.address(u, value{form: formAddrx, n: c.uleb()})
		if c.err == nil {
			c.err = err
		}
		return addr
	}
	for r.nextRange(&c) {
		var lo, hi uint64
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
			l.add(lo, hi) // nothing if only the base changed: lo and hi are 0
		}
	}
	return c.err
}
