package linemap

import "sort"

// This file joins the lines of two texts. Nearly always little has changed, so the equal
// lines at the beginning and at the end are taken off first. If the rest differs in few
// lines, these are found as in shortest.go. Otherwise it is joined as in Bram Cohen's
// patience diff: lines that occur exactly once in both texts are anchors, of which the
// most that are in order are kept, and what is between two anchors is joined in the same
// way. That takes n log n steps, whatever the texts, and depends on nothing but them:
// keystrokes cannot wait for a diff that takes n² steps in a rewritten file, and one that
// stops by the clock would make lines flicker.

// maxDepth bounds how often anchors are looked for between anchors. Every level costs
// time in proportion to the lines; real edits need two or three.
const maxDepth = 16

// Map joins the lines of b to those of the present text.
func (b *Built) Map(present Lines) *Map {
	n, m := b.Lines(), present.Lines()
	first := 0
	for first < min(n, m) && same(b.Line(first), present.Line(first)) {
		first++
	}
	last := 0
	for last < min(n, m)-first && same(b.Line(n-1-last), present.Line(m-1-last)) {
		last++
	}
	d := differ{built: b.hashes[first : n-last], present: make([]uint64, m-last-first), offset: first}
	for i := range d.present {
		d.present[i] = hash(present.Line(first + i))
	}
	d.runs = appendRun(d.runs, Run{0, 0, first})
	d.join(part{0, len(d.built), 0, len(d.present)}, 0)
	d.runs = appendRun(d.runs, Run{n - last, m - last, last})
	return &Map{runs: confirmed(d.runs, b, present), built: n, present: m}
}

// appendRun adds a run to the end, to the last run if it touches that.
func appendRun(runs []Run, r Run) []Run {
	if r.N == 0 {
		return runs
	}
	if i := len(runs) - 1; i >= 0 && runs[i].Built+runs[i].N == r.Built && runs[i].Present+runs[i].N == r.Present {
		runs[i].N += r.N
		return runs
	}
	return append(runs, r)
}

// confirmed returns the runs without lines that only have the same hash.
func confirmed(runs []Run, b *Built, present Lines) []Run {
	var out []Run
	for _, r := range runs {
		for i := range r.N {
			if same(b.Line(r.Built+i), present.Line(r.Present+i)) {
				out = appendRun(out, Run{r.Built + i, r.Present + i, 1})
			}
		}
	}
	return out
}

// differ joins the middle parts of two texts, given as hashes of lines.
type differ struct {
	built, present []uint64
	// offset is how many lines of either text are before the middle part.
	offset int
	// runs are in lines of the whole texts.
	runs []Run
}

// part is lines [b0, b1) of the built and [p0, p1) of the present middle part.
type part struct{ b0, b1, p0, p1 int }

func (d *differ) add(b, p, n int) {
	d.runs = appendRun(d.runs, Run{b + d.offset, p + d.offset, n})
}

// join adds the runs of a part, ascending.
func (d *differ) join(q part, depth int) {
	first := 0
	for q.b0+first < q.b1 && q.p0+first < q.p1 && d.built[q.b0+first] == d.present[q.p0+first] {
		first++
	}
	d.add(q.b0, q.p0, first)
	q.b0, q.p0 = q.b0+first, q.p0+first
	last := 0
	for q.b0 < q.b1-last && q.p0 < q.p1-last && d.built[q.b1-1-last] == d.present[q.p1-1-last] {
		last++
	}
	q.b1, q.p1 = q.b1-last, q.p1-last
	if q.b0 < q.b1 && q.p0 < q.p1 {
		d.between(q, depth)
	}
	d.add(q.b1, q.p1, last)
}

// between adds the runs of a part that neither begins nor ends with equal lines.
func (d *differ) between(q part, depth int) {
	if d.shortest(q) || depth == maxDepth {
		return
	}
	anchors := d.anchors(q)
	if len(anchors) == 0 {
		return
	}
	for _, a := range anchors {
		d.join(part{q.b0, a.b, q.p0, a.p}, depth+1)
		d.add(a.b, a.p, 1)
		q.b0, q.p0 = a.b+1, a.p+1
	}
	d.join(q, depth+1)
}

// pair is a line of the built and one of the present middle part.
type pair struct{ b, p int }

// anchors returns lines that occur once in both sides of a part: the most that are in
// the same order.
func (d *differ) anchors(q part) []pair {
	const none, repeated = -1, -2
	type place struct{ b, p int32 }
	lines := make(map[uint64]place, q.b1-q.b0)
	for b := q.b0; b < q.b1; b++ {
		s := place{int32(b), none}
		if _, ok := lines[d.built[b]]; ok {
			s.b = repeated
		}
		lines[d.built[b]] = s
	}
	for p := q.p0; p < q.p1; p++ {
		s, ok := lines[d.present[p]]
		if !ok || s.b == repeated {
			continue
		}
		if s.p == none {
			s.p = int32(p)
		} else {
			s.p = repeated
		}
		lines[d.present[p]] = s
	}
	var pairs []pair
	for b := q.b0; b < q.b1; b++ {
		if s := lines[d.built[b]]; s.b == int32(b) && s.p >= 0 {
			pairs = append(pairs, pair{b, int(s.p)})
		}
	}
	return ascending(pairs)
}

// ascending returns a longest subsequence of pairs, which ascend by b, that ascends by p,
// too. It sorts them onto piles as in the game of patience.
func ascending(pairs []pair) []pair {
	var piles []int                   // the pair on top of each pile
	before := make([]int, len(pairs)) // the pair on top of the pile to the left, when a pair was laid down
	for i, q := range pairs {
		pile := sort.Search(len(piles), func(k int) bool { return pairs[piles[k]].p > q.p })
		before[i] = -1
		if pile > 0 {
			before[i] = piles[pile-1]
		}
		if pile == len(piles) {
			piles = append(piles, i)
		} else {
			piles[pile] = i
		}
	}
	out := make([]pair, len(piles))
	if len(piles) == 0 {
		return out
	}
	for i, k := piles[len(piles)-1], len(piles)-1; i >= 0; i, k = before[i], k-1 {
		out[k] = pairs[i]
	}
	return out
}
