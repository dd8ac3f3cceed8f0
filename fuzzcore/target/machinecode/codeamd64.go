package machinecode

import "golang.org/x/arch/x86/x86asm"

// This file decodes amd64.

func decodeAMD64(code []byte, pc uint64) inst {
	// The decoder takes vector instructions of AVX and later for others, or knows them not;
	// they are no jumps.
	if n := vectorLength(code); n > 0 {
		return inst{pc: pc, next: pc + uint64(n)}
	}
	raw, err := x86asm.Decode(code, 64)
	if err != nil || raw.Len == 0 {
		return inst{pc: pc, next: pc + 1}
	}
	x := inst{pc: pc, next: pc + uint64(raw.Len)}
	rel, direct := raw.Args[0].(x86asm.Rel)
	if direct {
		x.target = x.next + uint64(int64(rel))
	}
	for _, arg := range raw.Args {
		m, ok := arg.(x86asm.Mem)
		switch {
		case ok && m.Base == x86asm.RIP:
			x.data = x.next + uint64(m.Disp)
		case ok && m.Base == 0 && m.Index != 0 && m.Scale == tableEntry:
			x.data = uint64(m.Disp)
		}
	}
	switch raw.Op {
	case x86asm.CALL:
		x.flow = flowCall
	case x86asm.JMP:
		x.flow = flowJump
		if !direct {
			x.flow = flowIndirect
		}
	case x86asm.RET:
		x.flow = flowStop
	case x86asm.UD2, x86asm.UD1, x86asm.HLT:
		x.flow = flowTrap
	default:
		if direct {
			x.flow = flowBranch
		}
	}
	return x
}

// vectorLength returns the length of an instruction with a VEX or EVEX prefix, 0 for
// others. Intel's manual, volume 2, 2.3 and 2.7. In 64 bits, the first bytes of these
// prefixes begin nothing else.
func vectorLength(code []byte) int {
	if len(code) == 0 {
		return 0
	}
	at := 0
	opcodeMap := byte(1)
	switch code[0] {
	case 0xc5:
		at = 2
	case 0xc4:
		at = 3
	case 0x62:
		at = 4
	default:
		return 0
	}
	if at >= len(code) {
		return len(code)
	}
	switch code[0] {
	case 0xc4:
		opcodeMap = code[1] & 0x1f
	case 0x62:
		opcodeMap = code[1] & 0x07
	}
	opcode := code[at]
	at++
	if opcodeMap == 1 && opcode == 0x77 { // VZEROUPPER has no operands
		return at
	}
	if at < len(code) {
		at += operandLength(code[at:])
	}
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
