package frontier

import "math/bits"

// This file defines index: a map from sites to states that is asked for each recorded
// comparison. Sites are hashes already, so their low bits choose the slot.

// index is a hash table with linear probing. It does not grow.
type index struct {
	slots []slot // a power of two, at most half of them used
}

type slot struct {
	site uint32
	// at is the index of the site's state, or one of the values below.
	at int32
}

const (
	unused = -2 // the slot holds no site
	unseen = -1 // the site was not compared yet
)

// newIndex returns an index with room for n sites.
func newIndex(n int) index {
	slots := make([]slot, 1<<bits.Len(uint(2*n)))
	for i := range slots {
		slots[i].at = unused
	}
	return index{slots}
}

// find returns the slot of a site: one whose at is unused if it is not in the index.
func (x *index) find(site uint32) *slot {
	mask := uint32(len(x.slots) - 1)
	for i := site & mask; ; i = (i + 1) & mask {
		if s := &x.slots[i]; s.at == unused || s.site == site {
			return s
		}
	}
}

// add adds a site that was not compared yet.
func (x *index) add(site uint32) { *x.find(site) = slot{site, unseen} }
