package engine

// This file lists the mutators and makes a mutant of a parent.

// mutator edits one field of a mutant in place. It returns false if it has
// nothing to work on; the mutant is then unchanged.
type mutator struct {
	name  string
	kind  Kind
	text  int // how much more often strings get it at first
	apply func(e *Engine, field int) bool
}

// mutators lists every mutator; a mutator's index is its bit in flight.used.
// It is set by init because the functions refer to the engine, which refers to it.
var mutators []mutator

func init() {
	mutators = []mutator{
		{"flip a bit", Bytes, 1, (*Engine).flipBit},
		{"random byte", Bytes, 1, (*Engine).randomByte},
		{"step a byte", Bytes, 1, (*Engine).stepByte},
		{"step a word", Bytes, 1, (*Engine).stepWord},
		{"boundary word", Bytes, 1, (*Engine).boundaryWord},
		{"insert random bytes", Bytes, 4, (*Engine).insertRandom},
		{"insert a repeated byte", Bytes, 2, (*Engine).insertRepeated},
		{"delete a block", Bytes, 2, (*Engine).deleteBlock},
		{"overwrite with a block", Bytes, 2, (*Engine).copyBlock},
		{"duplicate a block", Bytes, 2, (*Engine).duplicateBlock},
		{"swap two blocks", Bytes, 1, (*Engine).swapBlocks},
		{"splice over", Bytes, 2, (*Engine).spliceOver},
		{"splice in", Bytes, 2, (*Engine).spliceIn},
		{"cross over", Bytes, 2, (*Engine).crossOver},
		{"token over", Bytes, 2, (*Engine).tokenOver},
		{"token in", Bytes, 4, (*Engine).tokenIn},
		{"number in text", Bytes, 4, (*Engine).numberInText},
		{"character of a class", Bytes, 4, (*Engine).similarCharacter},

		{"step", Int, 0, (*Engine).stepInt},
		{"leap", Int, 0, (*Engine).leapInt},
		{"flip a bit of a number", Int, 0, (*Engine).flipIntBit},
		{"boundary", Int, 0, (*Engine).boundaryInt},
		{"random number", Int, 0, (*Engine).randomInt},
		{"scale", Int, 0, (*Engine).scaleInt},
		{"token", Int, 0, (*Engine).tokenInt},
		{"splice a number", Int, 0, (*Engine).spliceInt},
		{"length of another value", Int, 0, (*Engine).lengthInt},

		{"neighbouring float", Float, 0, (*Engine).stepFloat},
		{"add to a float", Float, 0, (*Engine).addFloat},
		{"scale a float", Float, 0, (*Engine).scaleFloat},
		{"flip a bit of a float", Float, 0, (*Engine).flipFloatBit},
		{"special float", Float, 0, (*Engine).specialFloat},
		{"random float", Float, 0, (*Engine).randomFloat},
		{"token float", Float, 0, (*Engine).tokenFloat},
		{"splice a float", Float, 0, (*Engine).spliceFloat},
	}
}

// maxStack is the most edits between a mutant and its parent.
const maxStack = 8

// maxTrials is how many mutators are tried for one edit: some have nothing to work on,
// most of them on an empty string.
const maxTrials = 16

// lineage is a row of mutants of one parent, each one edit away from the one before.
type lineage struct {
	parent *entry // nil: there is nothing to go on with
	edits  int    // of the last mutant
	used   [valueClasses]uint64
}

// mutate writes a mutant of parent into slot and notes the mutators it used in f. It
// returns the length of the encoding.
//
// Half of the mutants go on from the one before: so the number of edits is geometric,
// half of the mutants are one edit away from their parent, and each costs only one.
func (e *Engine) mutate(slot []byte, parent *entry, f *flight) int {
	m := &e.mutant
	if l := &e.lineage; l.parent != parent || l.edits >= maxStack || e.rng.coin() {
		m.load(parent.data, len(slot))
		*l = lineage{parent: parent}
	}
	e.edit(m)
	f.used = e.lineage.used
	return copy(slot, m.buf[:m.n])
}

// edit makes one edit of the last mutant.
func (e *Engine) edit(m *mutant) {
	if len(m.schema) == 0 {
		return
	}
	for range maxTrials {
		field := 0
		if len(m.schema) > 1 {
			field = e.rng.below(len(m.schema))
		}
		class := m.schema[field].class()
		op := e.yield.pick(class, e.rng.next())
		if mutators[op].apply(e, field) {
			e.yield.uses[class][op]++
			e.lineage.used[class] |= 1 << op
			e.lineage.edits++
			return
		}
	}
}

// pickField chooses any field.
func (e *Engine) pickField() int { return e.rng.below(len(e.schema)) }

// donor returns another input's value for a field: that of a field with the
// same UID and kind in a random entry. It is nil if the corpus is empty.
func (e *Engine) donor(field int) []byte {
	if len(e.corpus.entries) == 0 {
		return nil
	}
	twins := e.twins[field]
	data := e.corpus.entries[e.rng.below(len(e.corpus.entries))].data
	return e.schema.value(data, twins[e.rng.below(len(twins))])
}
