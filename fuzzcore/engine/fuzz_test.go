package engine

import (
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// script reads the parts of a run report from fuzz data; zeros when it is over.
type script struct{ data []byte }

func (s *script) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *script) bytes(n int) []byte {
	n = min(n, len(s.data))
	b := s.data[:n]
	s.data = s.data[n:]
	return b
}

func (s *script) word() uint64 {
	var w uint64
	for range s.byte() % 9 {
		w = w<<8 | uint64(s.byte())
	}
	return w
}

// run makes up what a run reported: nothing about it need be consistent.
func (s *script) run(data []byte) Run {
	flags := s.byte()
	run := Run{
		Data: data, New: flags&1 != 0, Failed: flags&6 == 6, Skipped: flags&24 == 24, Partial: flags&96 == 96,
		Edges: uint32(s.byte()), Path: uint64(s.byte() % 4),
	}
	run.Counters = s.bytes(int(s.byte() % 40))
	for range s.byte() % 4 {
		run.Compares = append(run.Compares, s.compare(data))
	}
	return run
}

// compare makes up a comparison, often of what stands in the input.
func (s *script) compare(data []byte) abi.Compare {
	kinds := []abi.CompareKind{abi.Compare8, abi.Compare16, abi.Compare32, abi.Compare64, abi.CompareString, abi.CompareFold, abi.Compare64 | abi.CompareConst, 0, 0xff, 3}
	c := abi.Compare{Site: uint32(s.byte() % 4), Kind: kinds[int(s.byte())%len(kinds)], A: s.word(), B: s.word()}
	if at := int(s.byte()); at < len(data) {
		c.B = uint64(data[at])
		c.LenB = uint8(copy(c.TextB[:], data[at:]))
	}
	c.LenA = uint8(copy(c.TextA[:], s.bytes(int(s.byte()))))
	if s.byte() == 1 {
		c.LenA = s.byte() // longer than there is
	}
	return c
}

// storm drives an engine with arbitrary reports. Whatever runs report, every
// input is valid and not too long, and the corpus stays consistent.
func storm(t *testing.T, seed uint64, data []byte, choice uint8) {
	const limit = 200
	schemas := []Schema{oneBytes, mixed, {}, {{Kind: Int, Bits: 8}, {Kind: Int, Bits: 64, Signed: true}, {Kind: Float, Bits: 64}}, oneString}
	schema := schemas[int(choice)%len(schemas)]
	e := New(Config{Schema: schema, Seed: seed, Edges: int(choice % 33), MaxInput: limit,
		Dictionary: []Token{{Kind: Bytes, Text: []byte("token")}, {Kind: Int, Value: 77}, {Kind: Float, Value: 1}}})
	if choice&64 != 0 {
		_ = e.AddSeed(data) // most are refused
	}
	s := script{data}
	var flying [][]byte
	for len(s.data) > 0 || len(flying) > 0 {
		if depth := int(s.byte() % 8); len(s.data) > 0 && len(flying) <= depth {
			slot := make([]byte, limit)
			ticket := e.Next(slot)
			if _, err := schema.normalize(slot[:ticket.Len], limit); err != nil {
				t.Fatalf("invalid input: %v", err)
			}
			flying = append(flying, slot[:ticket.Len])
			continue
		}
		if len(flying) == 0 {
			continue
		}
		run := s.run(flying[0])
		flying = flying[1:]
		e.Observe(&run)
		checkCorpus(t, e)
	}
}

// TestStorm runs storms of random reports.
func TestStorm(t *testing.T) {
	r := newRNG(1)
	data := make([]byte, 2000)
	for seed := range uint64(300) {
		for i := range data {
			data[i] = byte(r.next() >> (r.next() % 64)) // small numbers as often as large ones
		}
		storm(t, seed, data, uint8(r.next()))
	}
}

// FuzzEngine looks for a storm that breaks the engine.
func FuzzEngine(f *testing.F) {
	f.Add(uint64(1), []byte("\x01\x05\x00\x02ab\x01\x00\x04"), uint8(2))
	f.Add(uint64(2), []byte{}, uint8(0))
	f.Add(uint64(3), []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 1, 2, 3, 5, 4, 3, 2, 1, 3, 4, 200, 100, 50, 2, 3}, uint8(1))
	f.Fuzz(storm)
}
