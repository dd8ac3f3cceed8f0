package frontier

import (
	"cmp"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines Table: what is known of the comparisons of a fuzz test.

// maxSites is how many comparisons a table holds: those of the largest parsers of real
// modules, in less than a megabyte.
const maxSites = 4096

// Table collects what runs compared. It is not safe for use by several goroutines.
type Table struct {
	// index maps the sites of the build to their states.
	index  index
	sites  []uint32 // of states
	states []state
	dirty  bool // there is something new since the last Save
}

// NewTable returns a table for the comparisons of a build. Others, such as those of
// inlined code of the standard library, have no place that could be shown.
func NewTable(points *coverage.Points) *Table {
	t := &Table{index: newIndex(len(points.Compares))}
	for _, c := range points.Compares {
		t.index.add(c.Site)
	}
	return t
}

// Observe adds the comparisons of one run. It allocates only for sites that are new.
func (t *Table) Observe(compares []abi.Compare) {
	for i := range compares {
		c := &compares[i]
		slot := t.index.find(c.Site)
		if slot.at == unused || !isSound(c) {
			continue
		}
		if slot.at == unseen {
			if len(t.states) == maxSites {
				continue
			}
			t.add(slot, c.Kind)
		}
		// Copies of inlined code may differ in which operand is constant.
		if s := &t.states[slot.at]; s.kind == c.Kind && s.note(c) {
			t.dirty = true
		}
	}
}

// add makes the state of a site that was not compared yet.
func (t *Table) add(slot *slot, kind abi.CompareKind) {
	slot.at = int32(len(t.states))
	t.sites = append(t.sites, slot.site)
	t.states = append(t.states, state{kind: kind})
}

// Dirty reports whether something was learnt since the last Save.
func (t *Table) Dirty() bool { return t.dirty }

// Sites returns what is known, sorted by site.
func (t *Table) Sites() []Site {
	out := make([]Site, 0, len(t.states))
	for i := range t.states {
		out = append(out, t.states[i].site(t.sites[i]))
	}
	slices.SortFunc(out, func(a, b Site) int { return cmp.Compare(a.Site, b.Site) })
	return out
}

func (s *state) site(number uint32) Site {
	out := Site{
		Site: number, Bits: 8 * s.kind.Size(), Const: s.kind.IsConst(), Fold: s.kind == abi.CompareFold, Outcomes: s.outcomes,
	}
	if s.hasPair {
		n := &s.nearest
		out.Nearest = &Pair{A: n.A, B: n.B}
		if out.Bits == 0 {
			out.Nearest.TextA, out.Nearest.TextB = slices.Clone(n.TextA[:n.LenA]), slices.Clone(n.TextB[:n.LenB])
		}
	}
	return out
}

// restore takes over what an earlier campaign knew.
func (t *Table) restore(sites []Site) {
	for i := range sites {
		s := &sites[i]
		slot := t.index.find(s.Site)
		if slot.at != unseen || len(t.states) == maxSites {
			continue
		}
		kind := s.kind()
		t.add(slot, kind)
		t.states[slot.at].outcomes = s.Outcomes
		if s.Nearest == nil {
			continue
		}
		c := abi.Compare{Site: s.Site, Kind: kind, A: s.Nearest.A, B: s.Nearest.B}
		c.LenA, c.LenB = uint8(copy(c.TextA[:], s.Nearest.TextA)), uint8(copy(c.TextB[:], s.Nearest.TextB))
		t.states[slot.at].note(&c)
	}
	t.dirty = false
}

// kind returns the kind of the site's records.
func (s *Site) kind() abi.CompareKind {
	kind := abi.CompareKind(s.Bits / 8)
	switch {
	case s.Fold:
		return abi.CompareFold
	case s.Bits == 0:
		return abi.CompareString
	case s.Const:
		return kind | abi.CompareConst
	}
	return kind
}
