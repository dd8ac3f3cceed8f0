package executor

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file defines the executor: the ring's host side.

// Executor runs inputs in a target. Its methods are for one goroutine.
//
// Runs are numbered from 0 in the order of Push. At any moment
//
//	released <= next <= tail <= head <= pushed <= released + slots
//
// where runs below next have been returned by Wait, those below tail are finished,
// and those below head are published.
type Executor struct {
	cfg     Config
	keeper  *proc.Keeper
	memory  *memory
	process *process
	watch   watch

	released, next, tail, head, pushed uint64

	// runs holds, for each slot, what the host must not take from the ring.
	runs  []run
	arena arena

	baseline []uint64
	early    []byte
	result   Result
	attempts int   // starts in a row that came to nothing
	err      error // why the executor cannot go on
}

// run is the host's own note of a slot.
type run struct {
	len int
	// mutated: the target makes the input, and its length.
	mutated bool
	want    engine.Want
	arena   uint64 // offset of its piece in the memory
	room    abi.RingRoom
	end     uint64 // where the arena is free again once the run is released
}

// Start starts the target and waits until it takes inputs. The context bounds the
// start only; end the executor with Close.
func Start(ctx context.Context, cfg Config) (*Executor, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMemory(cfg.Slots, cfg.SlotSize)
	if err != nil {
		return nil, err
	}
	m.header.MemoryLimit = uint64(cfg.MemoryLimit)
	e := &Executor{cfg: cfg, memory: m, keeper: proc.NewKeeper(), runs: make([]run, cfg.Slots)}
	if err := e.start(ctx); err != nil {
		e.Close()
		return nil, err
	}
	e.arena.size = m.layout.ArenaSize
	e.arena.piece = abi.NewRingRoom(abi.RingWantCounters|abi.RingWantCompares|abi.RingWantBlocks, m.layout.Edges, m.layout.Cells).Size
	e.baseline = append(e.baseline, m.bitset(m.layout.BaselineOffset)...)
	e.early = append(e.early, m.all[m.layout.EarlyOffset:][:m.layout.Edges]...)
	return e, nil
}

// Edges returns the number of edge counters of the target.
func (e *Executor) Edges() int { return int(e.memory.layout.Edges) }

// Cells returns the number of block cells of the target.
func (e *Executor) Cells() int { return int(e.memory.layout.Cells) }

// Baseline returns a bitset over the block cells: those that had been executed
// before the first run, by init functions, TestMain and the fuzz test's own
// set-up.
func (e *Executor) Baseline() []uint64 { return e.baseline }

// BaselineCounters returns the edge counters as they were before the first run; all
// zero over the stock protocol.
func (e *Executor) BaselineCounters() []byte { return e.early }

// Slot returns the room for the next run's input, or nil if the ring is full:
// then Wait makes room.
func (e *Executor) Slot() []byte {
	if e.pushed-e.released == uint64(len(e.runs)) || !e.arena.hasRoom() {
		return nil
	}
	return e.memory.input(e.pushed)
}

// Mutates reports whether the target has a mutator of its own, for PushMutate, and
// Crosses whether that takes a second input.
func (e *Executor) Mutates() bool { return e.memory.layout.Hooks&abi.RingMutates != 0 }

// Crosses: see Mutates.
func (e *Executor) Crosses() bool { return e.memory.layout.Hooks&abi.RingCrosses != 0 }

// PushMutate is Push for an input that the target's own mutator is to make, as the
// ticket says. The input is in the result.
func (e *Executor) PushMutate(t *engine.Ticket) {
	s := e.memory.slot(e.pushed)
	s.Seed, s.Donor, s.Limit = t.Seed, uint32(t.Donor), uint32(max(t.Limit, minEncoding))
	e.push(t.Len, t.Want, abi.RingWantMutate)
}

// minEncoding is the length of the empty input's encoding, a u32.
const minEncoding = 4

// Push commits the slot that Slot returned, with the length of its input and what
// is to be recorded.
func (e *Executor) Push(n int, want engine.Want) { e.push(n, want, 0) }

func (e *Executor) push(n int, want engine.Want, more uint32) {
	r := e.run(e.pushed)
	s := e.memory.slot(e.pushed)
	r.len, r.want = min(max(n, 0), e.cfg.SlotSize), want
	r.mutated = more&abi.RingWantMutate != 0
	if want != 0 {
		r.room = abi.NewRingRoom(uint32(want), e.memory.layout.Edges, e.memory.layout.Cells)
		r.arena = e.memory.layout.ArenaOffset + e.arena.take(r.room.Size)
	}
	r.end = e.arena.next
	s.Len, s.Want, s.Arena = uint32(r.len), uint32(want)|more, r.arena
	e.pushed++
}

// Flush publishes the pushed slots to the target.
func (e *Executor) Flush() {
	if e.head == e.pushed {
		return
	}
	e.unpark()
	e.readTail()
	if e.tail == e.head {
		// The target has been idle: its time starts now.
		e.watch.restart(e.tail)
		if e.process != nil && (e.process.dead() || e.process.childDead()) {
			e.process.idle = true
		}
	}
	e.mark()
	e.head = e.pushed
	if e.memory.header.Publish(e.head) && e.process != nil {
		e.process.wake()
	}
}

// Ready returns the number of finished runs that Wait would return at once.
func (e *Executor) Ready() int {
	e.readTail()
	return int(e.tail - e.next)
}

// Wait returns the result of the oldest run that it has not yet returned. It
// publishes what is pushed, if need be, and waits for the run to end. If the
// target dies, the run it died in has a Crash as its result and the target is
// started again. An error is about the executor itself: the context's, or one
// after which the executor cannot go on.
func (e *Executor) Wait(ctx context.Context) (*Result, error) {
	e.release()
	if e.next == e.tail {
		crash, err := e.await(ctx)
		if err != nil {
			return nil, err
		}
		if crash != nil {
			e.fillCrash(crash)
			return &e.result, nil
		}
	}
	e.fill()
	if e.watch.runs++; e.watch.runs >= lookRuns {
		e.recycle()
	}
	return &e.result, nil
}

// Close ends the target and frees all memory; results and slots are gone with it.
// An idle target gets a moment to end by itself, so that TestMain can clean up.
func (e *Executor) Close() error {
	if e.memory == nil {
		return nil
	}
	if p := e.process; p != nil {
		if !p.ready || e.tail != e.head {
			p.kill()
		}
		p.end()
		e.process = nil
	}
	e.keeper.Close()
	e.memory.close()
	e.memory = nil
	return nil
}

// closePatience is how long an idle target may take to end.
const closePatience = time.Second

// errNothingPushed is what Wait returns when it would wait for ever.
var errNothingPushed = errors.New("executor: Wait without a run to wait for")

func (e *Executor) run(number uint64) *run { return &e.runs[number&uint64(len(e.runs)-1)] }

// readTail learns how many runs are finished. A target that has overwritten the
// ring's header cannot make it go back or beyond what is published.
func (e *Executor) readTail() {
	tail := atomic.LoadUint64(&e.memory.header.Tail)
	if tail > e.tail && tail <= e.head {
		e.tail = tail
	}
}

// mark notes in the outputs which run is at hand.
func (e *Executor) mark() {
	if e.process != nil {
		e.process.stdout.mark(e.atHand)
		e.process.stderr.mark(e.atHand)
	}
}

// atHand returns the number of the run at hand, or of the next if there is none.
func (e *Executor) atHand() uint64 {
	e.readTail()
	return e.tail
}

// release gives back the slot and the piece of the arena of the last result.
func (e *Executor) release() {
	if e.released == e.next {
		return
	}
	e.arena.free = e.run(e.released).end
	e.released++
	if e.released == e.pushed {
		e.arena.reset()
	}
}

// fill sets the result from the next run's slot, which is finished.
func (e *Executor) fill() {
	r, s := e.run(e.next), e.memory.slot(e.next)
	e.result = Result{
		Data:    e.data(e.next),
		New:     s.Flags&abi.RingNew != 0,
		Skipped: s.Flags&abi.RingSkipped != 0,
		Edges:   s.Edges,
		Path:    s.Path,
	}
	if r.want != 0 {
		e.fillRecords(r, s)
	}
	if s.Flags&abi.RingFailed != 0 {
		e.fillFailure()
	}
	e.next++
}

// fillCrash sets the result of the next run, in which the target ended.
func (e *Executor) fillCrash(crash *Crash) {
	e.result = Result{Data: e.data(e.next), Crash: crash}
	e.next++
}

// data returns the input of a run that has begun.
func (e *Executor) data(number uint64) []byte {
	r, n := e.run(number), e.run(number).len
	if r.mutated {
		n = min(int(e.memory.slot(number).Len), e.cfg.SlotSize)
	}
	return e.memory.input(number)[:n]
}

// fillFailure adds what the target says about a run that failed.
func (e *Executor) fillFailure() {
	crash := &Crash{How: Failed, ExitCode: -1, Text: string(e.memory.text(e.next))}
	if crash.Text == "" {
		crash.Text = "the fuzz test failed without a message"
	}
	if p := e.process; p != nil {
		p.stdout.settle()
		crash.Output = p.stdout.text(e.next)
		if strings.Contains(crash.Text, "race detected during execution of test") {
			// The race detector writes what it has found to stderr.
			p.stderr.settle()
			crash.Text += "\n" + p.stderr.text(e.next)
		}
	}
	e.result.Crash = crash
}

func (e *Executor) fillRecords(r *run, s *abi.RingSlot) {
	if r.want&engine.WantCounters != 0 {
		e.result.Counters = e.memory.all[r.arena:][:e.Edges()]
		e.result.Nanos = s.Nanos
	}
	if r.want&engine.WantBlocks != 0 {
		e.result.Blocks = e.memory.bitset(r.arena + r.room.Blocks)
	}
	if r.want&engine.WantCompares != 0 {
		e.result.Compares = e.memory.compares(r.arena+r.room.Compares, s.Compares)
	}
}
