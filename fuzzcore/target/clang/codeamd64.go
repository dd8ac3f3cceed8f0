package clang

import "golang.org/x/arch/x86/x86asm"

// This file decodes amd64.

func decodeAMD64(code []byte, pc uint64) inst {
	raw, err := x86asm.Decode(code, 64)
	if err != nil || raw.Len == 0 {
		// The decoder knows no vector instructions of AVX and later; they are no jumps.
		return inst{pc: pc, next: pc + uint64(vectorLength(code))}
	}
	x := inst{pc: pc, next: pc + uint64(raw.Len)}
	rel, direct := raw.Args[0].(x86asm.Rel)
	if direct {
		x.target = x.next + uint64(int64(rel))
	}
	switch raw.Op {
	case x86asm.CALL:
		x.flow = flowCall
	case x86asm.JMP:
		x.flow = flowJump
		if !direct {
			x.flow = flowIndirect
		}
	case x86asm.RET, x86asm.UD2, x86asm.UD1, x86asm.HLT:
		x.flow = flowStop
	default:
		if direct {
			x.flow = flowBranch
		}
	}
	return x
}

// vectorLength returns the length of an instruction with a VEX or EVEX prefix, 1 for
// others. Intel's manual, volume 2, 2.3 and 2.7.
func vectorLength(code []byte) int {
	at := 0
	for at < len(code) && (code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3) {
		at++
	}
	if at+4 > len(code) {
		return 1
	}
	opcodeMap := byte(1)
	switch code[at] {
	case 0xc5:
		at += 2
	case 0xc4:
		opcodeMap = code[at+1] & 0x1f
		at += 3
	case 0x62:
		opcodeMap = code[at+1] & 0x07
		at += 4
	default:
		return 1
	}
	if at+2 > len(code) {
		return 1
	}
	opcode := code[at]
	at++
	if opcodeMap == 1 && opcode == 0x77 { // VZEROUPPER has no operands
		return at
	}
	at += operandLength(code[at:])
	immediate := opcodeMap == 3 || opcodeMap == 1 && (opcode >= 0x70 && opcode <= 0x73 || opcode == 0xc2 || opcode >= 0xc4 && opcode <= 0xc6)
	if immediate {
		at++
	}
	return at
}

// operandLength returns the length of a ModRM byte and what belongs to it.
func operandLength(code []byte) int {
	mod, rm := code[0]>>6, code[0]&7
	n := 1
	if mod != 3 && rm == 4 {
		if len(code) > 1 && mod == 0 && code[1]&7 == 5 {
			n += 4
		}
		n++
	}
	switch {
	case mod == 1:
		n++
	case mod == 2, mod == 0 && rm == 5:
		n += 4
	}
	return n
}
