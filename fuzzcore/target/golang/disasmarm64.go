package golang

import (
	"encoding/binary"
	"math/bits"
)

// This file decodes arm64: the classes of instructions that reach a counter,
// hold a constant or change control flow. Encodings: Arm Architecture Reference
// Manual, chapter C4. Instructions of other classes count as writing the
// register in their lowest five bits, which is true or harmless.

var arm64 = architecture{name: "arm64", decode: decodeARM64, mark: markARM64, args: [5]register{0, 1, 2, 3, 4}, barrier: 25}

// pageARM64 is the granularity of ADRP.
const pageARM64 = 4096

// markARM64 looks for ADRPs of the pages of [lo, hi).
func markARM64(s codeSection, lo, hi uint64, hit func(pc uint64)) {
	first := lo &^ (pageARM64 - 1)
	for i := 0; i+4 <= len(s.data); i += 4 {
		w := binary.LittleEndian.Uint32(s.data[i:])
		if w&0x9f000000 != 0x90000000 {
			continue
		}
		pc := s.addr + uint64(i)
		if page := adrpARM64(w, pc); page >= first && page < hi {
			hit(pc)
		}
	}
}

func adrpARM64(w uint32, pc uint64) uint64 {
	imm := int64(int32(w<<8)>>13)<<2 | int64(w>>29&3)
	return pc&^(pageARM64-1) + uint64(imm*pageARM64)
}

func decodeARM64(code []byte, pc uint64, out []inst) []inst {
	for at := 0; at+4 <= len(code); at += 4 {
		here := pc + uint64(at)
		out = append(out, translateARM64(binary.LittleEndian.Uint32(code[at:]), here))
	}
	return out
}

func translateARM64(w uint32, pc uint64) inst {
	x := inst{pc: pc, next: pc + 4, dst: noRegister, dst2: noRegister, src: noRegister, src2: noRegister, mem: memory{base: noRegister}}
	switch {
	case flowARM64(&x, w), constantARM64(&x, w), memoryARM64(&x, w):
	default:
		x.dst = registerARM64(w)
	}
	return x
}

// registerARM64 is the register in the lowest five bits; 31 (zero, SP) is none.
func registerARM64(w uint32) register {
	if r := register(w & 31); r != 31 {
		return r
	}
	return noRegister
}

// flowARM64 handles branches.
func flowARM64(x *inst, w uint32) bool {
	relative := func(low, size uint) uint64 {
		v := int64(int32(w<<(32-low-size)) >> (32 - size))
		return x.pc + uint64(v*4)
	}
	switch {
	case w>>26 == 0b000101: // B
		x.flow, x.target = flowJump, relative(0, 26)
	case w>>26 == 0b100101: // BL
		x.flow, x.target = flowCall, relative(0, 26)
	case w&0xfffffc1f == 0xd63f0000: // BLR
		x.flow = flowCall
	case w&0xff000010 == 0x54000000, w&0x7e000000 == 0x34000000: // B.cond, CBZ, CBNZ
		x.flow, x.target = flowBranch, relative(5, 19)
	case w&0x7e000000 == 0x36000000: // TBZ, TBNZ
		x.flow, x.target = flowBranch, relative(5, 14)
	case w&0xfffffc1f == 0xd61f0000, w&0xfffffc1f == 0xd65f0000, w&0xffe0001f == 0xd4200000, w>>16 == 0: // BR, RET, BRK, UDF
		x.flow = flowStop
	default:
		return false
	}
	x.action = actNone
	return true
}

// constantARM64 handles what builds constants and addresses.
func constantARM64(x *inst, w uint32) bool {
	x.dst = registerARM64(w)
	wide := w>>31 == 1
	shift := uint8(w >> 21 & 3 * 16)
	imm := uint64(w >> 5 & 0xffff)
	switch {
	case w&0x9f000000 == 0x90000000: // ADRP
		x.action, x.mem = actAddress, memory{absolute, adrpARM64(w, x.pc)}
	case w&0x7f800000 == 0x52800000: // MOVZ
		x.action, x.imm = actSet, imm<<shift
	case w&0x7f800000 == 0x12800000: // MOVN
		x.action, x.imm = actSet, ^(imm << shift)
	case w&0x7f800000 == 0x72800000: // MOVK
		x.action, x.imm, x.shift = actInsert, imm, shift
	case w&0x7f8003e0 == 0x320003e0: // ORR immediate with the zero register
		value, ok := bitmaskARM64(w)
		if !ok {
			return false
		}
		x.action, x.imm = actSet, value
	case w&0xffe0ffe0 == 0xaa0003e0: // MOV register
		x.action, x.src = actCopy, registerARM64(w>>16)
		if x.src == noRegister {
			x.action, x.imm = actSet, 0
		}
	case w&0xff800000 == 0x91000000: // ADD immediate, 64 bits
		x.action, x.src, x.imm = actAdd, registerARM64(w>>5), uint64(w>>10&0xfff)<<(w>>22&1*12)
		if x.src == noRegister {
			x.action = actOther
		}
	default:
		x.dst = noRegister
		return false
	}
	if x.action == actSet && !wide {
		x.imm = uint64(uint32(x.imm))
	}
	return true
}

// bitmaskARM64 decodes a logical immediate (DecodeBitMasks in the manual).
func bitmaskARM64(w uint32) (uint64, bool) {
	n, immr, imms := w>>22&1, w>>16&63, w>>10&63
	length := bits.Len32(n<<6|^imms&63) - 1
	if length < 1 {
		return 0, false
	}
	size := uint32(1) << length
	ones, rotate := imms&(size-1)+1, immr&(size-1)
	if ones == size {
		return 0, false
	}
	element := uint64(1)<<ones - 1
	element = element>>rotate | element<<(size-rotate)
	if size < 64 {
		element &= 1<<size - 1
	}
	value := uint64(0)
	for at := uint32(0); at < 64; at += size {
		value |= element << at
	}
	return value, true
}

// memoryARM64 handles loads, stores and atomics of general-purpose registers.
func memoryARM64(x *inst, w uint32) bool {
	value, base := registerARM64(w), registerARM64(w>>5)
	size := w >> 30
	x.mem = memory{base: base}
	x.width = 1 << size
	switch {
	case w&0x3f000000 == 0x39000000: // LDR, STR with an unsigned offset
		x.mem.disp = uint64(w>>10&0xfff) << size
		accessARM64(x, w, value)
	case w&0x3f200c00 == 0x38000000: // LDUR, STUR
		x.mem.disp = uint64(int64(int32(w<<11) >> 23))
		accessARM64(x, w, value)
	case w&0x3f200c00 == 0x38200000: // LDADD, SWP and the other atomics of Armv8.1
		x.action, x.src, x.dst = actUpdate, registerARM64(w>>16), value
		if w>>12&15 == 8 {
			x.action = actExchange
		}
	case w&0x3f000000 == 0x08000000: // LDAXR, STLXR, LDAR, STLR
		exclusiveARM64(x, w, value)
	case w&0x7e000000 == 0x28000000: // LDP, STP, 32 and 64 bits
		pairARM64(x, w, value)
	default:
		x.mem = memory{base: noRegister}
		return false
	}
	return true
}

func accessARM64(x *inst, w uint32, value register) {
	if w>>22&3 == 0 {
		storeARM64(x, value)
		return
	}
	x.action, x.dst = actLoad, value
}

// storeARM64 makes x store a register; the zero register is the constant 0.
func storeARM64(x *inst, value register) {
	x.action, x.src, x.imm = actStore, value, 0
}

func exclusiveARM64(x *inst, w uint32, value register) {
	load, exclusive := w>>22&1 == 1, w>>23&1 == 0
	switch {
	case load:
		x.action, x.dst = actLoad, value
	case exclusive:
		x.action, x.src, x.dst = actUpdate, value, registerARM64(w>>16)
	default:
		storeARM64(x, value)
	}
}

func pairARM64(x *inst, w uint32, value register) {
	second := registerARM64(w >> 10)
	x.width = 4
	if w>>31 == 1 {
		x.width = 8
	}
	indexed := w>>23&3 != 2
	x.mem.disp = uint64(int64(int32(w<<10)>>25) * int64(x.width))
	if indexed {
		// Pre- and post-indexed forms are for the stack.
		x.mem.base = noRegister
		x.action, x.dst, x.dst2 = actOther, value, second
		return
	}
	if w>>22&1 == 1 {
		x.action, x.dst, x.dst2 = actLoad, value, second
		return
	}
	x.action, x.src, x.src2 = actStorePair, value, second
}
