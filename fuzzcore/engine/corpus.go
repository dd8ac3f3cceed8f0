package engine

// This file defines the inputs that the engine keeps.

// Origin tells where a kept input came from.
type Origin uint8

// The origins of inputs.
const (
	// Mutant: the engine made it.
	Mutant Origin = iota
	// Seed: the author of the fuzz test wrote it; it is never dropped.
	Seed
	// Corpus: an earlier campaign kept it.
	Corpus
	// Peer: another worker of this campaign kept it.
	Peer
)

// entry is one kept input.
type entry struct {
	id     uint64
	origin Origin
	data   []byte // its encoding; never changed
	edges  uint32 // distinct edges that it hits
	owned  int    // features that it is the best entry of
	nanos  uint32 // how long its run took; 0 if unknown

	index  int    // its place in corpus.entries and in the schedule
	picks  uint32 // mutants made of it since its last find
	weight uint64 // its weight in the schedule
	rarity uint64 // how rare its features are, as of the last reckoning

	base    *base // what is known of its comparisons; nil if none were recorded
	guarded bool  // mutants were seen to break a guard, see repair.go
	mended  int   // repairs of its mutants since its last find
}

// better reports whether e should replace old as a feature's best entry:
// smaller encoding first, then fewer edges. The fewer edges an input hits
// besides, the more its mutants are about the feature itself.
func (e *entry) better(old *entry) bool {
	if old == nil {
		return true
	}
	if len(e.data) != len(old.data) {
		return len(e.data) < len(old.data)
	}
	return e.edges < old.edges
}

// corpus is the set of entries, in no particular but a deterministic order.
type corpus struct {
	entries []*entry
	byData  map[string]*entry // by encoding: an input is kept once
	lastID  uint64
}

// add gives e an id and a place.
func (c *corpus) add(e *entry) {
	c.lastID++
	e.id = c.lastID
	e.index = len(c.entries)
	c.entries = append(c.entries, e)
	c.byData[string(e.data)] = e
}

// remove takes e out; the last entry moves to its place.
func (c *corpus) remove(e *entry) {
	last := c.entries[len(c.entries)-1]
	c.entries[e.index] = last
	last.index = e.index
	c.entries[len(c.entries)-1] = nil
	c.entries = c.entries[:len(c.entries)-1]
	delete(c.byData, string(e.data))
	e.index = -1
}
