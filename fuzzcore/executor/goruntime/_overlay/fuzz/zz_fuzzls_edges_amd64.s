#include "textflag.h"

// The bucket of a count is looked up by its low four bits if the high four are 0,
// and by its high four bits otherwise.
DATA lowBuckets<>+0(SB)/8, $0x0808080804020100
DATA lowBuckets<>+8(SB)/8, $0x1010101010101010
GLOBL lowBuckets<>(SB), RODATA|NOPTR, $16

DATA highBuckets<>+0(SB)/8, $0x4040404040402000
DATA highBuckets<>+8(SB)/8, $0x8080808080808080
GLOBL highBuckets<>(SB), RODATA|NOPTR, $16

DATA lowBits<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA lowBits<>+8(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL lowBits<>(SB), RODATA|NOPTR, $16

// func judgeAVX2(counters, seen *byte, n uint64, learn bool, path uint64) (edges, newPath uint64, isNew bool)
TEXT ·judgeAVX2(SB), NOSPLIT, $0-57
	MOVQ counters+0(FP), SI
	MOVQ seen+8(FP), DI
	MOVQ n+16(FP), CX
	MOVBLZX learn+24(FP), R8
	MOVQ path+32(FP), R9
	XORQ R10, R10               // edges
	MOVQ $0x9fb21c651e98df25, R11 // pathFactor
	XORQ R12, R12               // number of the 32 counters, in the upper half
	XORQ R13, R13               // isNew
	MOVQ $0x100000000, R15
	VPXOR Y0, Y0, Y0
	VBROADCASTI128 lowBits<>(SB), Y1
	VBROADCASTI128 lowBuckets<>(SB), Y2
	VBROADCASTI128 highBuckets<>(SB), Y3

loop:
	VMOVDQU (SI), Y4
	VPTEST Y4, Y4
	JZ next
	VMOVDQU Y0, (SI)

	// A bit for each counter that is not 0.
	VPCMPEQB Y0, Y4, Y5
	VPMOVMSKB Y5, AX
	NOTL AX
	POPCNTL AX, BX
	ADDQ BX, R10
	ORQ R12, AX
	XORQ AX, R9
	IMULQ R11, R9
	ROLQ $29, R9
	TESTL R8, R8
	JZ next

	VPAND Y1, Y4, Y5            // low bits
	VPSRLW $4, Y4, Y6
	VPAND Y1, Y6, Y6            // high bits
	VPSHUFB Y5, Y2, Y5
	VPSHUFB Y6, Y3, Y7
	VPCMPEQB Y0, Y6, Y6
	VPAND Y6, Y5, Y5
	VPOR Y7, Y5, Y5             // buckets
	VMOVDQU (DI), Y8
	VPANDN Y5, Y8, Y9           // those not seen
	VPTEST Y9, Y9
	JZ next
	VPOR Y5, Y8, Y8
	VMOVDQU Y8, (DI)
	MOVL $1, R13

next:
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ R15, R12
	DECQ CX
	JNZ loop

	VZEROUPPER
	MOVQ R10, edges+40(FP)
	MOVQ R9, newPath+48(FP)
	MOVB R13, isNew+56(FP)
	RET
