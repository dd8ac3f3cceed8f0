package linemap

import "slices"

// This file finds the fewest lines to remove and insert, if they are few: the greedy
// algorithm of Eugene W. Myers, "An O(ND) Difference Algorithm and Its Variations"
// (1986), which takes steps in proportion to the lines, and to the square of how many
// differ.

// maxEdits bounds how many lines may differ: more than a person changes in a file between
// two builds, while looking in vain for so few costs less than looking for anchors.
const maxEdits = 512

// shortest adds the runs of a part that differs in at most maxEdits lines; otherwise it
// adds nothing and returns false.
//
// After d removals and insertions, reach[k] is how many lines of the built part have been
// read at most if k more of them than of the present part have.
func (d *differ) shortest(q part) bool {
	built, present := d.built[q.b0:q.b1], d.present[q.p0:q.p1]
	if diff := len(built) - len(present); max(diff, -diff) > maxEdits {
		return false
	}
	limit := min(maxEdits, len(built)+len(present))
	reach := make([]int32, 2*limit+3)
	var before [][]int32 // copies of reach[-d:d+1] before each round
	for edits := 0; edits <= limit; edits++ {
		before = append(before, slices.Clone(reach[limit+1-edits-1:limit+1+edits+2]))
		for k := -edits; k <= edits; k += 2 {
			b := step(reach[limit+1+k-1], reach[limit+1+k+1], k, edits)
			p := b - k
			for b >= 0 && p >= 0 && b < len(built) && p < len(present) && built[b] == present[p] {
				b, p = b+1, p+1
			}
			reach[limit+1+k] = int32(b)
			if b >= len(built) && p >= len(present) {
				d.trace(q, before, k)
				return true
			}
		}
	}
	return false
}

// step returns how many built lines have been read on diagonal k at the beginning of a
// round, from what the diagonals below and above had reached: either one line more is
// removed, or one is inserted.
func step(below, above int32, k, edits int) int {
	if k == -edits || k != edits && below < above {
		return int(above)
	}
	if edits == 0 {
		return 0
	}
	return int(below) + 1
}

// trace adds the runs on the way that ends on diagonal k after len(before)-1 edits. It
// is followed from the end, so the runs are turned around.
func (d *differ) trace(q part, before [][]int32, k int) {
	b := q.b1 - q.b0
	var runs []Run
	for edits := len(before) - 1; edits >= 0; edits-- {
		reach := func(k int) int32 { return before[edits][k+edits+1] }
		from := step(reach(k-1), reach(k+1), k, edits)
		runs = append(runs, Run{q.b0 + from, q.p0 + from - k, b - from})
		b = from
		if k == -edits || k != edits && reach(k-1) < reach(k+1) {
			k++
		} else {
			k, b = k-1, b-1
		}
	}
	for _, r := range slices.Backward(runs) {
		d.add(r.Built, r.Present, r.N)
	}
}
