package debuginfo

import (
	"cmp"
	"container/heap"
	"slices"
	"sort"
)

// This file defines which line table owns an address.

// owner says that the addresses of a range belong to one line table.
type owner struct {
	addressRange
	table int32
}

// claim is an owner that other claims may overlap. The lowest rank wins.
type claim struct {
	addressRange
	rank, table int32
}

// settle turns claims into owners: sorted, disjoint, neighbours of one table
// joined. It sweeps over the addresses with the claims in force in a heap.
func settle(claims []claim) []owner {
	slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(a.lo, b.lo) })
	var owners []owner
	if disjoint(claims) {
		for _, c := range claims {
			owners = appendOwner(owners, owner{c.addressRange, c.table})
		}
		return owners
	}
	var active claimHeap
	var at uint64 // everything below is settled
	// advance settles the addresses up to end.
	advance := func(end uint64) {
		for len(active) > 0 && at < end {
			best := active[0]
			if best.hi <= at {
				heap.Pop(&active)
				continue
			}
			hi := min(best.hi, end)
			owners = appendOwner(owners, owner{addressRange{at, hi}, best.table})
			at = hi
		}
		at = end
	}
	for _, c := range claims {
		advance(c.lo)
		heap.Push(&active, c)
	}
	advance(noAddress)
	return owners
}

// disjoint reports whether no two of the sorted claims overlap.
func disjoint(claims []claim) bool {
	for i := 1; i < len(claims); i++ {
		if claims[i].lo < claims[i-1].hi {
			return false
		}
	}
	return true
}

// appendOwner appends o, or extends the last owner by it.
func appendOwner(owners []owner, o owner) []owner {
	if last := len(owners) - 1; last >= 0 && owners[last].table == o.table && owners[last].hi == o.lo {
		owners[last].hi = o.hi
		return owners
	}
	return append(owners, o)
}

// claimHeap has the claim of the lowest rank at its top.
type claimHeap []claim

func (h claimHeap) Len() int           { return len(h) }
func (h claimHeap) Less(i, j int) bool { return h[i].rank < h[j].rank }
func (h claimHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *claimHeap) Push(x any)        { *h = append(*h, x.(claim)) }
func (h *claimHeap) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	*h = (*h)[:last]
	return c
}

// find returns the index of the first owner at or after start whose end lies
// above addr: the one that holds addr, or the next one.
func find(owners []owner, start int, addr uint64) int {
	step := 1
	lo := start
	for lo+step < len(owners) && owners[lo+step].hi <= addr {
		lo += step
		step *= 2
	}
	hi := min(lo+step, len(owners))
	return lo + sort.Search(hi-lo, func(i int) bool { return owners[lo+i].hi > addr })
}
