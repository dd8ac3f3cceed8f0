package engine

import (
	"encoding/binary"
	"math/bits"
)

// This file turns edge counters into features and remembers, for each feature,
// the best input that has it.

// A feature is an edge together with the bucket of its hit count: edge*buckets
// + bucket. A loop that runs more often than any before is a find like a new
// edge is.
type feature = uint32

// buckets is the number of hit-count classes: 1, 2, 3, 4–7, 8–15, 16–31,
// 32–127 and 128 or more, those of AFL and libFuzzer. The executor's seen map
// has one bit for each.
const buckets = 8

// BucketOf maps a hit count to its bucket; the entry for 0 has no meaning.
var BucketOf = func() (table [256]uint8) {
	for count := range table {
		switch {
		case count < 4:
			table[count] = uint8(max(count-1, 0))
		case count < 32:
			table[count] = uint8(bits.Len(uint(count)))
		case count < 128:
			table[count] = 6
		default:
			table[count] = 7
		}
	}
	return table
}()

// featureTable is the engine's own record of what was ever confirmed.
type featureTable struct {
	// best holds the entry that is best for a feature, nil if the feature was
	// never confirmed.
	best []*entry
	// hits counts sampled runs that had the feature: the base of rarity.
	hits []uint32
	// seen lists the features that have a best entry, in order of discovery.
	seen []feature
	// edges is the number of distinct edges among seen.
	edges int
}

func newFeatureTable(edges int) featureTable {
	return featureTable{
		best: make([]*entry, edges*buckets),
		hits: make([]uint32, edges*buckets),
	}
}

// collect appends the features of one run's counters. Counters beyond the
// configured number of edges are ignored.
func (t *featureTable) collect(counters []byte, out []feature) []feature {
	counters = counters[:min(len(counters), len(t.best)/buckets)]
	i := 0
	for ; i+8 <= len(counters); i += 8 {
		word := binary.LittleEndian.Uint64(counters[i:])
		for word != 0 {
			k := bits.TrailingZeros64(word) / 8
			count := uint8(word >> (8 * k))
			out = append(out, uint32(i+k)*buckets+uint32(BucketOf[count]))
			word &^= 0xff << (8 * k)
		}
	}
	for ; i < len(counters); i++ {
		if counters[i] != 0 {
			out = append(out, uint32(i)*buckets+uint32(BucketOf[counters[i]]))
		}
	}
	return out
}

// sample counts one run's features towards their rarity.
func (t *featureTable) sample(features []feature) {
	for _, f := range features {
		t.hits[f]++
	}
}

// rarity is what a feature adds to the rarity of its best entry: less, the more
// sampled runs had it.
func (t *featureTable) rarity(f feature) uint64 { return rarityUnit / (1 + uint64(t.hits[f])) }

// known reports whether an edge has a best entry in any bucket.
func (t *featureTable) known(edge feature) bool {
	for _, e := range t.best[edge*buckets : (edge+1)*buckets] {
		if e != nil {
			return true
		}
	}
	return false
}

// improves reports whether e would be the best entry for any of the features.
func (t *featureTable) improves(e *entry, features []feature) bool {
	for _, f := range features {
		if e.better(t.best[f]) {
			return true
		}
	}
	return false
}

// take makes e the best entry of every feature that it improves. It returns how
// many of them were never confirmed before, and appends the entries that lost
// their last feature.
func (t *featureTable) take(e *entry, features []feature, losers []*entry) (int, []*entry) {
	found := 0
	for _, f := range features {
		old := t.best[f]
		if !e.better(old) {
			continue
		}
		if old == nil {
			found++
			if !t.known(f / buckets) {
				t.edges++
			}
			t.seen = append(t.seen, f)
		} else {
			old.rarity -= min(old.rarity, t.rarity(f))
			if old.owned--; old.owned == 0 {
				losers = append(losers, old)
			}
		}
		t.best[f] = e
		e.owned++
		e.rarity += t.rarity(f)
	}
	return found, losers
}
