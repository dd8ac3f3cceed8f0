package engine

import (
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file makes patches of comparisons: input-to-state correspondence, the
// idea of RedQueen (Aschermann et al., NDSS 2019). Where one operand stands in
// the input, in whatever form, it is replaced by the other in the same form.

// Ranks order the patches of one comparison; 0 is the likeliest.
const (
	rankDirect   = 0  // a whole value, or many bytes, equal to the operand
	rankShort    = 1  // a form that matches by chance at times
	rankByte     = 2  // one byte: matches by chance often
	rankText     = 1  // decimal text
	rankHex      = 3  // hexadecimal text
	rankLinear   = 2  // a line through two observations
	rankOffset   = 4  // a line of slope 1 through one
	rankInsert   = 40 // the operand is nowhere: insert the other
	rankNeighbor = 8  // added for the operand ± 1
	rankNext     = 4  // added for each further position

	// urgentRanks is how many ranks of an urgent comparison go before all else.
	urgentRanks = 8
)

const (
	// maxPositions is how many places of an operand get patches.
	maxPositions = 8
	// maxDepth is the most patches in a row without a kept input: as long as the
	// longest byte-by-byte comparison that is followed.
	maxDepth = 64
)

// substituter makes the patches of one run's comparisons.
type substituter struct {
	engine *Engine
	source source
	spans  []span
	mends  bool // only what makes the operands equal, see repair.go

	// The comparison at hand:
	c        *abi.Compare
	site     *site
	tries    uint32 // runs that met its operands before
	progress bool   // more than in the input before the last patch
}

func (e *Engine) newSubstituter(src source) substituter {
	return substituter{engine: e, source: src, spans: e.schema.locate(src.base.data, nil)}
}

// advanced reports whether the last patch made more comparisons at its site
// equal: a byte-by-byte comparison got further, which no edge tells.
func (s *substituter) advanced() bool {
	p := s.source.patch
	return p != nil && p.site == s.c.Site && s.site.passed > p.passed
}

// content returns a field's bytes.
func (s *substituter) content(field int) []byte {
	sp := s.spans[field]
	return s.source.base.data[sp.off : sp.off+sp.n]
}

// substitute makes the patches of the comparison at hand.
func (s *substituter) substitute() {
	if s.c.Kind.Size() == 0 {
		s.substituteText(s.c.TextA[:s.c.LenA], s.c.A, s.c.TextB[:s.c.LenB])
		s.substituteText(s.c.TextB[:s.c.LenB], s.c.B, s.c.TextA[:s.c.LenA])
		return
	}
	s.substituteInt(change{from: s.c.B, to: s.c.A, size: s.c.Kind.Size(), above: less, below: greater})
	if !s.c.Kind.IsConst() {
		s.substituteInt(change{from: s.c.A, to: s.c.B, size: s.c.Kind.Size(), above: greater, below: less})
	}
	s.site.line = s.observe()
}

// emit adds a patch that aims for an outcome.
func (s *substituter) emit(p patch, aims outcome) {
	e := s.engine
	if s.mends && aims != equal || len(s.source.base.data)+p.n-p.del > e.maxInput {
		return
	}
	p.base, p.site, p.passed, p.aims = s.source.base, s.c.Site, s.site.passed, aims
	p.open = s.site.outcomes&aims == 0
	p.repair, p.progress = s.mends, s.progress
	p.urgent = s.progress || s.source.fresh && p.open && s.tries == 0
	e.harvest.fresh = append(e.harvest.fresh, p)
}
