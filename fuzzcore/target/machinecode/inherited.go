package machinecode

import (
	"slices"
	"sort"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines inherited: rows of the line table that do not tell where a block's code
// comes from.
//
// A compiler that sets the line at each statement leaves what it makes between statements,
// at the beginning of a block, with the line of the statement that it made last, and that
// may be one of another branch: of an if with an else, the counter of the else has the last
// line of the then, and where both come together the last line of the else. Zig's is such a
// compiler; clang and rustc set the line of every instruction.

// inherited tells which rows say nothing of which blocks. A nil one has none.
type inherited struct {
	g    *graph
	rows []debuginfo.Row
	// counting is, for each block with a point, the row of the code that counts; -1 for
	// others.
	counting []int
	// first is, for each block, the first row with a line that begins in it; -1 if none does.
	first []int
	idom  []int
	// holders are, for the places of rows, the blocks that they reach into. Only of code
	// that is not optimized.
	holders map[debuginfo.Location][]int
}

func newInherited(g *graph, insts []inst, points []Point, rows []debuginfo.Row, config *Config) *inherited {
	counters := config.Counters
	if counters.Hi == counters.Lo || len(g.blocks) == 0 {
		return nil
	}
	h := &inherited{g: g, rows: rows, counting: make([]int, len(g.blocks)), first: make([]int, len(g.blocks)), idom: g.dominators()}
	for k := range h.counting {
		h.counting[k], h.first[k] = -1, -1
	}
	for _, p := range points {
		if k := g.holding(p.PC); k >= 0 && !p.Entry {
			h.counting[k] = h.rowAt(p.PC) // if the counter is not found
		}
	}
	for i := range insts {
		x := &insts[i]
		if x.data < counters.Lo || x.data >= counters.Hi {
			continue
		}
		if k := g.holding(x.pc); k >= 0 && h.counting[k] >= 0 {
			h.counting[k] = h.rowAt(x.pc)
		}
	}
	for i := len(rows) - 1; i >= 0; i-- {
		if k := g.holding(rows[i].Addr); k >= 0 && rows[i].Line > 0 {
			h.first[k] = i
		}
	}
	if config.Unoptimized {
		h.findHolders()
	}
	return h
}

// findHolders fills holders.
func (h *inherited) findHolders() {
	h.holders = map[debuginfo.Location][]int{}
	for k := range h.g.blocks {
		b := &h.g.blocks[k]
		for i := max(0, h.rowAt(b.lo)); i < len(h.rows) && h.rows[i].Addr < b.hi; i++ {
			at := h.rows[i].Location
			if blocks := h.holders[at]; len(blocks) == 0 || blocks[len(blocks)-1] != k {
				h.holders[at] = append(blocks, k)
			}
		}
	}
}

// rowAt returns the row in force at an address, -1 if none is.
func (h *inherited) rowAt(pc uint64) int {
	return sort.Search(len(h.rows), func(i int) bool { return h.rows[i].Addr > pc }) - 1
}

// meaning is what a row says of a block that it reaches into.
type meaning uint8

const (
	// tells: the block holds code of the row's place.
	tells meaning = iota
	// mayTell: perhaps it does.
	mayTell
	// saysNothing: it does not.
	saysNothing
)

// meaningOf returns what a row says of a block that it reaches into.
func (h *inherited) meaningOf(row, block int) meaning {
	switch {
	case h == nil:
		return tells
	case h.has(row, block):
		return saysNothing
	case h.holders != nil && h.first[block] == row && h.counting[block] != row && h.isLeftOver(row, block):
		return mayTell
	}
	return tells
}

// has reports whether a row says nothing of a block that it reaches into.
func (h *inherited) has(row, block int) bool {
	b := &h.g.blocks[block]
	switch {
	case h.counting[block] == row:
		// Column 0 is that of a function's head: where the function was inlined, its counter.
		return h.rows[row].Column != 0
	case h.rows[row].Addr < b.lo:
		// The code has no row of its own, and goes on with that of the block before it.
		return !slices.Contains(b.before, block-1) || h.meets(row, block)
	case h.first[block] == row:
		return h.meets(row, block)
	}
	return false
}

// meets reports whether ways come together at the beginning of a block, one of them with
// the same place at its end: the row may be what that way has left. If it was right, that
// way proves the line. A way that comes back, as in a loop, proves nothing.
func (h *inherited) meets(row, block int) bool {
	b := &h.g.blocks[block]
	return len(b.before) > 1 && slices.ContainsFunc(b.before, func(from int) bool {
		end := h.rowAt(h.g.blocks[from].hi - 1)
		return end >= 0 && h.rows[end].Location == h.rows[row].Location && !h.dominates(block, from)
	})
}

// isLeftOver reports whether the first row of a block is that of a statement elsewhere: of
// code that is not optimized, all of a statement is behind its beginning, but for what a
// defer repeats at each way out.
func (h *inherited) isLeftOver(row, block int) bool {
	return slices.ContainsFunc(h.holders[h.rows[row].Location], func(other int) bool {
		if other == block || h.dominates(other, block) || h.dominates(block, other) {
			return false
		}
		begins := h.first[other] >= 0 && h.rows[h.first[other]].Location == h.rows[row].Location
		return !begins || h.counting[other] >= 0 || h.leadsTo(other, block) && !h.leadsTo(block, other)
	})
}

// dominates reports whether every way to block b leads through block a.
func (h *inherited) dominates(a, b int) bool {
	for b >= 0 {
		if a == b {
			return true
		}
		b = h.idom[b]
	}
	return false
}

// leadsTo reports whether there is a way from block a to block b.
func (h *inherited) leadsTo(a, b int) bool {
	seen := make([]bool, len(h.g.blocks))
	for stack := []int{a}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at == b {
			return true
		}
		if !seen[at] {
			seen[at] = true
			stack = append(stack, h.g.blocks[at].next...)
		}
	}
	return false
}
