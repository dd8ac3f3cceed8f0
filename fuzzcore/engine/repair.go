package engine

import (
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file gets mutants past checksums.
//
// A guard is a comparison of a value that stands in the input with one that the
// program computed: a checksum, a length. On a kept input both are equal. A
// mutant that changes what is guarded fails the guard and never shows what the
// change does; but its comparisons tell the computed value, and a second
// mutant that has it in the place of the stored one passes.

const (
	// maxGuards is how many guards of one input are followed.
	maxGuards = 16
	// guardPositions is the most places where a guarded value may stand: one that
	// is found everywhere is a coincidence.
	guardPositions = 4
	// maxRepairs is how many repairs in a row one mutant gets: checksums of
	// checksums.
	maxRepairs = 4
)

// findGuards returns the sites that look like a guard in a run of b.
func (e *Engine) findGuards(b *base, compares []abi.Compare) []uint32 {
	var guards []uint32
	s := e.newSubstituter(source{base: b})
	for i := range compares {
		c := &compares[i]
		if len(guards) == maxGuards {
			break
		}
		if c.Kind.IsConst() || outcomeOf(c) != equal || slices.Contains(guards, c.Site) || !s.stands(c) {
			continue
		}
		guards = append(guards, c.Site)
	}
	return guards
}

// stands reports whether the operand of an equal comparison stands in a byte
// string of the input at few places, in a form of at least two bytes.
func (s *substituter) stands(c *abi.Compare) bool {
	s.c = c
	places := 0
	count := func(_, _ int) { places++ }
	for field, f := range s.engine.schema {
		if f.Kind != Bytes {
			continue
		}
		size := c.Kind.Size()
		if size == 0 && c.LenA >= 4 {
			s.positions(field, c.TextA[:c.LenA], count)
		}
		for w := size; w >= 2 && (change{size: size}).fits(c.A, w); w /= 2 {
			var word [wordSize]byte
			storeWord(word[:w], false, c.A)
			s.positions(field, word[:w], count)
			storeWord(word[:w], true, c.A)
			s.positions(field, word[:w], count)
		}
	}
	return places > 0 && places <= guardPositions
}

// repair queues patches that mend the guards that a traced mutant broke.
func (e *Engine) repair(f *flight, b *base, compares []abi.Compare) {
	parent := f.base()
	if parent == nil || len(parent.guards) == 0 || b.repairs >= maxRepairs {
		return
	}
	s := e.newSubstituter(source{base: b, patch: f.patch})
	s.mends = true
	h := &e.harvest
	h.fresh = h.fresh[:0]
	for i := range compares {
		c := &compares[i]
		if !slices.Contains(parent.guards, c.Site) || outcomeOf(c) == equal {
			continue
		}
		s.c, s.site = c, h.site(c)
		s.substitute()
		break // what comes after a broken guard may not be reached by a sound input
	}
	if len(h.fresh) == 0 {
		return
	}
	b.repairs++
	b.guards = parent.guards
	if parent.owner != nil {
		parent.owner.guarded = true
		parent.owner.mended++
	}
	h.queue(source{base: b, kept: true}, guardPositions)
}
