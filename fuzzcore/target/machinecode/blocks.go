package machinecode

import (
	"slices"
	"sort"
)

// This file defines the control flow of a function's machine code: basic blocks, and what
// a block that was hit tells of others.

// block is a basic block: instructions that run one after the other.
type block struct {
	lo, hi uint64
	// next and before are the numbers of the blocks that control goes to and comes from.
	next, before []int
	// points are the points whose counters the block counts.
	points []uint32
	// trap: it ends with what never goes on: an instruction that traps, or a call that
	// never returns.
	trap bool
}

// graph is the blocks of one function, in the order of their addresses.
type graph struct {
	blocks []block
	// lost are the blocks that lead to traps only; nil until withoutTraps.
	lost []bool
}

// newGraph finds the blocks of decoded code. starts are addresses, in order, at which
// blocks begin beside those that the code itself tells: the places of points. noReturn
// tells which functions, by their address, never return. targets returns where the jump with
// that number leads by a table, false if that is not known; if it is nil, tables are not
// read.
func newGraph(insts []inst, starts []uint64, noReturn func(addr uint64) bool, targets func(int) ([]uint64, bool)) *graph {
	if len(insts) == 0 {
		return &graph{}
	}
	lo, hi := insts[0].pc, insts[len(insts)-1].next
	leaders := append([]uint64{lo}, starts...)
	ends := map[uint64]bool{} // addresses of instructions after which nothing follows
	tables := map[uint64]table{}
	for i := range insts {
		x := &insts[i]
		switch {
		case x.flow == flowNext:
			continue
		case x.flow == flowCall:
			if !noReturn(x.target) {
				continue
			}
			ends[x.pc] = true
		case x.flow == flowJump && noReturn(x.target):
			ends[x.pc] = true
		case x.target >= lo && x.target < hi:
			leaders = append(leaders, x.target)
		case x.flow == flowIndirect && targets != nil:
			to, known := targets(i)
			tables[x.pc] = table{to, known}
			leaders = append(leaders, to...)
		}
		leaders = append(leaders, x.next)
	}
	slices.Sort(leaders)
	leaders = slices.Compact(leaders)
	g := &graph{}
	for i, at := range leaders {
		end := hi
		if i+1 < len(leaders) {
			end = leaders[i+1]
		}
		if at >= lo && at < end {
			g.blocks = append(g.blocks, block{lo: at, hi: end})
		}
	}
	g.connect(insts, ends, tables)
	return g
}

// table is where an indirect jump leads.
type table struct {
	targets []uint64
	known   bool
}

// connect fills in where control goes.
func (g *graph) connect(insts []inst, ends map[uint64]bool, tables map[uint64]table) {
	var indirect []int
	at := 0
	for i := range g.blocks {
		b := &g.blocks[i]
		for at < len(insts) && insts[at].next < b.hi {
			at++
		}
		if at == len(insts) {
			break
		}
		last := &insts[at]
		switch {
		case ends[last.pc] || last.flow == flowTrap:
			b.trap = true
		case last.flow == flowStop:
		case last.flow == flowIndirect && tables[last.pc].known:
			for _, target := range tables[last.pc].targets {
				g.edge(i, g.at(target))
			}
		case last.flow == flowIndirect:
			indirect = append(indirect, i)
		default:
			if last.flow == flowJump || last.flow == flowBranch {
				g.edge(i, g.at(last.target))
			}
			if last.flow != flowJump && i+1 < len(g.blocks) {
				g.edge(i, i+1)
			}
		}
	}
	// What tables lead to that are not read is, of the blocks that nothing else leads to,
	// those that count: every case of a switch does. Where tables are read, cases need not
	// count, and one that could not be read may lead anywhere.
	if len(indirect) == 0 {
		return
	}
	anywhere := len(tables) > 0
	for i := 1; i < len(g.blocks); i++ {
		if anywhere || len(g.blocks[i].before) == 0 {
			for _, from := range indirect {
				g.edge(from, i)
			}
		}
	}
}

// withoutTraps removes the ways to blocks that lead to traps only: for runs that are known
// to have come to their end.
func (g *graph) withoutTraps() {
	lost := make([]bool, len(g.blocks))
	for changed := true; changed; {
		changed = false
		for i := range g.blocks {
			b := &g.blocks[i]
			all := len(b.next) > 0 && !slices.ContainsFunc(b.next, func(k int) bool { return !lost[k] })
			if !lost[i] && (b.trap || all) {
				lost[i], changed = true, true
			}
		}
	}
	if len(g.blocks) > 0 && lost[0] {
		return // it never returns
	}
	g.lost = lost
	for i := range g.blocks {
		b := &g.blocks[i]
		if lost[i] {
			b.before = slices.DeleteFunc(b.before, func(k int) bool { return !lost[k] })
			continue
		}
		b.next = slices.DeleteFunc(b.next, func(k int) bool { return lost[k] })
	}
}

func (g *graph) edge(from, to int) {
	if to < 0 || slices.Contains(g.blocks[from].next, to) {
		return
	}
	g.blocks[from].next = append(g.blocks[from].next, to)
	g.blocks[to].before = append(g.blocks[to].before, from)
}

// at returns the number of the block that begins at an address, -1 if none does.
func (g *graph) at(pc uint64) int {
	i := sort.Search(len(g.blocks), func(i int) bool { return g.blocks[i].lo >= pc })
	if i < len(g.blocks) && g.blocks[i].lo == pc {
		return i
	}
	return -1
}

// holding returns the number of the block that holds an address, -1 if none does.
func (g *graph) holding(pc uint64) int {
	i := sort.Search(len(g.blocks), func(i int) bool { return g.blocks[i].hi > pc })
	if i < len(g.blocks) && g.blocks[i].lo <= pc {
		return i
	}
	return -1
}

// proofs returns, for each block, the points of which each one, if it was hit, proves that
// the block ran. A block that counts has its own; for others, they are those of the blocks
// that cannot be reached without it (it dominates them) and of those that cannot be left
// without it (it post-dominates them), as far as calls return.
func (g *graph) proofs() [][]uint32 {
	out := make([][]uint32, len(g.blocks))
	counted := 0
	for i := range g.blocks {
		if out[i] = g.blocks[i].points; out[i] != nil {
			counted++
		}
	}
	if counted == 0 || counted == len(g.blocks) {
		return out
	}
	below := make([][]int, len(g.blocks)) // what proves a block, in one step
	for i, d := range g.dominators() {
		if d >= 0 && d != i {
			below[d] = append(below[d], i)
		}
	}
	for i, d := range g.postDominators() {
		if d >= 0 && d != i {
			below[d] = append(below[d], i)
		}
	}
	seen := make([]int, len(g.blocks)) // the number of the search that has been here
	for i := range g.blocks {
		if out[i] != nil {
			continue
		}
		var found []uint32
		for queue := []int{i}; len(queue) > 0; {
			at := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			if seen[at] == i+1 {
				continue
			}
			seen[at] = i + 1
			if points := g.blocks[at].points; points != nil {
				found = append(found, points...)
				continue
			}
			queue = append(queue, below[at]...)
		}
		slices.Sort(found)
		out[i] = slices.Compact(found)
	}
	return out
}
