package engine

// This file follows what the mutators yield and chooses them accordingly.

const (
	// retuneEvery is how many mutants pass between two adjustments of the
	// mutators' shares: enough that the counts mean something.
	retuneEvery = 1 << 14
	// tableSize is the number of places shared out among the mutators of a kind;
	// a place is chosen by 8 random bits.
	tableSize = 256
	// floorPlaces are shared equally: a fifth.
	floorPlaces = tableSize / 5
	// maxMutators bounds the mutators: each has one bit in flight.used.
	maxMutators = 64
)

// yield counts uses and finds of each mutator and holds the resulting shares.
// It is a bandit in the manner of MOpt (Lyu et al., "MOPT: Optimized mutation
// scheduling for fuzzers") with a floor: no mutator falls below a fifth of an
// equal share, because what a target needs changes with depth.
type yield struct {
	uses, finds [valueClasses][maxMutators]uint32
	tables      [valueClasses][tableSize]uint8
}

func newYield() yield {
	var y yield
	y.share()
	return y
}

// valueClass is what one set of shares is for: a Kind, or textClass for strings.
type valueClass = Kind

const (
	textClass    valueClass = Bytes + 1
	valueClasses            = textClass + 1
)

// class returns the field's class.
func (f Field) class() valueClass {
	if f.Kind == Bytes && f.Text {
		return textClass
	}
	return f.Kind
}

// pick chooses a mutator for a field of the class by the low bits of r.
func (y *yield) pick(class valueClass, r uint64) int { return int(y.tables[class][r%tableSize]) }

// found credits every mutator that took part in a find.
func (y *yield) found(class valueClass, used uint64) {
	for op := range mutators {
		if used>>op&1 != 0 {
			y.finds[class][op]++
		}
	}
}

// retune adjusts the shares.
func (y *yield) retune() {
	y.share()
	for class := range y.uses { // the past counts half as much each time
		for op := range mutators {
			y.uses[class][op] /= 2
			y.finds[class][op] /= 2
		}
	}
}

// share fills the tables: a fifth of the places equally, the rest by finds per use.
func (y *yield) share() {
	for class := range valueClasses {
		var ops []int
		var total uint64
		var sums []uint64 // of the rates up to and with each op
		for op, m := range mutators {
			if m.kind != min(class, Bytes) {
				continue
			}
			total += y.rate(class, op)
			ops, sums = append(ops, op), append(sums, total)
		}
		place := 0
		for i, op := range ops {
			// Cumulative rounding: the places always add up to the whole table.
			end := floorPlaces*(i+1)/len(ops) + int((tableSize-floorPlaces)*sums[i]/total)
			for ; place < end; place++ {
				y.tables[class][place] = uint8(op)
			}
		}
	}
}

// rate is a mutator's finds per use, scaled; before anything is known, finds in
// proportion to the mutator's prior are assumed.
func (y *yield) rate(class valueClass, op int) uint64 {
	const scale = 1 << 20
	prior := uint64(1)
	if class == textClass {
		prior = uint64(mutators[op].text)
	}
	return scale * (4*uint64(y.finds[class][op]) + prior) / (4*uint64(y.uses[class][op]) + 1<<12)
}
