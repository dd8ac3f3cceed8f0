package golang

import (
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file finds the edge counters in the code: where each is counted, which
// conditional jumps lead there, and what certainly ran when it was counted.
//
// A count looks like this on amd64; the jumps inside belong to it:
//
//	      MOVZX counter(IP), DX
//	      CMPL DL, $0xff
//	      JNE 1f
//	      MOVB $1, counter(IP)
//	      JMP 2f
//	1:    INCL DX
//	      MOVB DL, counter(IP)
//	2:    the block's own code

// edge is one edge counter.
type edge struct {
	// pc is the lowest instruction that loads or stores the counter, 0 if none was
	// found.
	pc uint64
	// fn is the index of the function that holds it.
	fn int
	// jumps are the conditional jumps that lead to the edge's block, if nothing else
	// does and the block begins by counting.
	jumps []uint64
	// straight are the lines on the way from the count to the next branch.
	straight []place
}

// place is a source line.
type place struct {
	file string
	line uint32
}

// machineCode is one decoded function. Its slices are reused.
type machineCode struct {
	inst []inst
	refs []reference
	// sources lists, sorted by target, the jumps to each instruction.
	sources []jump
}

// jump is one jump from the instruction with index from to address target.
type jump struct {
	target uint64
	from   int
}

// maxStraight bounds the walk along a straight path, in instructions: code
// without any branch for that long does not occur, but loops of jumps might.
const maxStraight = 4096

// addEdges records the edges of function number fn and returns the first one by
// address, or NoPoint.
func (r *pointReader) addEdges(fn int, body *machineCode) uint32 {
	first := coverage.NoPoint
	counts := map[int]reference{}
	touched := map[int]bool{}
	for _, ref := range body.refs {
		if ref.access == accessAddress || !r.counters.holds(ref.addr) {
			continue
		}
		touched[ref.inst] = true
		point := int(ref.addr - r.counters.lo)
		e := &r.edges[point]
		if pc := body.inst[ref.inst].pc; e.pc == 0 || pc < e.pc {
			e.pc, e.fn = pc, fn
		}
		if first == coverage.NoPoint {
			first = uint32(point)
		}
		if last, ok := counts[point]; !ok || last.inst < ref.inst {
			counts[point] = ref
		}
	}
	if first == coverage.NoPoint {
		return first
	}
	body.indexJumps()
	for point, last := range counts {
		e := &r.edges[point]
		if e.fn != fn {
			continue
		}
		if i, ok := body.find(e.pc); ok {
			e.jumps = body.jumpsTo(i, touched)
		}
		if last.access == accessStore {
			e.straight = body.straight(last.inst+1, touched, r.lines)
		}
	}
	return first
}

// indexJumps fills sources.
func (b *machineCode) indexJumps() {
	b.sources = b.sources[:0]
	for i := range b.inst {
		if x := &b.inst[i]; x.flow == flowJump || x.flow == flowBranch {
			b.sources = append(b.sources, jump{x.target, i})
		}
	}
	slices.SortFunc(b.sources, func(a, c jump) int {
		if a.target != c.target {
			if a.target < c.target {
				return -1
			}
			return 1
		}
		return a.from - c.from
	})
}

// jumpsAt returns the jumps to an address.
func (b *machineCode) jumpsAt(pc uint64) []jump {
	find := func(j jump, pc uint64) int {
		if j.target < pc {
			return -1
		}
		return 1
	}
	i, _ := slices.BinarySearchFunc(b.sources, pc, find)
	k, _ := slices.BinarySearchFunc(b.sources, pc+1, find)
	return b.sources[i:k]
}

// find returns the index of the instruction at pc.
func (b *machineCode) find(pc uint64) (int, bool) {
	return slices.BinarySearchFunc(b.inst, pc, func(x inst, pc uint64) int {
		switch {
		case x.pc < pc:
			return -1
		case x.pc > pc:
			return 1
		}
		return 0
	})
}

// jumpsTo returns the addresses of the conditional jumps that lead to the block
// whose count begins at instruction i. It returns nil if the block can be
// entered in any other way, or does something else before it counts.
func (b *machineCode) jumpsTo(i int, touched map[int]bool) []uint64 {
	start := i
	for start > 0 && len(b.jumpsAt(b.inst[start].pc)) == 0 {
		before := &b.inst[start-1]
		if before.flow != flowNext {
			break
		}
		if touched[start-1] {
			return nil
		}
		start--
	}
	var out []uint64
	for _, j := range b.jumpsAt(b.inst[start].pc) {
		if b.inst[j.from].flow != flowBranch {
			return nil
		}
		out = append(out, b.inst[j.from].pc)
	}
	if start == 0 {
		return nil
	}
	switch before := &b.inst[start-1]; before.flow {
	case flowBranch:
		out = append(out, before.pc)
	case flowNext, flowCall:
		return nil
	}
	return out
}

// straight returns the lines that run from instruction i to the next branch,
// return or count, through unconditional jumps: those of instructions that begin
// a statement, and of calls. Other instructions are not to be trusted: a register
// move at the end of an empty else has the line of the then.
func (b *machineCode) straight(i int, touched map[int]bool, lines lineTable) []place {
	var out []place
	for range maxStraight {
		if i >= len(b.inst) || touched[i] {
			break
		}
		x := &b.inst[i]
		if x.flow == flowJump {
			next, ok := b.find(x.target)
			if !ok {
				break
			}
			i = next
			continue
		}
		if l := lines.at(x.pc); l.line > 0 && (l.stmt || x.flow == flowCall) {
			out = append(out, place{l.file, l.line})
		}
		if x.flow != flowNext && x.flow != flowCall {
			break
		}
		i++
	}
	return out
}

// addEdgeSpans appends the spans of edges in files without exact blocks.
func (r *pointReader) addEdgeSpans(p *coverage.Points, src *sources) {
	for point := range r.edges {
		for _, at := range r.edges[point].straight {
			if !r.declaring[at.file] {
				continue
			}
			file := src.byDebugName(at.file)
			if src.files[file].Exact {
				continue
			}
			p.Spans = append(p.Spans, coverage.Span{Point: uint32(point), File: file, StartLine: at.line, EndLine: at.line})
		}
	}
}
