package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// This file holds puzzles: small programs whose last branch only a fuzzer that
// uses comparisons reaches. `go test -run Puzzles -v` prints how many runs each
// takes.

// puzzle is a program, and the most runs that the median of its solutions may
// take.
type puzzle struct {
	name  string
	goal  int
	limit int // runs after which a seed counts as unsolved
	program
	dictionary []Token
	seeds      [][]byte
}

var (
	oneBytes  = Schema{{Kind: Bytes}}
	oneString = Schema{{Kind: Bytes, Text: true}}
)

// cost of one comparison in edges: reached and passed.
func solved(*probe) { panic(found{}) }

// fnvSum is FNV-1a.
func fnvSum(b []byte) uint32 {
	h := fnv.New32a()
	h.Write(b)
	return h.Sum32()
}

// guarded is a record: magic (LE), tag (BE), checksum of the payload (LE), payload.
func guarded(inner func(p *probe, payload []byte)) func(p *probe, in []byte) {
	return func(p *probe, in []byte) {
		p.edge(0)
		b := p.value(in, 0)
		p.konst(8, 16, uint64(len(b)))
		if len(b) < 16 {
			return
		}
		p.edge(1)
		magic := binary.LittleEndian.Uint32(b)
		p.konst(4, 0xfeedface, uint64(magic))
		if magic != 0xfeedface {
			return
		}
		p.edge(2)
		tag := binary.BigEndian.Uint32(b[4:])
		p.konst(4, 0x52494e47, uint64(tag))
		if tag != 0x52494e47 {
			return
		}
		p.edge(3)
		sum := binary.LittleEndian.Uint32(b[8:])
		want := fnvSum(b[12:])
		p.ints(4, uint64(want), uint64(sum))
		if sum != want {
			return
		}
		p.edge(4)
		inner(p, b[12:])
	}
}

func puzzles() []puzzle {
	return []puzzle{
		{name: "12-byte compare behind its length", goal: 25 + 16, program: program{oneBytes, 8, func(p *probe, in []byte) {
			p.edge(0)
			b := p.value(in, 0)
			p.konst(8, 12, uint64(len(b)))
			if len(b) != 12 {
				return
			}
			p.edge(1)
			if p.text(string(b), "canyoufindme") {
				p.edge(2)
				solved(p)
			}
		}}},
		{name: "12-byte compare", goal: 25 + 16, program: program{oneString, 8, func(p *probe, in []byte) {
			p.edge(0)
			if p.text("canyoufindme", string(p.value(in, 0))) {
				p.edge(1)
				solved(p)
			}
		}}},
		{name: "12-byte compare, byte by byte in a loop", goal: 2000, program: program{oneBytes, 8, func(p *probe, in []byte) {
			p.edge(0)
			b, want := p.value(in, 0), "canyoufindme"
			p.ints(8, uint64(len(b)), uint64(len(want)))
			if len(b) != len(want) {
				return
			}
			p.edge(1)
			for i := range want {
				p.ints(1, uint64(b[i]), uint64(want[i]))
				if b[i] != want[i] {
					p.edge(3)
					return
				}
				p.edge(2)
			}
			p.edge(4)
			solved(p)
		}}},
		{name: "chained magics: u32 LE, u64 BE, u32 BE, u64 LE", goal: 2070, program: program{oneBytes, 8, func(p *probe, in []byte) {
			p.edge(0)
			b := p.value(in, 0)
			p.konst(8, 24, uint64(len(b)))
			if len(b) < 24 {
				return
			}
			p.edge(1)
			if v := binary.LittleEndian.Uint32(b); true {
				p.konst(4, 0xdeadbeef, uint64(v))
				if v != 0xdeadbeef {
					return
				}
			}
			p.edge(2)
			if v := binary.BigEndian.Uint64(b[4:]); true {
				p.konst(8, 0x0123456789abcdef, v)
				if v != 0x0123456789abcdef {
					return
				}
			}
			p.edge(3)
			if v := binary.BigEndian.Uint32(b[12:]); true {
				p.konst(4, 0xcafebabe, uint64(v))
				if v != 0xcafebabe {
					return
				}
			}
			p.edge(4)
			if v := binary.LittleEndian.Uint64(b[16:]); true {
				p.konst(8, 0xfedcba9876543210, v)
				if v != 0xfedcba9876543210 {
					return
				}
			}
			p.edge(5)
			solved(p)
		}}},
		{name: "LE magic, BE tag, FNV-1a checksum", goal: 2049, program: program{oneBytes, 8, guarded(func(p *probe, _ []byte) {
			solved(p)
		})}},
		{name: "the same and a byte behind the checksum", goal: 100_000, program: program{oneBytes, 8, guarded(func(p *probe, payload []byte) {
			p.konst(1, 'X', uint64(payload[3]))
			if payload[3] == 'X' {
				p.edge(5)
				solved(p)
			}
		})}},
		{name: "the same and a word, then a text behind the checksum", goal: 100_000, program: program{oneBytes, 16, guarded(func(p *probe, payload []byte) {
			p.konst(8, 16, uint64(len(payload)))
			if len(payload) < 16 {
				return
			}
			p.edge(5)
			v := binary.BigEndian.Uint16(payload[2:])
			p.konst(2, 0x1234, uint64(v))
			if v != 0x1234 {
				return
			}
			p.edge(6)
			if p.text(string(payload[6:12]), "secret") {
				p.edge(7)
				solved(p)
			}
		})}},
		{name: "5-byte chain", goal: 4600, program: program{oneBytes, 8, func(p *probe, in []byte) {
			p.edge(0)
			b := p.value(in, 0)
			p.konst(8, 5, uint64(len(b)))
			if len(b) < 5 {
				return
			}
			for i, want := range []byte("fuzz!") {
				p.edge(1 + i)
				p.konst(1, uint64(want), uint64(b[i]))
				if b[i] != want {
					return
				}
			}
			p.edge(6)
			solved(p)
		}}},
		{name: "5-byte chain, comparisons not recorded", goal: 97_000, program: program{oneBytes, 8, func(p *probe, in []byte) {
			p.edge(0)
			b := p.value(in, 0)
			if len(b) < 5 {
				return
			}
			for i, want := range []byte("fuzz!") {
				p.edge(1 + i)
				if b[i] != want {
					return
				}
			}
			p.edge(6)
			solved(p)
		}}},
		{name: "int64 == constant", goal: 300, program: program{Schema{{Kind: Int, Bits: 64, Signed: true}}, 4, func(p *probe, in []byte) {
			p.edge(0)
			v := p.number(in, 0)
			p.konst(8, 0x1122334455667788, v)
			if v == 0x1122334455667788 {
				p.edge(1)
				solved(p)
			}
		}}},
		{name: "int32*3+7 in a narrow range", goal: 2000, program: program{Schema{{Kind: Int, Bits: 32, Signed: true}}, 4, func(p *probe, in []byte) {
			p.edge(0)
			v := uint64(uint32(p.number(in, 0)*3 + 7))
			p.konst(4, 1_000_000, v)
			if v < 1_000_000 {
				return
			}
			p.edge(1)
			p.konst(4, 1_000_020, v)
			if v < 1_000_020 {
				p.edge(2)
				solved(p)
			}
		}}},
		{name: "float64 in a range, constants in the dictionary", goal: 20_000,
			dictionary: []Token{{Kind: Float, Value: math.Float64bits(1234.5)}, {Kind: Float, Value: math.Float64bits(0.25)}},
			program: program{Schema{{Kind: Float, Bits: 64}}, 4, func(p *probe, in []byte) {
				p.edge(0)
				v := p.float(in, 0)
				if v < 1234.5 {
					return
				}
				p.edge(1)
				if v-1234.5 < 0.25 {
					p.edge(2)
					solved(p)
				}
			}}},
		{name: "version=1234 in a string", goal: 2000, program: program{oneString, 8, func(p *probe, in []byte) {
			p.edge(0)
			key, value, ok := strings.Cut(string(p.value(in, 0)), "=")
			if !ok {
				return
			}
			p.edge(1)
			if !p.text(key, "version") {
				return
			}
			p.edge(2)
			n, err := strconv.Atoi(value)
			if err != nil {
				return
			}
			p.edge(3)
			p.konst(8, 1234, uint64(n))
			if n == 1234 {
				p.edge(4)
				solved(p)
			}
		}}},
		{name: "keyword of any case among others", goal: 2000, program: program{oneString, 8, func(p *probe, in []byte) {
			p.edge(0)
			words := strings.Fields(string(p.value(in, 0)))
			p.konst(8, 3, uint64(len(words)))
			if len(words) < 3 {
				return
			}
			p.edge(1)
			if !p.fold(words[0], "select") {
				return
			}
			p.edge(2)
			if !p.fold(words[2], "from") {
				return
			}
			p.edge(3)
			solved(p)
		}}},
		{name: "len(s) == n, n > 20", goal: 2000, program: program{Schema{{UID: 0, Kind: Bytes, Text: true}, {UID: 1, Kind: Int, Bits: 64, Signed: true}}, 8, func(p *probe, in []byte) {
			p.edge(0)
			s, n := p.value(in, 0), p.number(in, 1)
			p.konst(8, 20, n)
			if int64(n) <= 20 {
				return
			}
			p.edge(1)
			p.ints(8, uint64(len(s)), n)
			if uint64(len(s)) != n {
				return
			}
			p.edge(2)
			solved(p)
		}}},
		{name: "three arguments that depend on each other", goal: 4000, program: program{Schema{{UID: 0, Kind: Bytes, Text: true}, {UID: 1, Kind: Int, Bits: 16, Signed: true}, {UID: 2, Kind: Int, Bits: 8}}, 8, func(p *probe, in []byte) {
			p.edge(0)
			s, n, flag := p.value(in, 0), p.number(in, 1), p.number(in, 2)
			p.konst(1, 0x5a, flag)
			if flag != 0x5a {
				return
			}
			p.edge(1)
			if !bytes.HasPrefix(s, []byte("id:")) {
				p.konst(8, 3, uint64(len(s)))
				if len(s) >= 3 {
					p.text(string(s[:3]), "id:")
				}
				return
			}
			p.edge(2)
			id, err := strconv.Atoi(string(s[3:]))
			if err != nil {
				return
			}
			p.edge(3)
			p.konst(8, 300, uint64(id))
			if id < 300 {
				return
			}
			p.edge(4)
			p.ints(2, uint64(uint16(id)), n)
			if uint64(uint16(id)) == n {
				p.edge(5)
				solved(p)
			}
		}}},
	}
}

// TestPuzzles solves each puzzle with ten seeds. A run is the same each time,
// so the bound on the median is not a matter of luck.
func TestPuzzles(t *testing.T) {
	for _, p := range puzzles() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			runs, unsolved := p.solve(t, 10)
			median := runs[len(runs)/2]
			t.Logf("%s", fmt.Sprintf("%-55s median %7d  worst %7d  unsolved %d/%d  goal %d",
				p.name, median, runs[len(runs)-1], unsolved, len(runs), p.goal))
			if unsolved > 0 || median > p.goal {
				t.Errorf("median of %d runs, %d of %d seeds unsolved; the goal is %d", median, unsolved, len(runs), p.goal)
			}
		})
	}
}

// solve returns the sorted numbers of runs that the solutions took.
func (p puzzle) solve(t *testing.T, seeds int) (runs []int, unsolved int) {
	t.Helper()
	limit := cmp.Or(p.limit, 20*p.goal)
	for seed := range seeds {
		s := newSimulation(p.program, uint64(seed), 4096, p.dictionary...)
		for _, data := range p.seeds {
			if err := s.engine.AddSeed(data); err != nil {
				t.Fatal(err)
			}
		}
		s.fuzz(limit)
		if s.solved == 0 {
			unsolved++
			s.solved = limit
		}
		runs = append(runs, s.solved)
	}
	slices.Sort(runs)
	return runs, unsolved
}
