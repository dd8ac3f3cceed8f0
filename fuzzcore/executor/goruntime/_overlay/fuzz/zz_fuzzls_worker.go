package fuzz

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// This file defines the executor: it takes inputs from the ring, has package
// testing run them, and writes down what each run did.

// executor implements testing.FuzzlsExecutor.
type executor struct {
	memory   []byte // the whole ring
	header   *ringHeader
	bells    bells
	counters []byte // one for each edge
	seen     []byte // bucket bits for each edge
	cells    []uint32
	args     []argument

	slots  unsafe.Pointer // the first slot
	stride uintptr        // from slot to slot
	mask   uint64         // number of slots minus 1

	head, tail uint64 // last known Head; number of the run at hand
	slot       *ringSlot
	began      time.Time // of the run at hand, if it is to be recorded
	skipped    bool      // the run at hand called Skip and ends the slow way
	stopped    bool      // the host has hung up
}

// fuzzlsExecutor is set while this process is an executor.
var fuzzlsExecutor *executor

// RunFuzzWorker runs fn for each input of the ring if there is one, else for each
// input of the stock protocol.
func RunFuzzWorker(ctx context.Context, fn func(CorpusEntry) error) error {
	ring := os.Getenv(ringEnv)
	if ring == "" {
		return stockRunFuzzWorker(ctx, fn)
	}
	// A process that user code starts is no executor.
	os.Unsetenv(ringEnv)
	debug.SetTraceback("all")
	e, err := openRing(ring)
	if err != nil {
		err = fmt.Errorf("opening the ring %s=%s: %w", ringEnv, ring, err)
		// Package testing keeps the errors of workers to itself.
		fmt.Fprintln(os.Stderr, "fuzzls:", err)
		return err
	}
	tuneCollector(e.header.MemoryLimit)
	fuzzlsExecutor = e
	testing.FuzzlsRun = e
	e.announce(ringReady)
	for e.Next() {
		// Package testing runs this input and, as long as runs are clean, those
		// that follow. The last of them ends here.
		err := fn(CorpusEntry{Values: []any{}})
		if e.stopped {
			break
		}
		e.header.Slow++
		e.finish(err, e.skipped)
	}
	return nil
}

// executorGCPercent lets garbage grow to four times the live heap: fuzz tests have
// small heaps, which the default would collect every few runs.
const executorGCPercent = 400

// tuneCollector sets up garbage collection unless the user has.
func tuneCollector(memoryLimit uint64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(executorGCPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" && memoryLimit > 0 {
		debug.SetMemoryLimit(int64(memoryLimit / 2))
	}
}

// openRing maps the ring that env names and tells the host what it needs to know
// to lay it out, if it has not yet.
func openRing(env string) (*executor, error) {
	var memory, bellIn, bellOut int
	if _, err := fmt.Sscanf(env, "%d,%d,%d", &memory, &bellIn, &bellOut); err != nil {
		return nil, err
	}
	e := &executor{counters: coverage(), cells: blockCells()}
	first, err := mapMemory(memory, ringHeaderSize)
	if err != nil {
		return nil, err
	}
	e.header = (*ringHeader)(unsafe.Pointer(&first[0]))
	h := e.header
	if h.Magic != ringMagic {
		return nil, fmt.Errorf("its version is %#x, this executable's is %#x: build it again", h.Magic, uint64(ringMagic))
	}
	e.bells = newBells(bellIn, bellOut)
	if h.Size == 0 {
		h.Edges, h.Cells = uint64(len(e.counters)), uint64(len(e.cells))
		e.announce(ringHello)
		for atomic.LoadUint64(&h.Size) == 0 {
			if !e.bells.wait() {
				return nil, errors.New("the host has hung up")
			}
		}
	}
	if h.Edges != uint64(len(e.counters)) || h.Cells != uint64(len(e.cells)) {
		return nil, fmt.Errorf("it is for %d edges and %d blocks, this executable has %d and %d", h.Edges, h.Cells, len(e.counters), len(e.cells))
	}
	if e.memory, err = mapMemory(memory, int(h.Size)); err != nil {
		return nil, err
	}
	syscall.Close(memory)
	e.setUp()
	return e, nil
}

func mapMemory(fd, size int) ([]byte, error) {
	return syscall.Mmap(fd, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// setUp finds the parts of the mapped ring.
func (e *executor) setUp() {
	e.header = (*ringHeader)(unsafe.Pointer(&e.memory[0]))
	h := e.header
	e.slots, e.stride, e.mask = unsafe.Pointer(&e.memory[h.SlotsOffset]), uintptr(h.SlotStride), h.Slots-1
	// At least a word, so that it has an address.
	e.seen = e.memory[h.SeenOffset:][: len(e.counters)+8 : len(e.counters)+8]
	e.tail = h.Tail
	e.head = e.tail
	copyBlocks(e.words(h.BaselineOffset), e.cells)
	copy(e.memory[h.EarlyOffset:h.ArenaOffset], e.counters)
	t := testing.FuzzlsTarget.Type()
	for i := 1; i < t.NumIn(); i++ {
		e.args = append(e.args, newArgument(t.In(i)))
	}
}

// announce tells the host that the process has come to a state.
func (e *executor) announce(state uint32) {
	atomic.StoreUint32(&e.header.State, state)
	e.bells.ring()
}

// words returns the bitset over the cells that lies at an offset of the ring.
func (e *executor) words(offset uint64) []uint64 {
	n := (len(e.cells) + 63) / 64
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(&e.memory[offset])), n)
}

// Next waits for an input and reports whether there is one. It makes no system
// call while inputs keep coming.
func (e *executor) Next() bool {
	if e.tail == e.head && !e.await() {
		e.stopped = true
		return false
	}
	e.slot = (*ringSlot)(unsafe.Add(e.slots, uintptr(e.tail&e.mask)*e.stride))
	e.skipped = false
	return true
}

// await sleeps until the host has published more than tail inputs.
func (e *executor) await() bool {
	h := e.header
	for {
		if e.head = atomic.LoadUint64(&h.Head); e.head != e.tail {
			return true
		}
		atomic.StoreUint32(&h.Sleeping, 1)
		if e.head = atomic.LoadUint64(&h.Head); e.head != e.tail {
			// If the host has seen Sleeping, its ring stays in the pipe and wakes us
			// once too often.
			atomic.StoreUint32(&h.Sleeping, 0)
			return true
		}
		ok := e.bells.wait()
		atomic.StoreUint32(&h.Sleeping, 0)
		if !ok {
			return false
		}
	}
}

// input returns the input at hand, in the ring: it follows the slot.
func (e *executor) input() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(e.slot), ringSlotSize)), e.slot.Len)
}

// Bytes returns the input at hand for a fuzz test of one []byte.
func (e *executor) Bytes() []byte {
	b, _ := takeBytes(e.input())
	return freshBytes(b)
}

// Text returns the input at hand for a fuzz test of one string.
func (e *executor) Text() string {
	b, _ := takeBytes(e.input())
	return string(b)
}

// Arguments sets args, from the second on, to the input at hand.
func (e *executor) Arguments(args []reflect.Value) []reflect.Value {
	input := e.input()
	args = args[:1]
	for i := range e.args {
		input = e.args[i].set(input)
		args = append(args, e.args[i].value)
	}
	return args
}

// Begin is called right before user code runs.
func (e *executor) Begin() {
	want := e.slot.Want
	if want == 0 {
		return
	}
	if want&ringWantBlocks != 0 {
		clearBlocks(e.cells)
	}
	if want&ringWantCompares != 0 {
		startCompares(unsafe.Pointer(&e.memory[e.slot.Arena+e.room(want).compares]))
	}
	e.began = time.Now()
}

// Finish ends a run that passed or was skipped.
func (e *executor) Finish(skipped bool) { e.finish(nil, skipped) }

// Skip notes that the run at hand, which ends the slow way, called Skip.
func (e *executor) Skip() { e.skipped = true }

// finish writes down what the run at hand did and gives its slot back.
func (e *executor) finish(failure error, skipped bool) {
	s := e.slot
	var flags uint32
	if s.Want != 0 {
		e.record(s)
	}
	v := judge(e.counters, e.seen, failure == nil && !skipped)
	switch {
	case failure != nil:
		flags = ringFailed
		e.writeText(failure.Error())
	case skipped:
		flags = ringSkipped
	case v.new:
		flags = ringNew
	}
	s.Flags, s.Edges, s.Path = flags, v.edges, v.path
	e.tail++
	h := e.header
	atomic.StoreUint64(&h.Tail, e.tail)
	wake := atomic.LoadUint64(&h.WakeAt)
	if wake != 0 && e.tail >= wake && atomic.SwapUint64(&h.WakeAt, 0) != 0 {
		e.bells.ring()
	}
}

// room is abi.RingRoom.
type room struct{ blocks, compares uint64 }

func (e *executor) room(want uint32) room {
	var r room
	if want&ringWantCounters != 0 {
		r.blocks = roundUp(uint64(len(e.counters)), 64)
	}
	r.compares = r.blocks
	if want&ringWantBlocks != 0 {
		r.compares += roundUp(roundUp(uint64(len(e.cells)), 64)/8, 64)
	}
	return r
}

func roundUp(n, multiple uint64) uint64 { return (n + multiple - 1) / multiple * multiple }

// record copies what the run at hand asked for into the arena.
func (e *executor) record(s *ringSlot) {
	s.Nanos = uint32(min(time.Since(e.began), math.MaxUint32))
	r := e.room(s.Want)
	if s.Want&ringWantCompares != 0 {
		s.Compares = stopCompares()
	}
	if s.Want&ringWantCounters != 0 {
		copy(e.memory[s.Arena:], e.counters)
	}
	if s.Want&ringWantBlocks != 0 {
		copyBlocks(e.words(s.Arena+r.blocks), e.cells)
	}
}

// writeText keeps a failure's text, without the line in which package testing
// says how long the run took. Of a text too long, the end is lost: what failed
// is said first.
func (e *executor) writeText(text string) {
	if strings.HasPrefix(text, "--- FAIL: ") {
		if _, rest, ok := strings.Cut(text, "\n"); ok {
			text = rest
		}
	}
	h := e.header
	offset := h.TextsOffset + (e.tail&e.mask)*ringText
	e.slot.Text = uint32(copy(e.memory[offset:][:ringText], text))
}

// ResetCoverage is called by package testing before each stock run.
func ResetCoverage() {
	if fuzzlsExecutor == nil {
		stockResetCoverage()
		return
	}
	clear(fuzzlsExecutor.counters)
}

// SnapshotCoverage is called by package testing after each stock run. The
// executor looks at the counters later, when clean-up functions have run too.
func SnapshotCoverage() {
	if fuzzlsExecutor == nil {
		stockSnapshotCoverage()
	}
}

// bells are the pipes over which host and executor wake each other.
type bells struct{ in, out int }

// newBells moves the descriptors to high numbers, where user code that closes
// what it did not open seldom looks, and keeps them from children.
func newBells(in, out int) bells {
	return bells{moveUp(in), moveUp(out)}
}

// highDescriptor is below the usual soft limit of 1024.
const highDescriptor = 960

func moveUp(fd int) int {
	high, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, highDescriptor)
	if errno != 0 {
		syscall.CloseOnExec(fd)
		return fd
	}
	syscall.Close(fd)
	return int(high)
}

// ring wakes the host.
func (b bells) ring() {
	one := [1]byte{1}
	for {
		_, err := syscall.Write(b.out, one[:])
		if err != syscall.EINTR {
			return
		}
	}
}

// wait sleeps until the host rings and returns false if it has hung up.
func (b bells) wait() bool {
	var rings [64]byte
	for {
		n, err := syscall.Read(b.in, rings[:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			// User code has closed the bell: look at the ring now and then. The host
			// kills this process when it is done with it, or dies and takes it along.
			// Not time.Sleep: the runtime's own descriptors may be closed too.
			syscall.Nanosleep(&syscall.Timespec{Nsec: int64(time.Millisecond)}, nil)
			return true
		default:
			return n > 0
		}
	}
}
