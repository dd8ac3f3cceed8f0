package machinecode

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// flowOf makes a graph of lines such as "0 a: 1 2": block 0, with point a (a letter) if one
// is named, leads to blocks 1 and 2; "trap" instead of blocks means that it never goes on.
// Block n has the addresses [16n, 16n+16).
func flowOf(text string) *graph {
	g := &graph{}
	type edge struct{ from, to int }
	var edges []edge
	for line := range strings.Lines(strings.TrimSpace(text)) {
		head, ways, _ := strings.Cut(strings.TrimSpace(line), ":")
		i := len(g.blocks)
		b := block{lo: uint64(16 * i), hi: uint64(16*i + 16)}
		if fields := strings.Fields(head); len(fields) > 1 {
			b.points = []uint32{uint32(fields[1][0] - 'a')}
		}
		for _, way := range strings.Fields(ways) {
			if b.trap = way == "trap"; b.trap {
				break
			}
			to := 0
			fmt.Sscan(way, &to)
			edges = append(edges, edge{i, to})
		}
		g.blocks = append(g.blocks, b)
	}
	for _, e := range edges {
		g.edge(e.from, e.to)
	}
	return g
}

// letters is what a proof is compared as.
func letters(points []uint32) string {
	text := ""
	for _, p := range slices.Sorted(slices.Values(points)) {
		text += string(rune('a' + p))
	}
	return text
}

// Of an if with two counters, a block where both ways come together, and a check in it.
const checked = `
	0 a: 1 2
	1 b: 3
	2 c: 3
	3: 4 5
	4: trap
	5:`

func TestProofs(t *testing.T) {
	for _, test := range []struct {
		name, flow string
		returned   bool
		want       string // of each block
	}{
		// What is behind the check may not have run, if a run may end in it.
		{"all runs", checked, false, "a b c abc  "},
		{"runs that return", checked, true, "a b c abc  abc"},
		{"a loop", "0 a: 1\n1: 2 3\n2 b: 1\n3:", false, "a ab b ab"},
		{"nothing counts", "0: 1\n1:", false, " "},
		{"never returns", "0 a: 1\n1: trap", true, "a a"},
	} {
		g := flowOf(test.flow)
		if test.returned {
			g.withoutTraps()
		}
		var got []string
		for _, points := range g.proofs() {
			got = append(got, letters(points))
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%s: got %q, want %q", test.name, text, test.want)
		}
	}
}

func TestTogether(t *testing.T) {
	// The head of a function, split in two by its stack check, and a copy of each.
	const split = `
		0 a: 1 2
		1: 3 4
		2: 3 4
		3 b: 5
		4 c: 5
		5:`
	for _, test := range []struct {
		flow   string
		blocks []int
		want   string
	}{
		{split, []int{1, 2}, "abc"},
		{split, []int{1}, ""},
		{split, []int{3, 4}, "a"},
		{split, []int{5}, "bc"},
		{checked, []int{1}, ""},
		// The entry is in a loop, too.
		{"0: 1 2\n1: 0\n2 a:", []int{1}, ""},
	} {
		if got := letters(flowOf(test.flow).together(test.blocks)); got != test.want {
			t.Errorf("blocks %v: got %q, want %q", test.blocks, got, test.want)
		}
	}
}

// row is a row of the line table at an address.
func row(addr uint64, line, column uint32) debuginfo.Row {
	return debuginfo.Row{Addr: addr, Location: debuginfo.Location{File: 1, Line: line, Column: column}}
}

func TestInherited(t *testing.T) {
	// An if with an else: block 1 is the then (line 2), 2 the else (line 4), whose counter has
	// line 2 yet; 3 is what follows (line 6), which begins with line 4 yet.
	g := flowOf("0 a: 1 2\n1 b: 3\n2 c: 3\n3:")
	rows := []debuginfo.Row{row(0, 1, 1), row(16, 1, 5), row(20, 2, 9), row(32, 2, 9), row(40, 4, 9), row(48, 4, 9), row(50, 6, 5)}
	points := []Point{{PC: 0, Number: 0, Entry: true}, {PC: 16, Number: 1}, {PC: 32, Number: 2}}
	insts := []inst{{pc: 16, next: 20, data: 1001}, {pc: 32, next: 40, data: 1002}}
	config := &Config{Counters: debuginfo.Range{Lo: 1000, Hi: 1003}}
	h := newInherited(g, insts, points, rows, config)
	var foreign []int
	for i := range rows {
		if h.meaningOf(i, g.holding(rows[i].Addr)) == saysNothing {
			foreign = append(foreign, i)
		}
	}
	if want := []int{1, 3, 5}; !reflect.DeepEqual(foreign, want) {
		t.Errorf("rows %v are those of other code, want %v", foreign, want)
	}
	if newInherited(g, insts, points, rows, &Config{}) != nil {
		t.Error("without counters")
	}
}

// FuzzProofs looks for code that the decoder and what is made of it cannot stand.
func FuzzProofs(f *testing.F) {
	f.Add([]byte{0x74, 0x02, 0xeb, 0x00, 0xf0, 0xfe, 0x05, 1, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0x0f, 0x0b, 0xc3}, uint16(0b101), true)
	f.Add([]byte{0xff, 0xe0, 0xc3, 0x90, 0xc3}, uint16(0b1000), false)
	f.Fuzz(func(t *testing.T, code []byte, at uint16, amd64 bool) {
		const base = 0x1000
		decoder := decodeARM64
		if amd64 {
			decoder = decodeAMD64
		}
		insts := decode(decoder, code, base, nil, nil)
		end := uint64(base)
		for _, x := range insts {
			if x.pc != end || x.next <= x.pc {
				t.Fatalf("an instruction at [%#x, %#x) behind %#x", x.pc, x.next, end)
			}
			end = x.next
		}
		var starts []uint64
		var points []Point
		var rows []debuginfo.Row
		for i := range min(16, len(code)) {
			rows = append(rows, row(base+uint64(i), uint32(i%3), 1))
			if at>>i&1 != 0 {
				starts = append(starts, base+uint64(i))
				points = append(points, Point{PC: base + uint64(i), Number: uint32(i)})
			}
		}
		g := newGraph(insts, starts, func(addr uint64) bool { return addr%2 == 0 }, func(i int) ([]uint64, bool) {
			return []uint64{base, base + uint64(i)}, at&1 != 0
		})
		for _, p := range points {
			if k := g.holding(p.PC); k >= 0 {
				g.blocks[k].points = append(g.blocks[k].points, p.Number)
			}
		}
		g.withoutTraps()
		h := newInherited(g, insts, points, rows, &Config{Counters: debuginfo.Range{Lo: 0, Hi: 1 << 40}, Unoptimized: true})
		for k, proof := range g.proofs() {
			g.together([]int{k, 0})
			for i := range rows {
				h.meaningOf(i, k)
			}
			for _, p := range proof {
				if at>>p&1 == 0 {
					t.Fatalf("block %d is proved by %d, which is no point", k, p)
				}
			}
		}
	})
}

// TestVectorLength: lengths as GNU objdump has them.
func TestVectorLength(t *testing.T) {
	for _, code := range [][]byte{
		{0xc5, 0xf8, 0x77}, // vzeroupper
		{0xc5, 0xfc, 0x11, 0x03},
		{0xc5, 0xf8, 0x10, 0x05, 0x8d, 0xec, 0xf4, 0xff},       // vmovups -0xb1373(%rip),%xmm0
		{0xc4, 0xe3, 0x7d, 0x39, 0xc1, 0x01},                   // vextracti128 $1,%ymm0,%xmm1
		{0x62, 0xf1, 0x7c, 0x48, 0x11, 0x44, 0x24, 0x01},       // vmovups %zmm0,0x40(%rsp)
		{0xc5, 0xf9, 0x70, 0xc0, 0x4e},                         // vpshufd $0x4e,%xmm0,%xmm0
		{0x90}, {0xc3}, {0x48, 0x89, 0xd8}, {0xf0, 0xfe, 0x00}, // others
	} {
		want := len(code)
		x := decodeAMD64(append(slices.Clone(code), 0xc3, 0xc3, 0xc3, 0xc3, 0xc3, 0xc3), 0x1000)
		if got := int(x.next - x.pc); got != want {
			t.Errorf("% x: %d bytes, want %d", code, got, want)
		}
	}
	for n := range 4 {
		for _, first := range []byte{0xc4, 0xc5, 0x62} {
			code := append([]byte{first}, 0xff, 0xff, 0xff)[:n]
			if len(code) > 0 && vectorLength(code) == 0 {
				t.Errorf("% x: no length", code)
			}
		}
	}
}
