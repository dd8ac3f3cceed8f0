package debuginfo

import (
	"cmp"
	"slices"
)

// This file defines Sort.

// Sort returns the addresses in ascending order, and where each came from:
// sorted[i] is pcs[perm[i]]. Equal addresses keep their order. pcs is not changed.
func Sort(pcs []uint64) (sorted []uint64, perm []int) {
	type entry struct {
		pc uint64
		at int
	}
	entries := make([]entry, len(pcs))
	for i, pc := range pcs {
		entries[i] = entry{pc, i}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.pc, b.pc), cmp.Compare(a.at, b.at))
	})
	sorted = make([]uint64, len(pcs))
	perm = make([]int, len(pcs))
	for i, e := range entries {
		sorted[i], perm[i] = e.pc, e.at
	}
	return sorted, perm
}
