package debuginfo

import (
	"encoding/binary"
	"fmt"
)

// This file defines entryWalk, one pass over the entries of a unit that finds the
// innermost function or inlined call for each of its addresses.

// walkNode is a function or an inlined call with addresses of its own, while its
// unit is walked.
type walkNode struct {
	parent int32 // the node that it is inlined into, -1 for none
	// used is true once it or a node inlined into it holds one of the addresses.
	used bool
	// hasFile is false if the entry does not say which file the call is in.
	hasFile bool
	// The place of the call; file is an index into the unit's line table.
	file, line, column uint32
	// origin is the entry that names it, as an offset of .debug_info.
	origin entryRef
	// entry is the address where it is entered.
	entry uint64
}

// scope is an open entry during a walk.
type scope struct {
	node int32 // the innermost node around its children, -1 for none
	// own is true if node is the entry's own.
	own bool
	// inFunction is true inside of functions, even of those without addresses.
	inFunction bool
	// empty is true inside of functions that hold none of the addresses: calls inlined
	// into them hold none either, but functions in them can.
	empty bool
}

const (
	// maxDepth bounds the nesting of entries. Real ones stay below a few hundred.
	maxDepth = 1 << 16
	// paintsPerAddress and paintsPerByte bound how often the addresses of a unit may
	// be claimed by nested or overlapping functions; calls are inlined some ten deep.
	paintsPerAddress = 256
	paintsPerByte    = 4
	// walkCheck is how many entries are walked between two looks at the context:
	// about a millisecond.
	walkCheck = 1 << 15
)

// entryWalk is the state of a walk. Its memory is reused from unit to unit.
type entryWalk struct {
	unit   *unit
	table  *abbrevTable
	ranges *rangeReader
	pcs    []uint64 // of the unit, sorted
	// innermost is, for each address, the number of its node, -1 for none.
	innermost []int32
	// nodes are those that hold addresses, and while walking the open ones.
	nodes []walkNode
	stack []scope
	hint  int // where the last search in pcs ended
	// budget is how many more claims of addresses are accepted.
	budget int
	// problem is the first list of addresses that could not be read.
	problem *FormatError
	// function, if not nil, is called with the addresses of each function.
	function func(addressRange)
	// stopped is asked every walkCheck entries.
	stopped func() bool
}

// walk goes through the entries of w.unit. The walk skips what cannot hold code
// where the entry says how far to jump (DW_AT_sibling, which GCC writes).
func (w *entryWalk) walk() *FormatError {
	u := w.unit
	info := u.from.get(secInfo)
	p := info.data[:u.end]
	w.stack, w.nodes, w.hint = w.stack[:0], w.nodes[:0], 0
	w.budget = paintsPerAddress*len(w.pcs) + paintsPerByte*len(p[u.offset:])
	current := scope{node: -1}
	abbrevs := w.table.abbrevs
	check := walkCheck
	for i := u.root; i < len(p); {
		start := i
		code := uint64(p[i])
		i++
		if code >= 0x80 {
			if code, i = uleb(p, start); i < 0 {
				return info.errorAt(start, lebProblem(i))
			}
		}
		if code == 0 {
			if len(w.stack) == 0 {
				return nil
			}
			w.leave(current)
			last := len(w.stack) - 1
			current = w.stack[last]
			if w.stack = w.stack[:last]; last == 0 {
				return nil
			}
			continue
		}
		if check--; check < 0 {
			if check = walkCheck; w.stopped() {
				return nil
			}
		}
		var a *abbrev
		if code < uint64(len(abbrevs)) {
			a = &abbrevs[code]
		} else if a = w.table.find(code); a == nil {
			return info.errorAt(start, fmt.Sprintf("the table at %#x has no abbreviation %d", w.table.offset, code))
		}
		inner := scope{node: current.node, inFunction: current.inFunction, empty: current.empty}
		if a.kind < kindFunction || current.empty && a.kind == kindInlined {
			if a.sibling >= 0 && a.children && (a.kind == kindOther || a.kind == kindType && !current.inFunction || a.kind == kindInlined) {
				next, ok := siblingAt(p, u.offset, i, i+int(a.sibling))
				if !ok {
					return info.errorAt(start, badSibling)
				}
				i = next
				continue
			}
			if a.fixed >= 0 {
				i += int(a.fixed)
			} else if i = w.skip(info, p, i, a); i < 0 {
				return info.errorAt(start, w.skipProblem(info, p, start, a))
			}
		} else {
			var e codeEntry
			if i = w.read(info, p, i, a, &e); i < 0 {
				return info.errorAt(start, w.skipProblem(info, p, start, a))
			}
			node, used := w.enter(u, start, a, &e, current)
			if w.budget < 0 {
				return info.errorAt(start, tooManyFunctions)
			}
			if node >= 0 && !used && (!a.children || a.kind == kindInlined && e.sibling > 0) {
				w.nodes = w.nodes[:node]
				if a.children { // no address in here, none further in
					if e.sibling <= start || e.sibling > len(p) {
						return info.errorAt(start, badSibling)
					}
					i = e.sibling
				}
				continue
			}
			inner.inFunction = true
			if a.kind == kindFunction {
				inner.empty = !used
			}
			if node >= 0 {
				inner.node, inner.own = node, true
			} else if a.kind == kindFunction {
				inner.node = -1
			}
		}
		switch {
		case i > len(p):
			return info.errorAt(start, "entry reaches beyond its unit")
		case a.children:
			if len(w.stack) == maxDepth {
				return info.errorAt(start, "entries are nested too deep")
			}
			w.stack = append(w.stack, current)
			current = inner
		case len(w.stack) == 0:
			return nil // a root without children
		}
	}
	return nil
}

const (
	badSibling       = "sibling of an entry lies outside of its unit"
	tooManyFunctions = "too many functions for the same addresses"
)

// siblingAt reads the DW_FORM_ref4 at p[at] of the entry whose values start at i,
// in the unit at base.
func siblingAt(p []byte, base, i, at int) (next int, ok bool) {
	if at+4 > len(p) {
		return 0, false
	}
	next = base + int(binary.LittleEndian.Uint32(p[at:]))
	return next, next > i && next <= len(p)
}

// leave ends an entry: its node goes if it held no address, unless a function in it
// did, which is not inlined into it: a lambda, a nested function.
func (w *entryWalk) leave(s scope) {
	if s.own && !w.nodes[s.node].used && len(w.nodes) == int(s.node)+1 {
		w.nodes = w.nodes[:s.node]
	}
}

// codeEntry is the attributes of a function or an inlined call.
type codeEntry struct {
	code               extent
	entryPC            value
	sibling            int // 0 for none
	origin             entryRef
	hasOrigin, hasFile bool
	file, line, column uint32
}

// enter adds the node of an entry that has addresses and claims them. node is -1
// if it has none.
func (w *entryWalk) enter(u *unit, start int, a *abbrev, e *codeEntry, around scope) (node int32, used bool) {
	if e.code.ranges.form == 0 && (e.code.lowPC.form == 0 || e.code.highPC.form == 0) {
		return -1, false
	}
	if err := w.ranges.entry(u, &e.code); err != nil && w.problem == nil {
		w.problem = err
	}
	if len(w.ranges.ranges) == 0 {
		return -1, false
	}
	if w.function != nil && a.kind == kindFunction {
		for _, r := range w.ranges.ranges {
			w.function(r)
		}
	}
	node = int32(len(w.nodes))
	n := walkNode{parent: -1, hasFile: e.hasFile, file: e.file, line: e.line, column: e.column, origin: entryRef(start)}
	if a.kind == kindInlined {
		n.parent = around.node
	}
	if e.hasOrigin && !a.named {
		n.origin = e.origin
	}
	if used = w.paint(node); used {
		n.used = true
		n.entry = w.entryAddress(u, e)
		for up := n.parent; up >= 0 && !w.nodes[up].used; up = w.nodes[up].parent {
			w.nodes[up].used = true
		}
	} else if a.kind == kindFunction {
		n.entry = w.entryAddress(u, e)
	}
	w.nodes = append(w.nodes, n)
	return node, used
}

// paint makes node the innermost one of the addresses in w.ranges: entries further
// in come later. used is true if there are any.
func (w *entryWalk) paint(node int32) (used bool) {
	pcs := w.pcs
	for _, r := range w.ranges.ranges {
		k := gallop(pcs, w.hint, r.lo)
		first := k
		for k < len(pcs) && pcs[k] < r.hi {
			w.innermost[k] = node
			k++
		}
		if k > first {
			used = true
			w.budget -= k - first
		}
		w.hint = min(first, len(pcs)-1)
	}
	return used
}

// entryAddress returns the address where the entry is entered: DW_AT_entry_pc, an
// address or since version 5 an offset from the lowest one, else the lowest one.
func (w *entryWalk) entryAddress(u *unit, e *codeEntry) uint64 {
	low := w.ranges.ranges[0].lo
	if e.code.lowPC.form != 0 {
		if addr, err := u.address(e.code.lowPC); err == nil {
			low = addr
		}
	}
	switch {
	case e.entryPC.form == 0:
	case !e.entryPC.address():
		low += e.entryPC.n
	default:
		if addr, err := u.address(e.entryPC); err == nil {
			low = addr
		}
	}
	return low
}
