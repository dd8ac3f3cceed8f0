package worker

import "math/rand/v2"

// This file defines which fuzz test a worker turns to next. The weights are those
// of Zig's fuzzer: tests that are new or have just found something come first,
// the others by the recency of their last find and by what they reach.

// newBatches is for how many batches without a find a fuzz test counts as new.
const newBatches = 16

// hopState is what the choice of the next fuzz test depends on.
type hopState struct {
	batches   uint64 // batches of this test
	turn      uint64 // number of its last batch, of all tests
	sinceFind int    // batches of this test since its last find
	lastFind  uint64 // number of the batch of the last find, of all tests
	covered   int    // points this test has covered
	waiting   bool   // inputs from peers are waiting
	done      bool   // the limit is used up
}

func (s *hopState) isNew() bool { return s.sinceFind < newBatches || s.waiting }

// pick returns the index of the test to run next, or -1 when all are done. Before
// anything is preferred everything is tried once, by each instance in another order.
func pick(rng *rand.Rand, tests []*hopState, instance uint64) int {
	for i := range tests {
		at := (uint64(i) + instance) % uint64(len(tests))
		if s := tests[at]; s.batches == 0 && !s.done {
			return int(at)
		}
	}
	var live, fresh []int
	for i, s := range tests {
		if s.done {
			continue
		}
		live = append(live, i)
		if s.isNew() {
			fresh = append(fresh, i)
		}
	}
	if len(live) == 0 {
		return -1
	}
	if len(fresh) > 0 && rng.IntN(8) != 0 {
		return fresh[rng.IntN(len(fresh))]
	}
	weight := func(s *hopState) uint64 { return max(s.lastFind, 1) }
	if rng.IntN(4) == 0 {
		weight = func(s *hopState) uint64 { return max(uint64(s.covered), 1) }
	}
	return weighted(rng, tests, live, weight)
}

func weighted(rng *rand.Rand, tests []*hopState, live []int, weight func(*hopState) uint64) int {
	var total uint64
	for _, i := range live {
		total += weight(tests[i])
	}
	r := rng.Uint64N(total)
	for _, i := range live {
		w := weight(tests[i])
		if r < w {
			return i
		}
		r -= w
	}
	return live[len(live)-1]
}
