package engine

// This file follows what the mutators yield and chooses them accordingly.

const (
	// retuneEvery is how many mutants pass between two adjustments of the
	// mutators' shares: enough that the counts mean something.
	retuneEvery = 1 << 14
	// tableSize is the number of places shared out among the mutators of a kind;
	// a place is chosen by 8 random bits.
	tableSize = 256
	// maxMutators bounds the mutators: each has one bit in flight.used.
	maxMutators = 64
)

// yield counts uses and finds of each mutator and holds the resulting shares.
// It is a bandit in the manner of MOpt (Lyu et al., "MOPT: Optimized mutation
// scheduling for fuzzers") with a floor: no mutator falls below a fifth of an
// equal share, because what a target needs changes with depth.
type yield struct {
	uses, finds [maxMutators]uint32
	tables      [3][tableSize]uint8 // by Kind
	countdown   int
}

func newYield() yield {
	y := yield{countdown: retuneEvery}
	y.share()
	return y
}

// pick chooses a mutator for a field of the kind by the low bits of r.
func (y *yield) pick(kind Kind, r uint64) int { return int(y.tables[kind][r%tableSize]) }

// used counts one application.
func (y *yield) used(op int) { y.uses[op]++ }

// found credits every mutator that took part in a find.
func (y *yield) found(used uint64) {
	for op := range mutators {
		if used>>op&1 != 0 {
			y.finds[op]++
		}
	}
}

// tick counts one mutant and adjusts the shares when it is time.
func (y *yield) tick() {
	if y.countdown--; y.countdown > 0 {
		return
	}
	y.countdown = retuneEvery
	y.share()
	for op := range mutators { // the past counts half as much each time
		y.uses[op] /= 2
		y.finds[op] /= 2
	}
}

// share fills the tables: a fifth of the places equally, the rest by finds per use.
func (y *yield) share() {
	for kind := range y.tables {
		var ops []int
		var total uint64
		var rates [maxMutators]uint64
		for op, m := range mutators {
			if m.kind != Kind(kind) {
				continue
			}
			ops = append(ops, op)
			rates[op] = y.rate(op)
			total += rates[op]
		}
		place := 0
		for i, op := range ops {
			// Cumulative rounding: the places always add up to the whole table.
			var sum uint64
			for _, earlier := range ops[:i+1] {
				sum += rates[earlier]
			}
			end := tableSize/5*(i+1)/len(ops) + int(uint64(tableSize-tableSize/5)*sum/total)
			for ; place < end; place++ {
				y.tables[kind][place] = uint8(op)
			}
		}
	}
}

// rate is a mutator's finds per use, scaled; one find in 2¹⁰ uses is assumed
// before anything is known.
func (y *yield) rate(op int) uint64 {
	const scale = 1 << 20
	return scale * (uint64(y.finds[op]) + 1) / (uint64(y.uses[op]) + 1<<10)
}
