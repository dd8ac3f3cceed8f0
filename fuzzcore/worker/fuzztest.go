package worker

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines fuzzTest: one fuzz test in this worker, and the pipeline
// between its engine and its executor.

// slotSize is the room for one input in the ring, and so the largest input: long
// enough for documents, short enough that a ring of 512 slots stays in memory
// that nobody misses.
const slotSize = 64 << 10

// batchesInFlight is how many batches are with the executor at once: while one
// runs the next is made.
const batchesInFlight = 2

// maxBatch is the largest batch: the cost of waking the executor vanishes above 64
// runs, and larger batches only make finds come later.
const maxBatch = 256

// executable is what the fuzz tests of one executable share.
type executable struct {
	points   *coverage.Points
	coverage *abi.CoverageFile
}

// fuzzTest is one fuzz test in this worker.
type fuzzTest struct {
	worker *worker
	index  uint32 // in start_fuzzing
	def    *target.Test
	exe    *executable
	hop    hopState

	coverage *abi.CoverageFile // of this fuzz test alone
	bits     []uint64          // scratch: the points that one input covered, then claimed
	corpus   corpus
	firsts   firsts
	compares compares
	crashes  crashFilter

	engine   *engine.Engine
	executor *executor.Executor // nil until the first turn and after the last
	parked   bool               // the executor's process has been let go
	inFlight []batch            // with the executor, oldest first
	done     int                // runs of the oldest batch that are judged
	spare    batch              // a judged one, to be filled again
	given    uint64             // cycles handed to the executor
	judged   uint64             // runs judged
	runs     uint64             // runs judged, not yet added to the coverage files
	cost     batchCost
	run      engine.Run // scratch
}

func (w *worker) openFuzzTest(index uint32, def *target.Test, exe *executable) (*fuzzTest, error) {
	own, err := abi.OpenCoverage(w.state.FuzzTest(def.Package, def.Func).CoveragePath(def.CoverageID), exe.points.PCs)
	if err != nil {
		return nil, err
	}
	t := &fuzzTest{worker: w, index: index, def: def, exe: exe, coverage: own}
	if def.IsNative() {
		t.crashes.key = nativeTextKey
	}
	t.bits = make([]uint64, (len(exe.points.PCs)+63)/64)
	t.corpus.open(t)
	t.firsts.open(t)
	return t, t.compares.open(t)
}

func (w *worker) openExecutable(id uint64) (*executable, error) {
	points, err := target.Points(w.state, id)
	if err != nil {
		return nil, err
	}
	file, err := abi.OpenCoverage(w.state.CoveragePath(id), points.PCs)
	if err != nil {
		return nil, err
	}
	return &executable{points, file}, nil
}

// entryPoint returns the address of the first point of a fuzz test's function: an entry of
// the coverage file's table, as Zig's is.
func (e *executable) entryPoint(def *target.Test) uint64 {
	f, ok := e.points.FuncAt(def.Entry)
	if !ok || int(f.First) >= len(e.points.PCs) {
		return def.Entry
	}
	return e.points.PCs[f.First]
}

func (t *fuzzTest) hopping() *hopState { return &t.hop }

func (t *fuzzTest) place() (*executable, uint64) { return t.exe, t.exe.entryPoint(t.def) }

func (t *fuzzTest) alive() bool { return t.executor != nil && !t.parked }

func (t *fuzzTest) park() { t.parked = t.executor.Park() }

// pause tells what waits to be told.
func (t *fuzzTest) pause() error {
	return errors.Join(t.countCrashes(), t.worker.flush(), t.firsts.write(), t.compares.saveInTime())
}

// seed derives the engine's seed: from the campaign's, this instance, and the
// name, so that what a fuzz test does does not depend on which others there are.
func (t *fuzzTest) seed() uint64 {
	name := fnv.New64a()
	name.Write([]byte(t.def.Name))
	seed := uint64(t.worker.config.Seed)
	if t.worker.start.Kind == abi.LimitForever {
		seed ^= t.worker.start.Amount
	}
	return seed ^ name.Sum64()
}

// maxInput returns the size of the longest input, as the ring holds it.
func (t *fuzzTest) maxInput() int {
	if t.def.MaxInput > 0 {
		return min(slotSize, t.def.MaxInput+target.RawHeader)
	}
	return slotSize
}

// addSeed gives the engine a seed.
func (t *fuzzTest) addSeed(i int) error {
	seed, err := t.def.Seed(i, slotSize)
	if err != nil {
		return err
	}
	t.firsts.noteSeed(seed, t.def.SeedFile(i))
	return t.engine.AddSeed(seed)
}

// resume makes sure that the executor runs. The first time it makes the engine and
// gives it the seeds and the corpus.
func (t *fuzzTest) resume(ctx context.Context) error {
	t.parked = false
	if t.executor != nil {
		return nil
	}
	m := t.worker.config.Manifest
	var err error
	t.executor, err = executor.Start(ctx, executor.Config{
		Exe: t.def.Exe, Args: t.def.Args, Env: t.def.Environ(), Dir: t.def.Dir, Stock: t.def.StockTypes(), Native: t.def.IsNative(),
		Slots: batchesInFlight * maxBatch, SlotSize: slotSize,
		Timeout: m.Timeout, MemoryLimit: m.MemoryLimit, Processors: m.Processors,
	})
	if err != nil {
		return fmt.Errorf("running %s: %w", t.def.Name, err)
	}
	if t.engine != nil {
		return nil
	}
	dictionary, err := target.LoadDictionary(t.def.Dictionary)
	if err != nil {
		return err
	}
	t.engine = engine.New(engine.Config{
		Schema: t.def.Schema, Seed: t.seed(), Edges: t.executor.Edges(), MaxInput: t.maxInput(), Dictionary: dictionary,
		Mutates: t.executor.Mutates(), Crosses: t.executor.Crosses(),
	})
	if t.cover(t.executor.BaselineCounters(), t.executor.Baseline()) {
		t.firsts.start(t.bits)
	}
	for i := range t.def.SeedCount() {
		if err := t.addSeed(i); err != nil {
			if err := t.worker.notice(t.index, "a seed is left out: %v", err); err != nil {
				return err
			}
		}
	}
	return t.corpus.load()
}

// addPeer queues an input that another instance found.
func (t *fuzzTest) addPeer(data []byte) {
	if t.engine == nil || t.engine.AddPeer(data) != nil {
		return // a peer's input that does not fit the schema cannot have run there
	}
}

// step hands one batch to the executor and judges the oldest one, or the part of it
// that is done at the time until: the rest is for the next turn. It returns false
// when the limit is used up and everything is judged.
func (t *fuzzTest) step(ctx context.Context, until time.Time) (more bool, err error) {
	if t.done == 0 {
		if filled := t.fill(); len(filled) > 0 {
			t.inFlight = append(t.inFlight, filled)
			t.executor.Flush()
			if len(t.inFlight) < batchesInFlight {
				return true, nil
			}
		}
		if len(t.inFlight) == 0 {
			return false, nil
		}
	}
	oldest := t.inFlight[0]
	for t.done < len(oldest) {
		if err := t.judge(ctx, oldest[t.done]); err != nil {
			return false, err
		}
		t.done++
		if t.executor.Ready() > 0 {
			continue
		}
		// A slow target: what there is is told before the next run is waited for.
		if err := t.tell(); err != nil {
			return false, err
		}
		if t.done < len(oldest) && time.Now().After(until) {
			return true, nil
		}
	}
	t.inFlight = append(t.inFlight[:0], t.inFlight[1:]...)
	t.spare, t.done = oldest, 0
	return true, t.tell()
}

// tell publishes the number of runs and sends the messages that wait.
func (t *fuzzTest) tell() error {
	t.publishRuns()
	if err := errors.Join(t.countCrashesInTime(), t.firsts.writeInTime(), t.compares.saveInTime(), t.corpus.syncInTime()); err != nil {
		return err
	}
	return t.worker.flush()
}

// batch is what was handed out at once, one element for each run: nil if the
// executor has it, or the crash that the same input had before.
type batch []*fatalInput

// fill hands out the next batch: an empty one if the limit is used up and no known
// input waits.
func (t *fuzzTest) fill() batch {
	size := t.cost.limit(t.engine.Batch())
	filled := t.spare[:0]
	for len(filled) < size && (t.given < t.cycles() || t.engine.Pending() > 0) {
		slot := t.executor.Slot()
		if slot == nil {
			break
		}
		ticket := t.engine.Next(slot)
		repeated := t.push(slot, &ticket)
		if ticket.Generated {
			t.given++
		}
		filled = append(filled, repeated)
	}
	return filled
}

// push gives the executor an input, or returns the crash that it had before.
func (t *fuzzTest) push(slot []byte, ticket *engine.Ticket) *fatalInput {
	if ticket.Mutate {
		t.executor.PushMutate(ticket)
		return nil
	}
	repeated := t.crashes.fatalInput(slot[:ticket.Len])
	if repeated == nil {
		t.executor.Push(ticket.Len, ticket.Want)
	}
	return repeated
}

// cycles is how many mutants this worker may run.
func (t *fuzzTest) cycles() uint64 {
	if t.worker.start.Kind == abi.LimitIterations {
		return t.worker.start.Amount
	}
	return ^uint64(0)
}

// judge takes the oldest run and tells the engine.
func (t *fuzzTest) judge(ctx context.Context, repeated *fatalInput) error {
	t.judged++
	t.runs++
	if err := t.await(ctx, repeated); err != nil {
		return err
	}
	t.compares.observe()
	for _, event := range t.engine.Observe(&t.run) {
		if err := t.handle(&event); err != nil {
			return err
		}
	}
	return nil
}

// await fills in t.run: from the executor, or from memory if the input is known to
// end the process.
func (t *fuzzTest) await(ctx context.Context, repeated *fatalInput) error {
	if repeated != nil {
		t.crashes.repeat(repeated)
		t.run = engine.Run{Data: repeated.data, Failed: true}
		return nil
	}
	result, err := t.executor.Wait(ctx)
	if err != nil {
		return fmt.Errorf("running %s: %w", t.def.Name, err)
	}
	t.cost.add(result.Edges)
	t.run = engine.Run{
		Data: result.Data, New: result.New, Failed: result.Crash != nil, Skipped: result.Skipped,
		Partial: result.Partial, Edges: result.Edges, Path: result.Path,
		Counters: result.Counters, Compares: result.Compares, Blocks: result.Blocks,
	}
	if t.worker.start.Kind == abi.LimitForever { // campaigns with a limit repeat themselves
		t.run.Nanos = result.Nanos
	}
	if result.Crash != nil && result.Crash.How != executor.Stopped {
		return t.reportCrash(result)
	}
	return nil
}

// handle acts on what the engine decided about an input.
func (t *fuzzTest) handle(event *engine.Event) error {
	if event.Kind == engine.Dropped {
		t.corpus.drop(event)
		return nil
	}
	if t.cover(event.Counters, event.Blocks) {
		t.firsts.note(event, t.bits)
	}
	if event.Origin == engine.Mutant || event.Origin == engine.Peer {
		if err := t.found(event); err != nil {
			return err
		}
	}
	return t.corpus.keep(event)
}

// found counts a new input that was kept. Peers are told of a mutant of this worker if
// it reached something new; a shorter way to what is known they find themselves.
func (t *fuzzTest) found(event *engine.Event) error {
	if t.worker.main() {
		t.coverage.AddUnique(1)
		t.exe.coverage.AddUnique(1)
	}
	if !event.Fresh || event.Origin == engine.Peer {
		return nil
	}
	t.hop.sinceFind, t.hop.lastFind = 0, t.worker.hops
	input := abi.FuzzInput{Test: t.index, Data: event.Data}
	return t.worker.send(abi.TagBroadcastFuzzInput, input.Append(nil))
}

// cover publishes the points that a kept input covered. It reports whether some of them
// are new for the fuzz test and leaves those in t.bits.
func (t *fuzzTest) cover(counters []byte, cells []uint64) bool {
	clear(t.bits)
	for i, n := range counters {
		if n != 0 {
			t.bits[i/64] |= 1 << (i % 64)
		}
	}
	points := t.exe.points
	if cells != nil {
		for i, cell := range points.Cells {
			if cells[cell/64]>>(cell%64)&1 != 0 {
				p := points.Edges + i
				t.bits[p/64] |= 1 << (p % 64)
			}
		}
	}
	t.exe.coverage.Or(t.bits)
	claimed := t.coverage.Claim(t.bits)
	t.hop.covered += claimed
	return claimed > 0
}

func (t *fuzzTest) publishRuns() {
	if t.runs == 0 {
		return
	}
	t.coverage.AddRuns(t.runs)
	t.exe.coverage.AddRuns(t.runs)
	t.runs = 0
}

// close ends the executor and brings the corpus on disk up to date.
func (t *fuzzTest) close() error {
	err := errors.Join(t.firsts.write(), t.compares.save(), t.corpus.sync())
	if t.executor != nil {
		err = errors.Join(err, t.executor.Close())
		t.executor = nil
	}
	return err
}

// batchCost limits batches for targets that do much in a run, so that finds, hops
// and the display do not wait for hundreds of slow runs. Time would make two
// campaigns differ; the number of edges hit is a stand-in that does not.
type batchCost struct {
	runs, edges uint64
}

func (c *batchCost) add(edges uint32) {
	c.runs++
	c.edges += uint64(edges)
}

// limit returns the batch size for what the engine advises.
func (c *batchCost) limit(advised int) int {
	if c.runs == 0 {
		return min(advised, 16)
	}
	switch average := c.edges / c.runs; {
	case average >= 512:
		return min(advised, 16)
	case average >= 128:
		return min(advised, 64)
	}
	return min(advised, maxBatch)
}
