package engine

// This file remembers the inputs that were handed out and not yet observed.

// flight is what the engine remembers of one input between Next and Observe.
type flight struct {
	// known is set for the run of a known input and nil for a mutant.
	known *known
	// parent is the entry that a mutant was made of; nil for a substitution.
	parent *entry
	// patch is the substitution that a mutant is; nil if it was mutated at random.
	patch *patch
	// used has the bits of the mutators that made the mutant, by class of field.
	used [valueClasses]uint64
	// traced: the run records compares, and counters for the rarity of features.
	traced bool
}

// flights is a first-in first-out queue of flights, a ring that grows when the
// caller has more in flight than ever before.
type flights struct {
	ring       []flight // its length is a power of two
	head, tail uint32   // next to take, next to put; modulo the length
}

// push returns a cleared place for a new flight, valid until the next push.
func (q *flights) push() *flight {
	if int(q.tail-q.head) == len(q.ring) {
		q.grow()
	}
	f := &q.ring[q.tail&uint32(len(q.ring)-1)]
	q.tail++
	*f = flight{}
	return f
}

// pop returns the oldest flight, valid until the next push; nil if there is none.
func (q *flights) pop() *flight {
	if q.head == q.tail {
		return nil
	}
	f := &q.ring[q.head&uint32(len(q.ring)-1)]
	q.head++
	return f
}

func (q *flights) grow() {
	ring := make([]flight, max(2*len(q.ring), 64))
	n := uint32(0)
	for ; q.head != q.tail; q.head++ {
		ring[n] = q.ring[q.head&uint32(len(q.ring)-1)]
		n++
	}
	q.ring, q.head, q.tail = ring, 0, n
}
