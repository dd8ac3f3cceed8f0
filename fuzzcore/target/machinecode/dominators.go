package machinecode

// This file computes dominators, by Cooper, Harvey and Kennedy, "A Simple, Fast Dominance
// Algorithm" (2001).

// dominators returns the immediate dominator of each block: the last block through which
// every way from an entry to it leads. It is -1 for entries: the function's, and blocks
// that nothing is known to lead to, such as those that exceptions enter.
func (g *graph) dominators() []int {
	n := len(g.blocks)
	root := n // a block of its own, before the entries
	entries := []int{0}
	for i := 1; i < n; i++ {
		if len(g.blocks[i].before) == 0 {
			entries = append(entries, i)
		}
	}
	isEntry := make([]bool, n)
	for _, i := range entries {
		isEntry[i] = true
	}
	next := func(i int) []int {
		if i == root {
			return entries
		}
		return g.blocks[i].next
	}
	before := func(i int) []int {
		if i == root {
			return nil
		}
		if isEntry[i] {
			return append([]int{root}, g.blocks[i].before...)
		}
		return g.blocks[i].before
	}
	return withoutRoot(dominate(n+1, root, next, before), root)
}

// withoutRoot replaces a root that is no block.
func withoutRoot(idom []int, root int) []int {
	for i, d := range idom {
		if d == root {
			idom[i] = -1
		}
	}
	return idom[:root]
}

// postDominators returns the immediate post-dominator of each block: the first block
// through which every way from it out of the function leads. It is -1 if there is none, or
// no way out.
func (g *graph) postDominators() []int {
	n := len(g.blocks)
	exit := n // a block of its own, behind those that have nothing behind them
	var exits []int
	for i := range g.blocks {
		if len(g.blocks[i].next) == 0 {
			exits = append(exits, i)
		}
	}
	next := func(i int) []int {
		if i == exit {
			return exits
		}
		return g.blocks[i].before
	}
	before := func(i int) []int {
		if i != exit && len(g.blocks[i].next) == 0 {
			return []int{exit}
		}
		if i == exit {
			return nil
		}
		return g.blocks[i].next
	}
	return withoutRoot(dominate(n+1, exit, next, before), exit)
}

// dominate computes the immediate dominators of n nodes from the root.
func dominate(n, root int, next, before func(int) []int) []int {
	order, position := postOrder(n, root, next)
	idom := make([]int, n)
	for i := range idom {
		idom[i] = -1
	}
	idom[root] = root
	for changed := true; changed; {
		changed = false
		for k := len(order) - 2; k >= 0; k-- { // reverse post-order, without the root
			i := order[k]
			best := -1
			for _, p := range before(i) {
				if idom[p] < 0 {
					continue
				}
				if best < 0 {
					best = p
					continue
				}
				for p != best {
					for position[p] < position[best] {
						p = idom[p]
					}
					for position[best] < position[p] {
						best = idom[best]
					}
				}
			}
			if best >= 0 && idom[i] != best {
				idom[i], changed = best, true
			}
		}
	}
	return idom
}

// postOrder returns the nodes that the root leads to, each after those that it leads to,
// and their positions in that order; -1 for others.
func postOrder(n, root int, next func(int) []int) (order, position []int) {
	position = make([]int, n)
	seen := make([]bool, n)
	for i := range position {
		position[i] = -1
	}
	type visit struct{ node, child int }
	stack := []visit{{root, 0}}
	seen[root] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if children := next(top.node); top.child < len(children) {
			child := children[top.child]
			top.child++
			if !seen[child] {
				seen[child] = true
				stack = append(stack, visit{child, 0})
			}
			continue
		}
		position[top.node] = len(order)
		order = append(order, top.node)
		stack = stack[:len(stack)-1]
	}
	return order, position
}
