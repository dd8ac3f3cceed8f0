package machinecode

import "slices"

// This file makes the proofs of lines of those of the blocks that hold their code.

func newProvedFunction(g *graph, proofs [][]uint32, whole bool) provedFunction {
	f := provedFunction{g: g, proofs: proofs, whole: whole}
	if whole {
		f.idom, f.ipdom = g.dominators(), g.postDominators()
	}
	return f
}

// prove adds what proves that one of the blocks ran, which hold the code of a line.
func (f *provedFunction) prove(at Place, blocks []int, lines Proofs) {
	var points []uint32
	for _, k := range blocks {
		points = append(points, f.proofs[k]...)
	}
	if f.whole && len(blocks) > 1 {
		points = append(points, f.g.together(blocks)...)
	}
	if !f.whole {
		if len(points) > 0 {
			lines.add(at, points)
		}
		return
	}
	proof := lines.add(at, points)
	proof.Unsure = proof.Unsure || slices.ContainsFunc(blocks, func(k int) bool { return !f.tells(k, points) })
}

// tells reports whether one of the points was hit if a block has run: whether it is the
// block's own or that of a block through which all ways to it or from it lead.
func (f *provedFunction) tells(block int, points []uint32) bool {
	if block < len(f.g.lost) && f.g.lost[block] {
		return true // it never runs
	}
	for _, above := range [][]int{f.idom, f.ipdom} {
		for k := block; k >= 0; k = above[k] {
			if slices.ContainsFunc(f.g.blocks[k].points, func(p uint32) bool { return slices.Contains(points, p) }) {
				return true
			}
		}
	}
	return false
}
