package worker

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Run: one worker process from its first message to its end.

// Config is what a worker is told on its command line.
type Config struct {
	// Manifest describes the fuzz tests.
	Manifest *target.Manifest
	// Seed is the campaign's random seed.
	Seed uint32
	// Version is what the first message says of this program.
	Version string
}

// worker is the state of the process. Only Run's goroutine uses it, but for
// pending, which the reader of stdin fills.
type worker struct {
	config Config
	state  *store.State
	out    *bufio.Writer
	start  abi.StartFuzzing
	tests  []unit
	// sources are what the fuzz tests were built from.
	sources map[*target.Test]*target.Sources
	began   time.Time
	hops    uint64       // batches of about a second, of all tests
	frame   []byte       // the message being built
	keeper  *proc.Keeper // of Zig's executables; nil until the first is started
	ending  time.Time    // when the worker began to end; zero before

	pending pendingInputs
}

// main reports whether this instance publishes: it alone writes the corpus and
// counts unique runs.
func (w *worker) main() bool {
	return w.start.Kind == abi.LimitIterations || w.start.Amount == 0
}

// hopTime is how long a worker stays with one fuzz test when it has several, as
// in Zig's fuzzer: a second is long against the cost of a change of executors and
// short against a person's patience.
const hopTime = time.Second

// Run speaks the worker's side of the messages on in and out until the limit is
// reached, in ends or ctx ends; all three are a success. It closes its executors
// before it returns.
func Run(ctx context.Context, config Config, in io.Reader, out io.Writer) error {
	state, err := store.Existing(config.Manifest.Root)
	if err != nil {
		return err
	}
	w := &worker{config: config, state: state, out: bufio.NewWriter(out), began: time.Now()}
	if err := errors.Join(w.send(abi.TagZigVersion, []byte(config.Version)), w.flush()); err != nil {
		return err
	}
	reader := bufio.NewReader(in)
	if err := w.readStart(reader); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// The reader ends when stdin does: at the latest when the supervisor is gone.
	// Nothing can wake it earlier, so Run does not wait for it.
	go func() { stop(w.pending.read(reader, len(w.start.Names))) }()
	err = w.fuzz(ctx)
	w.ending = time.Now()
	for _, t := range w.tests {
		err = errors.Join(err, t.close())
	}
	if w.keeper != nil {
		w.keeper.Close()
	}
	if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
		if errors.Is(cause, io.EOF) || errors.Is(cause, context.Canceled) {
			return nil
		}
		return cause
	}
	return err
}

func (w *worker) readStart(reader io.Reader) error {
	tag, body, err := abi.ReadMessage(reader)
	if err != nil {
		return fmt.Errorf("waiting for start_fuzzing: %w", err)
	}
	if tag != abi.TagStartFuzzing {
		return fmt.Errorf("waiting for start_fuzzing: got a message with tag %#x", uint32(tag))
	}
	w.start, err = abi.DecodeStartFuzzing(body)
	if err != nil {
		return err
	}
	if len(w.start.Names) == 0 {
		return errors.New("start_fuzzing names no fuzz test")
	}
	return nil
}

// fuzz prepares the fuzz tests and runs them in turns.
func (w *worker) fuzz(ctx context.Context) error {
	if err := w.open(); err != nil {
		return err
	}
	if w.main() {
		if err := w.announce(); err != nil {
			return err
		}
	}
	states := make([]*hopState, len(w.tests))
	for i, t := range w.tests {
		states[i] = t.hopping()
	}
	var instance uint64 // in limited mode nobody else has these fuzz tests
	if w.start.Kind == abi.LimitForever {
		instance = w.start.Amount
	}
	rng := rand.New(rand.NewPCG(uint64(w.config.Seed), instance))
	for {
		for i, t := range w.tests {
			t.hopping().waiting = w.pending.waiting(i)
		}
		i := pick(rng, states, instance)
		if i < 0 {
			return nil
		}
		if err := w.turn(ctx, i, len(w.tests) > 1); err != nil {
			return err
		}
	}
}

// open makes the state of every fuzz test that start_fuzzing names.
func (w *worker) open() error {
	executables := map[uint64]*executable{}
	w.sources = map[*target.Test]*target.Sources{}
	for i, name := range w.start.Names {
		at := w.config.Manifest.Find(name)
		if at < 0 {
			return fmt.Errorf("fuzz test %s no longer exists", name)
		}
		def := &w.config.Manifest.Tests[at]
		w.sources[def] = target.NewSources(w.state, def)
		t, err := w.openTest(uint32(i), def, executables)
		if err != nil {
			return fmt.Errorf("opening %s: %w", name, err)
		}
		w.tests = append(w.tests, t)
	}
	return nil
}

// announce sends the coverage id of each executable and the entry points of its
// fuzz tests.
func (w *worker) announce() error {
	var last *executable
	for _, t := range w.tests {
		exe, entry := t.place()
		if exe != last {
			last = exe
			file := last.coverage
			id := abi.CoverageIDMessage{ID: file.ID(), Runs: file.Runs(), Unique: file.Unique(), Seen: uint64(file.Covered())}
			if err := w.send(abi.TagCoverageID, id.Append(nil)); err != nil {
				return err
			}
		}
		if err := w.send(abi.TagFuzzStartAddr, abi.FuzzStartAddr{Addr: entry}.Append(nil)); err != nil {
			return err
		}
	}
	return w.flush()
}

// turn runs one fuzz test for about a second, or to its limit, or without end if
// it is the only one.
func (w *worker) turn(ctx context.Context, i int, hop bool) error {
	t, state := w.tests[i], w.tests[i].hopping()
	w.hops++
	state.batches++
	if err := w.send(abi.TagFuzzTestChange, abi.FuzzTestChange{Test: uint32(i)}.Append(nil)); err != nil {
		return err
	}
	if err := t.resume(ctx); err != nil {
		return err
	}
	state.sinceFind++
	state.turn = w.hops
	w.makeRoom()
	for end := time.Now().Add(hopTime); ; {
		w.pending.take(i, t.addPeer)
		more, err := t.step(ctx, end)
		if err != nil {
			return err
		}
		if !more {
			state.done = true
			return errors.Join(t.pause(), t.close())
		}
		now := time.Now()
		if hop && now.After(end) {
			return t.pause()
		}
		if !hop {
			end = now.Add(hopTime)
		}
	}
}

// executorsAlive is how many executors a worker keeps: one more costs some 20 MB,
// one started again some milliseconds.
const executorsAlive = 8

// makeRoom parks the executors whose last turn is longest ago if there are too many.
// One that is still at work is left alone until the next time.
func (w *worker) makeRoom() {
	var alive []unit
	for _, t := range w.tests {
		if t.alive() {
			alive = append(alive, t)
		}
	}
	slices.SortFunc(alive, func(a, b unit) int { return cmp.Compare(a.hopping().turn, b.hopping().turn) })
	for excess := len(alive) - executorsAlive; excess > 0; excess-- {
		alive[excess-1].park()
	}
}

func (w *worker) analyze(t *target.Test, c *abi.Crash) crash.Report {
	return Analyze(t, w.config.Manifest.Modules, w.sources[t], c)
}

func (w *worker) flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("writing to the supervisor: %w", err)
	}
	return nil
}

// send writes one message. It reaches the supervisor at the next flush, which
// every step ends with.
func (w *worker) send(tag abi.Tag, body []byte) error {
	w.frame = abi.AppendMessage(w.frame[:0], tag, body)
	if _, err := w.out.Write(w.frame); err != nil {
		return fmt.Errorf("writing to the supervisor: %w", err)
	}
	return nil
}

// notice tells the user something that is no failure.
func (w *worker) notice(test uint32, format string, args ...any) error {
	return w.send(abi.TagNotice, abi.Notice{Test: test, Text: fmt.Sprintf(format, args...)}.Append(nil))
}

// pendingLimit is how many inputs of peers may wait for one fuzz test. When there
// are more the oldest are dropped: peers find most of what they find at the start,
// and any input can be found again.
const pendingLimit = 1024

// pendingInputs holds the inputs that peers found, until their fuzz test has its
// turn.
type pendingInputs struct {
	mu     sync.Mutex
	inputs [][][]byte // guarded by mu; by test, oldest first
}

// read takes messages until the stream ends or makes no sense, and returns why.
func (p *pendingInputs) read(reader io.Reader, tests int) error {
	for {
		tag, body, err := abi.ReadMessage(reader)
		if err != nil {
			return err
		}
		if tag != abi.TagNewFuzzInput {
			return fmt.Errorf("unexpected message with tag %#x while fuzzing", uint32(tag))
		}
		input, err := abi.DecodeFuzzInput(body)
		if err != nil {
			return err
		}
		if int(input.Test) >= tests {
			return fmt.Errorf("new_fuzz_input for fuzz test %d of %d", input.Test, tests)
		}
		p.add(int(input.Test), tests, input.Data)
	}
}

func (p *pendingInputs) add(test, tests int, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inputs == nil {
		p.inputs = make([][][]byte, tests)
	}
	p.inputs[test] = append(p.inputs[test], data)
	if n := len(p.inputs[test]); n > pendingLimit {
		p.inputs[test] = p.inputs[test][n-pendingLimit:]
	}
}

func (p *pendingInputs) waiting(test int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inputs != nil && len(p.inputs[test]) > 0
}

// take hands the inputs that wait for test to use.
func (p *pendingInputs) take(test int, use func([]byte)) {
	p.mu.Lock()
	var inputs [][]byte
	if p.inputs != nil {
		inputs, p.inputs[test] = p.inputs[test], nil
	}
	p.mu.Unlock()
	for _, data := range inputs {
		use(data)
	}
}
