package machinecode

import "encoding/binary"

// This file decodes arm64, whose instructions have four bytes (Arm Architecture Reference
// Manual, C4.1, "Branches, Exception Generating and System instructions").

func decodeARM64(code []byte, pc uint64) inst {
	x := inst{pc: pc, next: pc + 4}
	if len(code) < 4 {
		return x
	}
	w := binary.LittleEndian.Uint32(code)
	switch {
	case w>>26 == 0b000101: // B
		x.flow, x.target = flowJump, relative(pc, w, 0, 26)
	case w>>26 == 0b100101: // BL
		x.flow, x.target = flowCall, relative(pc, w, 0, 26)
	case w>>24 == 0b01010100: // B.cond
		x.flow, x.target = flowBranch, relative(pc, w, 5, 19)
	case w>>25&0b111111 == 0b011010: // CBZ, CBNZ
		x.flow, x.target = flowBranch, relative(pc, w, 5, 19)
	case w>>25&0b111111 == 0b011011: // TBZ, TBNZ
		x.flow, x.target = flowBranch, relative(pc, w, 5, 14)
	case w&0xfffffc1f == 0xd63f0000: // BLR
		x.flow = flowCall
	case w&0xfffffc1f == 0xd61f0000: // BR
		x.flow = flowIndirect
	case w&0xfffffc1f == 0xd65f0000: // RET
		x.flow = flowStop
	case w>>21 == 0b11010100001, w>>16 == 0: // BRK, UDF
		x.flow = flowTrap
	}
	return x
}

// relative is pc plus the signed field of that many bits at shift, in instructions.
func relative(pc uint64, w uint32, shift, bits int) uint64 {
	field := int64(int32(w<<(32-shift-bits)) >> (32 - bits))
	return pc + uint64(field*4)
}
