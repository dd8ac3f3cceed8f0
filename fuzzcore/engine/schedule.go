package engine

import "math/bits"

// This file chooses the entry that the next mutants are made of.
//
// An entry's weight grows with the rarity of the features it is best for, and
// falls with its cost, with the time of its run where that is unusual, and with the number of mutants it had in vain. The idea
// is that of Entropic (Böhme, Manès, Cha: "Boosting fuzzer efficiency") and
// AFLFast; the formula is simpler because only a sample of the runs reports its
// counters.

const (
	// burst is how many mutants in a row one choice serves: it spreads the cost
	// of choosing and keeps the parent in the cache.
	burst = 8
	// patience is how many mutants an entry gets before its weight has halved:
	// about the number of distinct one-step edits of a short input.
	patience = 256
	// minReckon and maxReckon are how many mutants pass between two reckonings of
	// rarity: at first few, doubling. A reckoning visits every known feature, so
	// at 2¹³ it costs a mutant about a nanosecond for ten thousand features.
	minReckon, maxReckon = 1 << 8, 1 << 13
	// rarityUnit is what one feature that no sampled run ever hit adds to rarity.
	rarityUnit = 1 << 16
	// weightUnit scales weights so that integer division loses little.
	weightUnit = 1 << 12
)

// schedule is a Fenwick tree over the weights of the entries: choosing and
// changing a weight take a step for each bit of the number of entries.
type schedule struct {
	tree  []uint64 // 1-based; tree[i] is the sum of the (i & -i) weights up to i
	total uint64
	cost  uint64 // sum of the entries' costs

	timed uint64 // number of entries whose time is known
	scale uint64 // sum of the binary logarithms of their times
}

// grow makes room for n entries.
func (s *schedule) grow(n int) {
	for i := len(s.tree); i <= n; i++ {
		if i == 0 {
			s.tree = append(s.tree, 0)
			continue
		}
		sum := uint64(0)
		for j := i - 1; j > i-i&-i; j -= j & -j {
			sum += s.tree[j]
		}
		s.tree = append(s.tree, sum)
	}
}

// set changes the weight at index from old to weight.
func (s *schedule) set(index int, old, weight uint64) {
	s.total += weight - old
	for i := index + 1; i < len(s.tree); i += i & -i {
		s.tree[i] += weight - old
	}
}

// find returns the index that holds the target-th unit of weight; target must
// be less than the total.
func (s *schedule) find(target uint64) int {
	pos := 0
	for step := 1 << (bits.Len(uint(len(s.tree)-1)) - 1); step > 0; step >>= 1 {
		if next := pos + step; next < len(s.tree) && s.tree[next] <= target {
			target -= s.tree[next]
			pos = next
		}
	}
	return pos
}

// cost stands for the time a run of e takes where that is unknown or usual: edges hit
// and bytes to make and parse.
func (e *entry) cost() uint64 { return 64 + uint64(e.edges) + uint64(len(e.data)) }

// slowFactor is how much longer than usual a run must take to count as slow: below, its
// time is mostly that of the machine and of recording.
const slowFactor = 8

// count adds an entry's time to what is usual, or takes it away.
func (s *schedule) count(n *entry, by int) {
	s.cost += uint64(by) * n.cost()
	if n.nanos > 0 {
		s.timed += uint64(by)
		s.scale += uint64(by * bits.Len32(n.nanos))
	}
}

// slowness tells how many times longer than what is just not slow a run of n takes; 1
// for most. What is usual is a geometric mean: one that takes a second, because it clears
// a gigabyte, hardly changes it.
func (s *schedule) slowness(n *entry) uint64 {
	if n.nanos == 0 {
		return 1
	}
	usual := uint64(1) << (s.scale / s.timed)
	return max(1, uint64(n.nanos)/(slowFactor*usual))
}

// enter adds a new entry.
func (e *Engine) enter(n *entry) {
	e.corpus.add(n)
	e.schedule.grow(len(e.corpus.entries))
	e.schedule.count(n, 1)
	e.reweigh(n)
}

// leave removes an entry; the one that takes its place takes its weight along.
func (e *Engine) leave(n *entry) {
	index := n.index
	e.schedule.count(n, -1)
	e.setWeight(n, 0)
	last := e.corpus.entries[len(e.corpus.entries)-1]
	weight := last.weight
	e.setWeight(last, 0)
	e.corpus.remove(n)
	if last != n {
		e.schedule.set(index, 0, weight)
		last.weight = weight
	}
}

func (e *Engine) setWeight(n *entry, weight uint64) {
	e.schedule.set(n.index, n.weight, weight)
	n.weight = weight
}

// reweigh computes an entry's weight anew.
func (e *Engine) reweigh(n *entry) {
	rarity := sqrt(n.rarity + rarityUnit/256)
	mean := e.schedule.cost / uint64(len(e.corpus.entries))
	// A run cheaper than the mean is worth up to 4 of them, a dearer one at least ¼.
	price := min(max(16*mean/n.cost(), 4), 64)
	weight := weightUnit * rarity * price / (patience + uint64(n.picks)) / e.schedule.slowness(n)
	if n.owned == 0 {
		weight /= 8 // a seed that smaller inputs have replaced
	}
	e.setWeight(n, max(weight, 1))
}

// choose returns the parent of the next mutant.
func (e *Engine) choose() *entry {
	if e.parent != nil && e.parent.index >= 0 && e.burst > 0 {
		e.burst--
		return e.parent
	}
	if len(e.corpus.entries) == 0 {
		return e.origin
	}
	n := e.corpus.entries[e.schedule.find(lessThan(e.rng.next(), e.schedule.total))]
	n.picks += burst
	if n.picks&(patience/4-1) < burst {
		e.reweigh(n)
	}
	e.parent, e.burst = n, burst-1
	return n
}

// reckon computes rarity and weight of all entries from the features' sampled
// frequencies.
func (e *Engine) reckon() {
	for _, n := range e.corpus.entries {
		n.rarity = 0
	}
	for _, f := range e.features.seen {
		e.features.best[f].rarity += e.features.rarity(f)
	}
	for _, n := range e.corpus.entries {
		e.reweigh(n)
	}
}

// sqrt returns the integer square root, the same on every machine.
func sqrt(x uint64) uint64 {
	if x == 0 {
		return 0
	}
	r := uint64(1) << ((bits.Len64(x) + 1) / 2)
	for {
		next := (r + x/r) / 2
		if next >= r {
			return r
		}
		r = next
	}
}
