package engine

import "github.com/fuzzls/fuzzls/fuzzcore/abi"

// This file defines patches: single substitutions that may turn a comparison.

// base is an input that patches are applied to.
type base struct {
	data   []byte
	owner  *entry   // the entry with this data, or that it was made of; may be nil
	guards []uint32 // sites that compare a value of the input with a computed one
	near   int      // position after the last patch: the next comparison is often about what follows
	depth  int      // patches in a row that made this input without being kept

	repairs int // repairs in a row among them
}

// patchKind tells what a patch does.
type patchKind uint8

const (
	// replaceText puts text in the place of del bytes at position at.
	replaceText patchKind = iota
	// setNumber stores number in an Int or Float field.
	setNumber
	// setLength makes a Bytes field number bytes long.
	setLength
)

// patch is one substitution in one input.
type patch struct {
	base  *base
	site  uint32 // the comparison it is meant to turn
	field int    // the value it changes
	kind  patchKind

	aims     outcome // what the comparison should become
	open     bool    // the site never had that outcome
	urgent   bool    // it goes on with what the last patch achieved
	progress bool    // that was to make more comparisons at its site equal
	repair   bool    // it mends a guard, see repair.go
	rank     int     // 0 for the likeliest patch of a comparison
	passed   int     // equal comparisons at the site when the base ran

	at, del int    // replaceText: position, and number of bytes that go
	n       int    // replaceText: length of text
	number  uint64 // setNumber, setLength
	text    [abi.CompareText]byte
}

// order is the patch's place in the order of trying: urgent before open before
// others, then by rank, so that each comparison gets its likeliest patch first.
func (p *patch) order() int {
	const class = 1 << 20
	switch {
	case p.urgent:
		return p.rank
	case p.open:
		return class + p.rank
	}
	return 2*class + p.rank
}

// end returns the position after the patch.
func (p *patch) end() int {
	if p.kind == replaceText {
		return p.at + p.n
	}
	return 0
}

// apply writes the patched input into slot and returns its length.
func (e *Engine) apply(slot []byte, p *patch) int {
	m := &e.mutant
	m.load(p.base.data, len(slot))
	e.lineage.parent = nil
	switch p.kind {
	case setNumber:
		m.setWord(p.field, p.number)
	case setLength:
		e.resize(p.field, int(p.number))
	default:
		copy(m.gap(p.field, p.at, p.del, p.n), p.text[:p.n])
	}
	return copy(slot, m.buf[:m.n])
}

// resize cuts a Bytes field or extends it by random bytes: where they turn up
// in a comparison, they are found again.
func (e *Engine) resize(field, n int) {
	m := &e.mutant
	old := m.spans[field].n
	if n <= old {
		m.gap(field, n, old-n, 0)
		return
	}
	for i, gap := 0, m.gap(field, old, 0, n-old); i < len(gap); i++ {
		if e.schema[field].Text {
			gap[i] = 'a' + byte(e.rng.below(26))
			continue
		}
		gap[i] = byte(e.rng.next())
	}
}
