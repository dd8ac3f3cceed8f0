package engine

// This file lists the mutators and makes a mutant of a parent.

// mutator edits one field of a mutant in place. It returns false if it has
// nothing to work on; the mutant is then unchanged.
type mutator struct {
	name  string
	kind  Kind
	apply func(e *Engine, field int) bool
}

// mutators lists every mutator; a mutator's index is its bit in flight.used.
// It is set by init because the functions refer to the engine, which refers to it.
var mutators []mutator

func init() {
	mutators = []mutator{
		{"flip a bit", Bytes, (*Engine).flipBit},
		{"random byte", Bytes, (*Engine).randomByte},
		{"step a byte", Bytes, (*Engine).stepByte},
		{"step a word", Bytes, (*Engine).stepWord},
		{"boundary word", Bytes, (*Engine).boundaryWord},
		{"insert random bytes", Bytes, (*Engine).insertRandom},
		{"insert a repeated byte", Bytes, (*Engine).insertRepeated},
		{"delete a block", Bytes, (*Engine).deleteBlock},
		{"overwrite with a block", Bytes, (*Engine).copyBlock},
		{"duplicate a block", Bytes, (*Engine).duplicateBlock},
		{"swap two blocks", Bytes, (*Engine).swapBlocks},
		{"splice over", Bytes, (*Engine).spliceOver},
		{"splice in", Bytes, (*Engine).spliceIn},
		{"cross over", Bytes, (*Engine).crossOver},
		{"token over", Bytes, (*Engine).tokenOver},
		{"token in", Bytes, (*Engine).tokenIn},
		{"number in text", Bytes, (*Engine).numberInText},
		{"character of a class", Bytes, (*Engine).similarCharacter},

		{"step", Int, (*Engine).stepInt},
		{"leap", Int, (*Engine).leapInt},
		{"flip a bit of a number", Int, (*Engine).flipIntBit},
		{"boundary", Int, (*Engine).boundaryInt},
		{"random number", Int, (*Engine).randomInt},
		{"scale", Int, (*Engine).scaleInt},
		{"token", Int, (*Engine).tokenInt},
		{"splice a number", Int, (*Engine).spliceInt},
		{"length of another value", Int, (*Engine).lengthInt},

		{"neighbouring float", Float, (*Engine).stepFloat},
		{"add to a float", Float, (*Engine).addFloat},
		{"scale a float", Float, (*Engine).scaleFloat},
		{"flip a bit of a float", Float, (*Engine).flipFloatBit},
		{"special float", Float, (*Engine).specialFloat},
		{"random float", Float, (*Engine).randomFloat},
		{"token float", Float, (*Engine).tokenFloat},
		{"splice a float", Float, (*Engine).spliceFloat},
	}
}

// maxStack is the most edits one mutant gets. The number is geometric, so half
// of the mutants are one edit away from their parent.
const maxStack = 8

// mutate writes a mutant of parent into slot and notes the mutators it used in
// f. It returns the length of the encoding.
func (e *Engine) mutate(slot []byte, parent *entry, f *flight) int {
	m := &e.mutant
	m.load(slot, parent.data)
	if len(m.schema) == 0 {
		return m.n
	}
	for range e.rng.geometric(maxStack) {
		field := e.pickField()
		op := e.yield.pick(m.schema[field].Kind, e.rng.next())
		if !mutators[op].apply(e, field) {
			continue
		}
		e.yield.used(op)
		f.used |= 1 << op
	}
	return m.n
}

// pickField chooses the field to edit.
func (e *Engine) pickField() int {
	if len(e.schema) == 1 {
		return 0
	}
	return e.rng.below(len(e.schema))
}

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
