package engine

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"runtime"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file simulates an executor: targets are Go functions that report edges
// and comparisons by hand, as instrumentation would.

// program is a simulated target.
type program struct {
	schema Schema
	edges  int
	run    func(p *probe, in []byte)
}

// found is what a simulated target panics with when its puzzle is solved.
type found struct{}

// probe records one run of a simulated target.
type probe struct {
	counters []byte
	compares []abi.Compare
	schema   Schema
}

// edge counts an edge that is named by a number.
func (p *probe) edge(i int) {
	if p.counters[i] < 255 {
		p.counters[i]++
	}
}

// place names the line of the caller's caller: the place of a comparison.
func place() uint32 {
	_, file, line, _ := runtime.Caller(2)
	h := fnv.New32a()
	h.Write([]byte(file))
	h.Write([]byte{byte(line), byte(line >> 8)})
	return h.Sum32()
}

// konst records a comparison with a constant, as the compiler orders it.
func (p *probe) konst(size int, constant, v uint64) {
	p.compares = append(p.compares, abi.Compare{Site: place(), Kind: abi.CompareKind(size) | abi.CompareConst, A: constant, B: v})
}

// ints records a comparison of two variables.
func (p *probe) ints(size int, a, b uint64) {
	p.compares = append(p.compares, abi.Compare{Site: place(), Kind: abi.CompareKind(size), A: a, B: b})
}

// text records a comparison of strings.
func (p *probe) text(a, b string) bool {
	p.compares = append(p.compares, stringCompare(place(), abi.CompareString, a, b))
	return a == b
}

// fold records a comparison of strings without regard to case.
func (p *probe) fold(a, b string) bool {
	p.compares = append(p.compares, stringCompare(place(), abi.CompareFold, a, b))
	return strings.EqualFold(a, b)
}

func stringCompare(site uint32, kind abi.CompareKind, a, b string) abi.Compare {
	c := abi.Compare{Site: site, Kind: kind, A: uint64(len(a)), B: uint64(len(b))}
	c.LenA = uint8(copy(c.TextA[:], a))
	c.LenB = uint8(copy(c.TextB[:], b))
	return c
}

// value returns a field's content.
func (p *probe) value(in []byte, field int) []byte { return p.schema.value(in, field) }

func (p *probe) number(in []byte, field int) uint64 {
	return binary.LittleEndian.Uint64(p.schema.value(in, field))
}

func (p *probe) float(in []byte, field int) float64 { return math.Float64frombits(p.number(in, field)) }

// simulation runs an engine against a program, with batches in flight and a
// seen map as the executor has them.
type simulation struct {
	engine  *Engine
	program program
	probe   probe
	seen    []byte
	slots   [][]byte
	pending []pendingRun
	runs    int
	solved  int // the run that solved the puzzle, 0 if none did
	events  func([]Event)
}

// pendingRun is an input in flight.
type pendingRun struct {
	slot   []byte
	ticket Ticket
}

func newSimulation(p program, seed uint64, maxInput int, dictionary ...Token) *simulation {
	return &simulation{
		engine:  New(Config{Schema: p.schema, Seed: seed, Edges: p.edges, MaxInput: maxInput, Dictionary: dictionary}),
		program: p,
		probe:   probe{counters: make([]byte, p.edges), schema: p.schema},
		seen:    make([]byte, p.edges),
	}
}

// fuzz runs until the puzzle is solved or limit runs are over.
func (s *simulation) fuzz(limit int) {
	for s.solved == 0 && s.runs < limit {
		older := len(s.pending)
		for range s.engine.Batch() {
			s.next()
		}
		for range older { // the batch before: two are in flight
			s.observe()
		}
	}
}

func (s *simulation) next() {
	var slot []byte
	if n := len(s.slots); n > 0 {
		slot, s.slots = s.slots[n-1], s.slots[:n-1]
	} else {
		slot = make([]byte, s.engine.maxInput)
	}
	s.pending = append(s.pending, pendingRun{slot, s.engine.Next(slot)})
}

func (s *simulation) observe() {
	p := s.pending[0]
	s.pending = s.pending[1:]
	run := s.execute(p.slot[:p.ticket.Len], p.ticket.Want)
	s.runs++
	events := s.engine.Observe(&run)
	if s.events != nil {
		s.events(events)
	}
	s.slots = append(s.slots, p.slot)
}

// execute runs the program once.
func (s *simulation) execute(data []byte, want Want) (run Run) {
	p := &s.probe
	clear(p.counters)
	p.compares = p.compares[:0]
	run.Data = data
	s.call(data, &run)
	path := fnv.New64a()
	for i, count := range p.counters {
		if count == 0 {
			continue
		}
		run.Edges++
		path.Write([]byte{byte(i), byte(i >> 8)})
		if bit := byte(1) << BucketOf[count]; s.seen[i]&bit == 0 {
			s.seen[i] |= bit
			run.New = true
		}
	}
	run.Path = path.Sum64()
	if want&WantCounters != 0 {
		run.Counters = p.counters
	}
	if want&WantCompares != 0 {
		run.Compares = p.compares
	}
	return run
}

func (s *simulation) call(data []byte, run *Run) {
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case found:
			run.Failed = true
			if s.solved == 0 {
				s.solved = s.runs + 1
			}
		default:
			panic(r)
		}
	}()
	s.program.run(&s.probe, data)
}
