package golang

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
)

// This file decodes amd64.

var amd64 = architecture{name: "amd64", decode: decodeAMD64, mark: markAMD64, args: [5]register{0, 3, 1, 7, 6}, barrier: 11}

// maxImmediate is the size of the largest immediate that follows a displacement.
const maxImmediate = 4

// markAMD64 treats every four bytes as a displacement that ends an instruction
// or is followed by an immediate.
func markAMD64(s codeSection, lo, hi uint64, hit func(pc uint64)) {
	size := hi - lo + maxImmediate
	base := s.addr + 4 + maxImmediate - lo
	for i := 0; i+4 <= len(s.data); i++ {
		disp := uint64(int64(int32(binary.LittleEndian.Uint32(s.data[i:]))))
		if base+uint64(i)+disp < size {
			hit(s.addr + uint64(i))
		}
	}
}

func decodeAMD64(code []byte, pc uint64, out []inst) []inst {
	for at := 0; at < len(code); {
		raw, err := x86asm.Decode(code[at:], 64)
		if err != nil || raw.Len == 0 {
			// Unknown to the decoder (recent vector instructions): step on; it falls
			// into step again within an instruction or two.
			at++
			continue
		}
		here := pc + uint64(at)
		at += raw.Len
		out = append(out, translateAMD64(&raw, here, pc+uint64(at)))
	}
	return out
}

func translateAMD64(raw *x86asm.Inst, pc, next uint64) inst {
	x := inst{pc: pc, next: next, dst: noRegister, dst2: noRegister, src: noRegister, src2: noRegister, mem: memory{base: noRegister}}
	if flowAMD64(&x, raw) {
		return x
	}
	first, second := raw.Args[0], raw.Args[1]
	mem, toMemory := first.(x86asm.Mem)
	if !toMemory {
		x.dst = registerAMD64(first)
	}
	if m, ok := second.(x86asm.Mem); ok {
		mem = m
	} else {
		x.src = registerAMD64(second)
	}
	hasMemory := operandAMD64(&x, mem)
	x.width = uint8(raw.MemBytes)
	imm, isImm := second.(x86asm.Imm)
	x.imm = uint64(imm)
	switch raw.Op {
	case x86asm.MOV:
		switch {
		case toMemory && hasMemory && (x.src != noRegister || isImm):
			x.action = actStore
		case hasMemory && !toMemory:
			x.action = actLoad
		case isImm && x.dst != noRegister:
			setAMD64(&x, first)
		case x.src != noRegister && wholeAMD64(first):
			x.action = actCopy
		}
	case x86asm.XOR:
		if wholeAMD64(first) && x.dst == x.src {
			x.action, x.imm = actSet, 0
		} else if toMemory && hasMemory {
			x.action = actUpdate
		}
	case x86asm.LEA:
		if hasMemory {
			x.action = actAddress
		}
	case x86asm.XCHG:
		if hasMemory {
			exchangeAMD64(&x, raw)
		} else {
			x.dst2 = x.src
		}
	case x86asm.XADD:
		if hasMemory {
			x.action, x.dst = actUpdate, x.src
		}
	case x86asm.CMP, x86asm.TEST, x86asm.NOP, x86asm.UCOMISD, x86asm.UCOMISS:
		x.action = actNone
		if hasMemory {
			x.action, x.dst = actLoad, noRegister
		}
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV, x86asm.CQO, x86asm.CDQ, x86asm.CMPXCHG, x86asm.CPUID, x86asm.RDTSC,
		x86asm.MOVSB, x86asm.MOVSD, x86asm.MOVSQ, x86asm.STOSB, x86asm.STOSD, x86asm.STOSQ, x86asm.XGETBV:
		// These write registers that are not among their operands.
		x.action = actForget
	case x86asm.IMUL:
		if raw.Args[1] == nil {
			x.action = actForget
		}
	default:
		switch {
		case toMemory && hasMemory:
			x.action = actUpdate
		case hasMemory:
			x.action = actLoad
		}
	}
	if x.action == actLoad && (raw.Op == x86asm.MOV || raw.Op == x86asm.MOVZX) {
		return x
	}
	if x.action == actLoad && x.dst != noRegister {
		// The result is computed from memory, not equal to it.
		x.action = actUpdate
	}
	return x
}

// exchangeAMD64 handles XCHG with memory, in either order of the operands.
func exchangeAMD64(x *inst, raw *x86asm.Inst) {
	r := registerAMD64(raw.Args[0])
	if r == noRegister {
		r = registerAMD64(raw.Args[1])
	}
	x.action, x.src, x.dst = actExchange, r, r
}

// operandAMD64 sets x.mem. Operands with an index register or a segment are
// not tracked: they never name a counter.
func operandAMD64(x *inst, m x86asm.Mem) bool {
	if m.Base == 0 || m.Index != 0 || m.Segment != 0 {
		return false
	}
	if m.Base == x86asm.RIP {
		x.mem = memory{absolute, x.next + uint64(m.Disp)}
		return true
	}
	base := registerAMD64(m.Base)
	x.mem = memory{base, uint64(m.Disp)}
	return base != noRegister
}

// flowAMD64 handles instructions that change control flow.
func flowAMD64(x *inst, raw *x86asm.Inst) bool {
	rel, direct := raw.Args[0].(x86asm.Rel)
	if direct {
		x.target = x.next + uint64(int64(rel))
	}
	switch raw.Op {
	case x86asm.CALL, x86asm.SYSCALL:
		x.flow = flowCall
	case x86asm.JMP:
		x.flow = flowJump
		if !direct {
			x.flow = flowStop
		}
	case x86asm.RET, x86asm.UD2, x86asm.INT, x86asm.HLT:
		x.flow = flowStop
	default:
		if !direct {
			return false
		}
		x.flow = flowBranch
	}
	x.action = actNone
	return true
}

// setAMD64 makes x set a register to x.imm, if it sets the whole register.
func setAMD64(x *inst, a x86asm.Arg) {
	if !wholeAMD64(a) {
		return
	}
	x.action = actSet
	if r := a.(x86asm.Reg); r < x86asm.RAX {
		x.imm = uint64(uint32(x.imm))
	}
}

// wholeAMD64: writing to a changes all 64 bits of a general-purpose register.
func wholeAMD64(a x86asm.Arg) bool {
	r, ok := a.(x86asm.Reg)
	return ok && r >= x86asm.EAX && r <= x86asm.R15
}

// registerAMD64 numbers the general-purpose registers as the instruction set
// does (AX CX DX BX SP BP SI DI R8…), whatever their width.
func registerAMD64(a x86asm.Arg) register {
	r, ok := a.(x86asm.Reg)
	switch {
	case !ok:
		return noRegister
	case r >= x86asm.RAX && r <= x86asm.R15:
		return register(r - x86asm.RAX)
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return register(r - x86asm.EAX)
	case r >= x86asm.AX && r <= x86asm.R15W:
		return register(r - x86asm.AX)
	case r >= x86asm.AL && r <= x86asm.BL:
		return register(r - x86asm.AL)
	case r >= x86asm.AH && r <= x86asm.BH:
		return register(r - x86asm.AH)
	case r >= x86asm.SPB && r <= x86asm.R15B:
		return register(r-x86asm.SPB) + 4
	}
	return noRegister
}
