package machinecode

// This file defines what points prove of several blocks together: of a line whose code the
// compiler has put into many.

// together returns points of which each one, if it was hit, proves that one of the blocks
// ran at least: those of blocks that cannot be reached without any of them, and of those
// that cannot be left without, as far as calls return. It looks no further than the nearest
// blocks that count.
func (g *graph) together(blocks []int) []uint32 {
	in := make([]bool, len(g.blocks))
	for _, k := range blocks {
		in[k] = true
	}
	before := func(k int) []int { return g.blocks[k].before }
	next := func(k int) []int { return g.blocks[k].next }
	var found []uint32
	for _, k := range g.nearest(blocks, in, before) {
		if !g.escapes(k, in, next, false) {
			found = append(found, g.blocks[k].points...)
		}
	}
	for _, k := range g.nearest(blocks, in, next) {
		if !g.escapes(k, in, before, true) {
			found = append(found, g.blocks[k].points...)
		}
	}
	return found
}

// nearest returns the blocks with points that are first on ways from blocks, against or
// along the flow of control.
func (g *graph) nearest(blocks []int, in []bool, ways func(int) []int) []int {
	var found []int
	seen := make([]bool, len(g.blocks))
	for stack := append([]int(nil), blocks...); len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, k := range ways(at) {
			if seen[k] || in[k] {
				continue
			}
			seen[k] = true
			if g.blocks[k].points != nil {
				found = append(found, k)
			} else {
				stack = append(stack, k)
			}
		}
	}
	return found
}

// escapes reports whether a way from a block leads out of the function or, if it is followed
// backwards, to where control enters it, past the blocks of a set.
func (g *graph) escapes(from int, in []bool, ways func(int) []int, backwards bool) bool {
	seen := make([]bool, len(g.blocks))
	for stack := []int{from}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[at] || in[at] {
			continue
		}
		seen[at] = true
		others := ways(at)
		if len(others) == 0 || backwards && at == 0 {
			return true
		}
		stack = append(stack, others...)
	}
	return false
}
