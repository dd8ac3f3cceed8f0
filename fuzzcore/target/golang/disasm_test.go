package golang

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"
)

// testCells is where the code in these tests has its cells, testID its package's
// id variable.
var testCells = addresses{0x20000, 0x20040}

const testID = 0x10ffc

// stores are the (cell, value) pairs that the header of function 5 with 13
// blocks leaves, with block 0 hit.
var headerStores = []struct {
	addr  uint64
	value value
}{
	{0x20000, value{constant, 13}},
	{0x20004, value{loaded, testID}},
	{0x20008, value{constant, 1<<32 | 5}},
}

func checkHeader(t *testing.T, arch *architecture, code []byte, pc uint64) {
	t.Helper()
	tr := tracer{arch: arch, cells: testCells}
	var got []reference
	for _, r := range tr.trace(arch.decode(code, pc, nil)) {
		if r.access == accessStore {
			got = append(got, r)
		}
	}
	if len(got) != len(headerStores) {
		t.Fatalf("%d stores: %+v", len(got), got)
	}
	for i, want := range headerStores {
		if got[i].addr != want.addr || got[i].value != want.value {
			t.Errorf("store %d is %+v, want %+v", i, got[i], want)
		}
	}
}

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	code, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// TestTraceAMD64 follows a header whose constant was put into a register before
// a loop.
func TestTraceAMD64(t *testing.T) {
	code := amd64Header(t)
	checkHeader(t, &amd64, code, 0x10000)
}

// amd64Header assembles the code of TestTraceAMD64 with the right displacements.
func amd64Header(t *testing.T) []byte {
	t.Helper()
	var code []byte
	emit := func(text string) { code = append(code, fromHex(t, text)...) }
	relative := func(target uint64) {
		next := 0x10000 + uint64(len(code)) + 4
		code = binary.LittleEndian.AppendUint32(code, uint32(target-next))
	}
	emit("be0d000000") // mov $13, %esi
	emit("eb00")       // jmp 1f
	head := len(code)
	emit("8935") // 1: mov %esi, 0x20000
	relative(0x20000)
	emit("8b15") // mov testID, %edx
	relative(testID)
	emit("8915") // mov %edx, 0x20004
	relative(0x20004)
	emit("48ba0500000001000000") // movabs $0x100000005, %rdx
	emit("488915")               // mov %rdx, 0x20008
	relative(0x20008)
	emit("ffc0")                                      // inc %eax
	code = append(code, 0x75, byte(head-len(code)-2)) // jne 1b
	emit("c3")                                        // ret
	return code
}

// TestTraceARM64 follows the same header in arm64 code, with the address in the
// assembler's temporary register.
func TestTraceARM64(t *testing.T) {
	var code []byte
	for _, w := range []uint32{
		0xd28001a4, // mov  x4, #13
		0x9000009b, // adrp x27, 0x20000 (from 0x10000: 16 pages)
		0xb9000364, // str  w4, [x27]
		0x9000001b, // adrp x27, 0x10000
		0xb94fff64, // ldr  w4, [x27, #0xffc]
		0x9000009b, // adrp x27, 0x20000
		0x91001365, // add  x5, x27, #4
		0x889ffca4, // stlr w4, [x5]
		0xd28000a4, // mov  x4, #5
		0xf2c00024, // movk x4, #1, lsl #32
		0x9000009b, // adrp x27, 0x20000
		0xf9000764, // str  x4, [x27, #8]
		0xd65f03c0, // ret
	} {
		code = binary.LittleEndian.AppendUint32(code, w)
	}
	checkHeader(t, &arm64, code, 0x10000)
}

func TestBitmaskARM64(t *testing.T) {
	for w, want := range map[uint32]uint64{
		0xb24003e3: 1,                  // orr x3, xzr, #1
		0xb27f03e2: 2,                  // orr x2, xzr, #2
		0xb200f3e0: 0x5555555555555555, // orr x0, xzr, #0x5555555555555555
		0xb2407fe0: 0xffffffff,         // orr x0, xzr, #0xffffffff
		0xb2410be0: 0x8000000000000003, // orr x0, xzr, #0x8000000000000003
	} {
		if got, ok := bitmaskARM64(w); !ok || got != want {
			t.Errorf("%#x is %#x, %v, want %#x", w, got, ok, want)
		}
	}
}

func TestFlowARM64(t *testing.T) {
	for w, want := range map[uint32]struct {
		flow   flow
		target uint64
	}{
		0x14000005: {flowJump, 0x1014},
		0x17fffffe: {flowJump, 0xff8},
		0x94000002: {flowCall, 0x1008},
		0xd63f0040: {flowCall, 0},
		0x540000a1: {flowBranch, 0x1014},
		0xb5ffffbb: {flowBranch, 0xff4},
		0x360000e4: {flowBranch, 0x101c},
		0xd65f03c0: {flowStop, 0},
		0xd61f0000: {flowStop, 0},
		0xd4200000: {flowStop, 0},
		0xd503201f: {flowNext, 0},
	} {
		if x := translateARM64(w, 0x1000); x.flow != want.flow || x.target != want.target {
			t.Errorf("%#x goes %d to %#x, want %d to %#x", w, x.flow, x.target, want.flow, want.target)
		}
	}
}

// TestStraight walks from a count through a jump to the next branch.
func TestStraight(t *testing.T) {
	b := machineCode{inst: []inst{
		{pc: 0, next: 1},
		{pc: 1, next: 2, flow: flowJump, target: 4},
		{pc: 2, next: 3},
		{pc: 3, next: 4, flow: flowStop},
		{pc: 4, next: 5, flow: flowCall},
		{pc: 5, next: 6, flow: flowBranch, target: 2},
		{pc: 6, next: 7},
	}}
	lines := lineTable{{0, "f", 10, true}, {1, "f", 11, true}, {2, "f", 12, true}, {4, "f", 13, false}, {5, "f", 14, true}, {6, "f", 15, true}}
	got := b.straight(0, nil, lines)
	want := []place{{"f", 10}, {"f", 13}, {"f", 14}}
	if !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

// FuzzTrace: any bytes can be decoded and followed.
func FuzzTrace(f *testing.F) {
	f.Add([]byte{0xeb, 0xfe, 0xc3}, false)
	f.Add([]byte{0xa4, 0x01, 0x80, 0xd2, 0x00, 0x00, 0x00, 0x14}, true)
	f.Fuzz(func(t *testing.T, code []byte, arm bool) {
		arch := &amd64
		if arm {
			arch = &arm64
		}
		all := addresses{0, 1 << 20}
		tr := tracer{arch: arch, cells: all, counters: all}
		body := machineCode{inst: arch.decode(code, 0x1000, nil)}
		body.refs = tr.trace(body.inst)
		body.indexJumps()
		for i := range body.inst {
			body.jumpsTo(i, map[int]bool{})
			body.straight(i, map[int]bool{}, nil)
		}
	})
}
