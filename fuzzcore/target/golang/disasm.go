package golang

import "fmt"

// This file defines instructions as ReadPoints sees them: where control goes
// next, what memory is touched, and what constants and addresses registers hold.
// Everything else an instruction does is "clobbers its registers".

// flow is where control goes after an instruction.
type flow uint8

const (
	// flowNext: to the following instruction.
	flowNext flow = iota
	// flowCall: into another function (at target, if that is known) and, unless
	// that never returns, on.
	flowCall
	// flowJump: to target.
	flowJump
	// flowBranch: to target or to the following instruction.
	flowBranch
	// flowStop: out of the function, or to an unknown place (jump tables).
	flowStop
)

// action is an instruction's effect as far as it matters here.
type action uint8

const (
	// actOther changes dst and also in unknown ways.
	actOther action = iota
	// actNone changes no register and touches no memory that matters.
	actNone
	// actForget changes any register.
	actForget
	// actSet: dst = imm.
	actSet
	// actInsert: 16 bits of dst, at bit shift, = imm (MOVK).
	actInsert
	// actCopy: dst = src.
	actCopy
	// actAdd: dst = src + imm.
	actAdd
	// actAddress: dst = address of mem.
	actAddress
	// actLoad: dst = mem.
	actLoad
	// actStore: mem = src, or imm if src is noRegister.
	actStore
	// actStorePair: mem = src, then src2, width bytes each.
	actStorePair
	// actUpdate: mem = f(mem, src); dst is unknown afterwards.
	actUpdate
	// actExchange: mem = src; dst is unknown afterwards.
	actExchange
)

// register is a general-purpose register's number.
type register int8

const (
	noRegister register = -1
	// absolute is the base of an operand whose disp is its address.
	absolute register = -2
	// registers is how many an architecture can have here (arm64: 0 to 30, and
	// 31, the stack pointer or zero, which is never tracked).
	registers = 32
)

// memory is an operand: base's value plus disp. A base of noRegister means that
// there is none or that nothing is known about it. PC-relative operands are
// absolute.
type memory struct {
	base register
	disp uint64
}

// inst is one decoded instruction at [pc, next).
type inst struct {
	pc, next uint64
	target   uint64
	imm      uint64
	mem      memory
	flow     flow
	action   action
	dst, dst2,
	src, src2 register
	// width is the size of mem in bytes, 0 if unknown.
	width uint8
	shift uint8
}

// architecture decodes one instruction set.
type architecture struct {
	name string
	// decode decodes the function's code, loaded at pc, appending to out.
	decode func(code []byte, pc uint64, out []inst) []inst
	// mark calls hit with the address of every piece of code in s that may refer
	// to [lo, hi). It is much faster than decoding and has few false positives.
	mark func(s codeSection, lo, hi uint64, hit func(pc uint64))
	// args hold a call's first integer arguments; barrier is the one register that Go's
	// write barrier changes.
	args    [5]register
	barrier register
}

// architectureOf returns the decoder for a machine, named as GOARCH names it.
func architectureOf(goarch string) (*architecture, error) {
	switch goarch {
	case "amd64":
		return &amd64, nil
	case "arm64":
		return &arm64, nil
	}
	return nil, fmt.Errorf("no disassembler for %s (only amd64 and arm64): coverage cannot be shown", goarch)
}
