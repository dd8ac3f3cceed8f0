package engine

// This file leaves mutants to the target's own mutator.

// delegate writes a mutant's parent into slot and, if the target's mutator takes a second
// input, another one behind it.
func (e *Engine) delegate(slot []byte, f *flight) Ticket {
	t := Ticket{
		Len: copy(slot, f.parent.data), Want: f.want(), Generated: true,
		Mutate: true, Limit: e.maxInput, Seed: uint32(e.rng.next()),
	}
	if !e.crosses || len(e.corpus.entries) == 0 {
		return t
	}
	other := e.corpus.entries[e.rng.below(len(e.corpus.entries))].data
	if len(other) <= len(slot)-t.Len {
		t.Donor = copy(slot[t.Len:], other)
	}
	return t
}
