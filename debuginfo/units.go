package debuginfo

import (
	"sort"
	"sync"
)

// This file defines unitIndex: the units of a file and the addresses they own.

// unitIndex is the root entries of all units that describe code.
type unitIndex struct {
	sections *debugSections
	units    []*unit // in the order of .debug_info
	// claims are the addresses of the units' code; rank and table are the unit's
	// number.
	claims []claim
	// owners are the claims, settled.
	owners []owner
	// rangeless are the numbers of the units that do not say which addresses they
	// own, or not of all: before DWARF 3 a unit can name one range only.
	rangeless     []int32
	rangelessOnce sync.Once
	// rangelessOwners are the addresses of their functions; set by rangelessOnce.
	rangelessOwners []owner
	// problem is the first unit or section that could not be read. What could be
	// read is used all the same.
	problem error

	supplementOnce sync.Once // guards supplement; see supplementary.go
	supplement     *unitIndex
}

// loadUnits reads the root entries.
func loadUnits(img *image, sections *debugSections) *unitIndex {
	x := &unitIndex{sections: sections}
	ranges := newRangeReader(img.text, sections)
	newUnitReader(sections).each(func(u *unit) {
		number := int32(len(x.units))
		x.units = append(x.units, u)
		x.failed(asError(ranges.unit(u)))
		for _, a := range ranges.ranges {
			x.claims = append(x.claims, claim{a, number, number})
		}
		if u.code.ranges.form == 0 && (u.code.highPC.form == 0 || u.version < 3) && !u.partial {
			x.rangeless = append(x.rangeless, number)
		}
	}, x.failed)
	x.owners = settle(x.claims)
	return x
}

// failed notes the first problem.
func (x *unitIndex) failed(err error) {
	if x.problem == nil {
		x.problem = err
	}
}

// at returns the number of the unit whose bytes hold an offset of .debug_info, -1
// if there is none.
func (x *unitIndex) at(offset uint64) int {
	i := sort.Search(len(x.units), func(i int) bool { return uint64(x.units[i].offset) > offset }) - 1
	if i < 0 || offset >= uint64(x.units[i].end) {
		return -1
	}
	return i
}

// functionOwners returns the owners of the addresses of functions in units that do
// not say which addresses they own. Finding them means walking these units, so it
// is done when an address first needs it. Problems show again when the unit is
// walked for its addresses.
func (x *unitIndex) functionOwners(text addressRange) []owner {
	x.rangelessOnce.Do(func() {
		var claims []claim
		var table abbrevTable
		work := workFactor*x.sections.size(secInfo, secAbbrev) + workSlack
		w := entryWalk{table: &table, ranges: newRangeReader(text, x.sections), stopped: func() bool { return false }}
		for _, number := range x.rangeless {
			w.unit = x.units[number]
			w.function = func(a addressRange) { claims = append(claims, claim{a, number, number}) }
			looked, err := table.load(x.sections.get(secAbbrev), w.unit.abbrevs, w.unit.encoding, work)
			if work -= looked; err == nil {
				_ = w.walk()
			}
		}
		x.rangelessOwners = settle(claims)
	})
	return x.rangelessOwners
}
