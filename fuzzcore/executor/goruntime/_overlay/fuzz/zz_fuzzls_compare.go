package fuzz

import "unsafe"

// This file defines the compiler's hooks for comparisons. They record what a run
// compares if the run asked for it, and cost a load and a branch otherwise.
//
// The hooks may be called from code that must not split the stack, on any
// goroutine, at any moment: they allocate nothing, take no lock and tolerate
// races (a racing record may be lost or torn, never out of bounds).

const (
	kindConst  = 0x80
	kindString = 0x40
	kindFold   = 0x41
)

// compareSites is the number of buckets that sites are counted in: more than the
// comparisons of a large package, few enough to be cleared for each such run.
const compareSites = 2048

// What a record takes from its site's allowance, so that a loop's condition does
// not fill the log. A string site may record 128 different comparisons (a table
// of keywords), an integer site 32. Equal operands teach little more than that
// the site was passed, so 8 are enough.
const (
	siteAllowance = 128
	costString    = 1
	costInt       = 4
	costEqual     = 16
)

type compareSite struct {
	last  uint32 // digest of the operands recorded last
	spent uint32
}

type compareLog struct {
	records *[maxCompares]compareRecord // in the arena
	n       uint32
	sites   [compareSites]compareSite
}

var (
	// compares is where hooks record: nil, or &compareRun during a run that wants
	// comparisons.
	compares   *compareLog
	compareRun compareLog
)

// startCompares makes the hooks record into the arena at p.
func startCompares(p unsafe.Pointer) {
	compareRun.records = (*[maxCompares]compareRecord)(p)
	compareRun.n = 0
	clear(compareRun.sites[:])
	compares = &compareRun
}

// stopCompares returns the number of comparisons recorded since startCompares.
func stopCompares() uint32 {
	compares = nil
	return compareRun.n
}

// newCompare returns the record to fill in for a comparison, or nil if the site
// has said enough.
//
//go:nosplit
//go:norace
func (l *compareLog) newCompare(site, digest, cost uint32) *compareRecord {
	s := &l.sites[(site^site>>11)%compareSites]
	if s.spent != 0 && s.last == digest {
		return nil
	}
	n := l.n
	if s.spent+cost > siteAllowance || n >= maxCompares {
		return nil
	}
	s.last = digest
	s.spent += cost
	l.n = n + 1
	return &l.records[n]
}

//go:nosplit
//go:norace
func (l *compareLog) ints(kind uint8, a, b uint64, site uint) {
	cost := uint32(costInt)
	if a == b {
		cost = costEqual
	}
	digest := uint32(a^a>>32)*0x9e3779b1 ^ uint32(b^b>>32)
	r := l.newCompare(uint32(site), digest, cost)
	if r == nil {
		return
	}
	r.Site, r.Kind, r.LenA, r.LenB, r.A, r.B = uint32(site), kind, 0, 0, a, b
}

//go:nosplit
//go:norace
func (l *compareLog) strings(kind uint8, a, b string, site uint) {
	la, lb := min(len(a), compareText), min(len(b), compareText)
	digest := uint32(len(a))*0x9e3779b1 ^ uint32(len(b))
	for i := 0; i < la; i++ {
		digest = (digest ^ uint32(a[i])) * 0x01000193
	}
	for i := 0; i < lb; i++ {
		digest = (digest ^ uint32(b[i])) * 0x01000193
	}
	cost := uint32(costString)
	if len(a) == len(b) && a[:la] == b[:lb] {
		cost = costEqual
	}
	r := l.newCompare(uint32(site), digest, cost)
	if r == nil {
		return
	}
	r.Site, r.Kind, r.LenA, r.LenB = uint32(site), kind, uint8(la), uint8(lb)
	r.A, r.B = uint64(len(a)), uint64(len(b))
	copy(r.TextA[:], a[:la])
	copy(r.TextB[:], b[:lb])
}

//go:nosplit
//go:norace
func libfuzzerTraceCmp1(arg0, arg1 uint8, fakePC uint) {
	if l := compares; l != nil {
		l.ints(1, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceCmp2(arg0, arg1 uint16, fakePC uint) {
	if l := compares; l != nil {
		l.ints(2, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceCmp4(arg0, arg1 uint32, fakePC uint) {
	if l := compares; l != nil {
		l.ints(4, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceCmp8(arg0, arg1 uint64, fakePC uint) {
	if l := compares; l != nil {
		l.ints(8, arg0, arg1, fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceConstCmp1(arg0, arg1 uint8, fakePC uint) {
	if l := compares; l != nil {
		l.ints(kindConst|1, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceConstCmp2(arg0, arg1 uint16, fakePC uint) {
	if l := compares; l != nil {
		l.ints(kindConst|2, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceConstCmp4(arg0, arg1 uint32, fakePC uint) {
	if l := compares; l != nil {
		l.ints(kindConst|4, uint64(arg0), uint64(arg1), fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerTraceConstCmp8(arg0, arg1 uint64, fakePC uint) {
	if l := compares; l != nil {
		l.ints(kindConst|8, arg0, arg1, fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerHookStrCmp(arg0, arg1 string, fakePC uint) {
	if l := compares; l != nil {
		l.strings(kindString, arg0, arg1, fakePC)
	}
}

//go:nosplit
//go:norace
func libfuzzerHookEqualFold(arg0, arg1 string, fakePC uint) {
	if l := compares; l != nil {
		l.strings(kindFold, arg0, arg1, fakePC)
	}
}
