package executor

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"golang.org/x/sys/unix"
)

// This file runs targets that were built without goruntime. Such a target takes
// inputs only over the protocol between "go test" as a fuzzing coordinator and its
// workers (internal/fuzz/worker.go of Go 1.18 to 1.26): JSON calls over two pipes,
// the input in a shared file. A goroutine here plays the executor's part on the
// ring and passes each run on.

// The calls of the protocol that are used.
type (
	stockCall struct {
		Ping *struct{}  `json:",omitempty"`
		Fuzz *stockFuzz `json:",omitempty"`
	}
	// stockFuzz asks for one run, if Warmup is set.
	stockFuzz struct{ Warmup bool }

	stockResponse struct {
		// CoverageData holds the hit counts of the edges, rounded down to powers of two.
		CoverageData []byte
		// Err is the text of a failure, InternalErr of a failure of the protocol.
		Err, InternalErr string
	}
)

const (
	// stockHeader is the size of the shared file's header: five words, of which the
	// second is the input's length (internal/fuzz/mem.go).
	stockHeader = 40
	// stockTimeout is below the 10 seconds after which a worker ends itself, with
	// the message stockTimedOut.
	stockTimeout  = defaultTimeout * 9 / 10
	stockTimedOut = "panic: deadlocked!\n"
)

// stockTarget plays an executor's part on the ring for a stock worker.
type stockTarget struct {
	types    []string
	memory   *memory
	input    []byte   // the shared file
	calls    *os.File // to the worker
	answers  *os.File // from the worker
	fromHost *os.File // the ring's bells
	toHost   *os.File
	done     chan struct{} // closed when the goroutine has ended
	text     []byte        // the input being written
}

// startStock starts the target for the stock protocol.
func startStock(k *proc.Keeper, cfg Config, m *memory) (*process, error) {
	var ends []*os.File // of the worker, then all of the host's
	fail := func(err error) (*process, error) {
		for _, f := range ends {
			f.Close()
		}
		return nil, err
	}
	for range 4 {
		r, w, err := os.Pipe()
		if err != nil {
			return fail(fmt.Errorf("making a pipe: %w", err))
		}
		ends = append(ends, r, w)
	}
	// In text, a byte takes up to four.
	file, err := newMemory(1, 0)
	if err != nil {
		return fail(err)
	}
	defer file.close()
	input, err := file.mapSize(stockHeader + 4*cfg.SlotSize + 64*len(cfg.Stock) + 64)
	if err != nil {
		return fail(err)
	}
	s := &stockTarget{types: cfg.Stock, memory: m, input: input, done: make(chan struct{}),
		calls: ends[1], answers: ends[2], fromHost: ends[4], toHost: ends[7]}
	p := newProcess(cfg, ends[5], ends[6])
	p.stock = s
	p.cmd.Env = append(p.cmd.Env, "GOTRACEBACK=all")
	p.cmd.ExtraFiles = []*os.File{ends[0], ends[3], file.file}
	if err := p.start(k, true); err != nil {
		unix.Munmap(input)
		return fail(err)
	}
	ends[0].Close()
	ends[3].Close()
	go s.serve(cfg)
	return p, nil
}

// close ends the goroutine; the worker must have ended.
func (s *stockTarget) close() {
	s.calls.Close()
	s.answers.Close()
	s.fromHost.Close()
	<-s.done
	unix.Munmap(s.input)
}

// serve passes runs on until one side hangs up.
func (s *stockTarget) serve(cfg Config) {
	defer close(s.done)
	defer s.toHost.Close()
	defer s.calls.Close()
	calls, answers := json.NewEncoder(s.calls), json.NewDecoder(s.answers)
	call := func(c stockCall) (r stockResponse, err error) {
		if err := calls.Encode(c); err != nil {
			return r, err
		}
		err = answers.Decode(&r)
		return r, err
	}
	if _, err := call(stockCall{Ping: &struct{}{}}); err != nil || !s.announce(cfg.Exe) {
		return
	}
	for tail := atomic.LoadUint64(&s.memory.header.Tail); s.await(tail); tail++ {
		slot := s.memory.slot(tail)
		s.write(s.memory.input(tail)[:slot.Len])
		r, err := call(stockCall{Fuzz: &stockFuzz{Warmup: true}})
		if err != nil {
			return
		}
		s.finish(tail, slot, r)
	}
}

// announce has the ring laid out, if it is not yet, and says that inputs can come.
func (s *stockTarget) announce(exe string) bool {
	h := s.memory.header
	if atomic.LoadUint64(&h.Size) == 0 {
		edges, err := stockEdges(exe)
		if err != nil {
			return false
		}
		h.Edges = edges
		atomic.StoreUint32(&h.State, abi.RingHello)
		s.ring()
		if !s.heard() || atomic.LoadUint64(&h.Size) == 0 {
			return false
		}
	}
	atomic.StoreUint32(&s.memory.header.State, abi.RingReady)
	s.ring()
	return true
}

// stockEdges returns the number of edge counters of an executable.
func stockEdges(exe string) (uint64, error) {
	const first, behind = "internal/fuzz._counters", "internal/fuzz._ecounters"
	f, err := debuginfo.Open(exe)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	symbols, err := f.Symbols(func(name string) bool { return name == first || name == behind })
	if err != nil {
		return 0, fmt.Errorf("reading the symbols of %s: %w", exe, err)
	}
	var start, end uint64
	for _, symbol := range symbols {
		switch symbol.Name {
		case first:
			start = symbol.Addr
		case behind:
			end = symbol.Addr
		}
	}
	if start == 0 || end < start {
		return 0, fmt.Errorf("%s has no symbols internal/fuzz._counters and _ecounters: build it with -gcflags=-d=libfuzzer and without -ldflags=-s", exe)
	}
	return end - start, nil
}

func (s *stockTarget) ring() { s.toHost.Write([]byte{1}) }

// heard waits until the host rings and returns false if it has hung up.
func (s *stockTarget) heard() bool {
	var rings [64]byte
	n, _ := s.fromHost.Read(rings[:])
	return n > 0
}

// await waits until the run is published.
func (s *stockTarget) await(run uint64) bool {
	h := s.memory.header
	for atomic.LoadUint64(&h.Head) == run {
		atomic.StoreUint32(&h.Sleeping, 1)
		if atomic.LoadUint64(&h.Head) == run && !s.heard() {
			return false
		}
		atomic.StoreUint32(&h.Sleeping, 0)
	}
	return true
}

// write puts an input into the shared file.
func (s *stockTarget) write(stream []byte) {
	s.text = appendGoCorpus(s.text[:0], s.types, stream)
	n := copy(s.input[stockHeader:], s.text)
	clear(s.input[:stockHeader])
	*(*uint64)(unsafe.Pointer(&s.input[8])) = uint64(n)
}

// finish fills in the slot from the worker's answer.
func (s *stockTarget) finish(run uint64, slot *abi.RingSlot, r stockResponse) {
	failure := r.Err + r.InternalErr
	slot.Flags, slot.Compares = 0, 0
	if failure != "" {
		if rest, ok := strings.CutPrefix(failure, "--- FAIL: "); ok {
			_, failure, _ = strings.Cut(rest, "\n")
		}
		slot.Flags = abi.RingFailed
		slot.Text = uint32(copy(s.memory.all[s.memory.textOffset(run):][:abi.RingText], failure))
	}
	counters := r.CoverageData[:min(uint64(len(r.CoverageData)), s.memory.layout.Edges)]
	if slot.Want&abi.RingWantCounters != 0 {
		piece := s.memory.all[slot.Arena:][:s.memory.layout.Edges]
		clear(piece[copy(piece, counters):])
	}
	slot.Edges, slot.Path = 0, 0
	seen := s.memory.all[s.memory.layout.SeenOffset:][:len(counters)]
	for i, count := range counters {
		if count == 0 {
			continue
		}
		slot.Edges++
		slot.Path = bits.RotateLeft64((slot.Path^uint64(i))*0x9fb21c651e98df25, 29)
		// One bit for each power of two.
		if bucket := byte(1) << (bits.Len8(count) - 1); failure == "" && seen[i]&bucket == 0 {
			seen[i] |= bucket
			slot.Flags |= abi.RingNew
		}
	}
	h := s.memory.header
	atomic.StoreUint64(&h.Tail, run+1)
	if wake := atomic.LoadUint64(&h.WakeAt); wake != 0 && run+1 >= wake && atomic.SwapUint64(&h.WakeAt, 0) != 0 {
		s.ring()
	}
}

// checkStock says what is wrong with the types of Config.Stock.
func checkStock(types []string) error {
	if types == nil {
		return nil
	}
	if len(types) == 0 {
		return errors.New("no argument types are given for the stock protocol")
	}
	_, err := GoSchema(types)
	return err
}
