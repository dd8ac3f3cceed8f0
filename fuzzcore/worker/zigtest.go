package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines zigTest: one fuzz test of Zig in this worker, whose engine is Zig's
// own, in a process that this worker looks after.

// zigTest is one fuzz test of Zig. Each has a process of its own, although an executable
// would take all its fuzz tests at once and hop between them by itself: so it is known
// which fuzz test covers what, and one that crashes takes no other with it.
type zigTest struct {
	worker *worker
	index  uint32 // in start_fuzzing
	def    *target.Test
	exe    *executable
	hop    hopState
	cache  *zigtest.Cache
	run    string           // the executable that is run
	places *zigtest.Symbols // of the executable

	zigCoverage
	corpus  zigCorpus
	firsts  zigFirsts
	crashes crashFilter

	child *zigtest.Child // nil before the first turn, between processes, and after the last
	watch zigtest.Watch
	// startAt is when the next process may start, while child is nil.
	startAt time.Time
	// began is how many runs there were when the process was started, generation how many
	// processes there were before it.
	began      uint64
	generation uint32
	// stillborn is how many processes in a row have ended before they had made a run.
	stillborn int
	stuck     sameCrash
	limit     zigLimit
	sent      sentInputs
	finished  bool // nothing is left to do
	closing   bool // no other process may start
}

func (w *worker) openZigTest(index uint32, def *target.Test, exe *executable) (*zigTest, error) {
	own, err := abi.OpenCoverage(w.state.FuzzTest(def.Package, def.Func).CoveragePath(def.CoverageID), exe.points.PCs)
	if err != nil {
		return nil, err
	}
	t := &zigTest{worker: w, index: index, def: def, exe: exe, cache: zigCache(w.state, def)}
	t.run, t.places = zigExe(w.state, def), zigtest.NewSymbols(def.Exe)
	t.crashes.key = zigTextKey
	t.limit.open(t)
	t.watch = zigtest.Watch{Timeout: w.config.Manifest.Timeout, MemoryLimit: w.config.Manifest.MemoryLimit}
	t.zigCoverage.open(t, own)
	t.firsts.begin(t)
	return t, t.corpus.open(t)
}

func (t *zigTest) hopping() *hopState { return &t.hop }

func (t *zigTest) place() (*executable, uint64) { return t.exe, t.exe.entryPoint(t.def) }

// instance returns the number of the child's instance. In limited mode nobody else has
// this fuzz test.
func (t *zigTest) instance() uint32 {
	if t.worker.start.Kind == abi.LimitIterations {
		return 0
	}
	return uint32(t.worker.start.Amount)
}

// resume lets the process go on, or starts it.
func (t *zigTest) resume(context.Context) error {
	if t.child == nil {
		return t.start()
	}
	t.watch.Resume()
	t.child.Resume()
	return nil
}

// start starts a process.
func (t *zigTest) start() error {
	dir, err := t.cache.Instance(t.instance())
	if err == nil && t.instance() == 0 {
		err = t.cache.Unlock()
	}
	if err != nil {
		return fmt.Errorf("running %s: %w", t.def.Name, err)
	}
	if t.worker.keeper == nil {
		t.worker.keeper = proc.NewKeeper()
	}
	t.limit.begin()
	if t.generation == 0 {
		t.firsts.load()
	}
	t.child, err = zigtest.Start(t.worker.keeper, zigtest.Config{
		Exe: t.run, Dir: t.def.Dir, Env: t.def.Environ(), Cache: dir, Seed: t.seed(),
		Start: abi.StartFuzzing{Kind: t.worker.start.Kind, Amount: t.limit.amount(), Names: []string{t.def.Zig.Name}},
	})
	if err != nil {
		return fmt.Errorf("running %s: %w", t.def.Name, err)
	}
	t.generation++
	t.began = t.counted
	t.watch.Restart(t.counted)
	t.sent.again(t.child)
	return nil
}

// seedStep makes the seeds of one campaign's processes differ: with the same seed and
// inputs, the next process would do what the one before has done, up to its crash. It is
// 2^32 divided by the golden ratio, so that they are far apart.
const seedStep = 0x9e3779b9

// seed returns the seed of the next process. Zig's fuzzer mixes it with the instance.
func (t *zigTest) seed() uint32 { return t.worker.config.Seed + seedStep*t.generation }

// addPeer hands on an input that another instance has found.
func (t *zigTest) addPeer(stream []byte) {
	data, err := t.def.MarshalInput(stream)
	if err != nil || t.finished {
		return // a peer's input is a stream
	}
	t.sent.add(data)
	t.firsts.add(data, provenance.Peer, time.Now())
	if t.child != nil {
		t.child.Send(0, data)
	}
}

// lookEvery is how often the coverage file is looked at: often enough for lines that
// change colour while somebody watches, and next to no work.
const lookEvery = 100 * time.Millisecond

// step takes what the process tells for a while, then looks at it.
func (t *zigTest) step(ctx context.Context, _ time.Time) (more bool, err error) {
	if t.finished {
		return false, nil
	}
	var events <-chan zigtest.Event // none while there is no process
	if t.child != nil {
		events = t.child.Events()
	}
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case e, ok := <-events:
			if !ok {
				return t.bury(0)
			}
			if err := t.heard(&e); err != nil {
				return false, err
			}
		case <-timer.C:
			return t.look()
		}
	}
}

// heard acts on a message of the process.
func (t *zigTest) heard(e *zigtest.Event) error {
	switch e.Tag {
	case abi.TagZigVersion:
		return t.follow(zigtest.CoveragePath(t.dir(), t.def.CoverageID))
	case abi.TagBroadcastFuzzInput:
		return t.found(e.Input)
	}
	return nil
}

// dir returns the child's cache directory.
func (t *zigTest) dir() string { return t.cache.InstanceDir(t.instance()) }

// found hands on an input that the process has found. It has yet to confirm it.
func (t *zigTest) found(input []byte) error {
	t.limit.confirmations++
	t.hop.sinceFind, t.hop.lastFind = 0, t.worker.hops
	stream, err := target.RawStream(input)
	if err != nil {
		return fmt.Errorf("running %s: %w", t.def.Name, err)
	}
	t.corpus.changed = true
	t.firsts.add(input, provenance.Mutant, time.Now())
	message := abi.FuzzInput{Test: t.index, Data: stream}
	return t.worker.send(abi.TagBroadcastFuzzInput, message.Append(nil))
}

// look looks at what the process has covered, how long its run takes and how much memory
// it has, and tells.
func (t *zigTest) look() (more bool, err error) {
	if t.child == nil {
		if time.Now().After(t.startAt) {
			err = t.start()
		}
		return true, errors.Join(err, t.tell())
	}
	t.count()
	verdict := t.watch.Look(t.child.PID(), t.counted)
	switch {
	case verdict.How != 0:
		t.child.Interrupt()
		return t.bury(verdict.How)
	case verdict.Recycle:
		t.child.Kill()
	}
	return true, t.tell()
}

// tell writes what is to be written from time to time, and sends the messages that wait.
func (t *zigTest) tell() error {
	err := errors.Join(t.worker.countCrashesInTime(t.index, &t.crashes), t.corpus.syncInTime(), t.firsts.write())
	return errors.Join(err, t.worker.flush())
}

// pause stops the process until the next turn.
func (t *zigTest) pause() error {
	if t.child != nil {
		t.child.Pause()
		t.watch.Pause()
		t.count()
	}
	return errors.Join(t.worker.countCrashes(t.index, &t.crashes), t.worker.flush(), t.corpus.syncInTime(), t.firsts.write())
}

func (t *zigTest) alive() bool { return t.child != nil }

// park ends the process: all that it knows is on disk. The next turn starts another.
func (t *zigTest) park() {
	if t.limited() {
		return // its cycles would have to be counted
	}
	t.child.Close()
	t.count()
	t.child = nil
}

func (t *zigTest) limited() bool { return t.worker.start.Kind == abi.LimitIterations }

// dyingPatience is how long a process that is printing a report of its crash may go on
// when the worker ends. The supervisor is not more patient than a second.
const dyingPatience = 700 * time.Millisecond

// close ends the process and brings what is on disk up to date.
func (t *zigTest) close() error {
	t.closing = true
	var err error
	switch {
	case t.child == nil:
	case zigtest.Crashing(t.child.Text()):
		defer time.AfterFunc(dyingPatience, t.child.Kill).Stop()
		_, err = t.bury(0)
	default:
		t.child.Close()
		t.count()
		t.child = nil
	}
	err = errors.Join(err, t.worker.countCrashes(t.index, &t.crashes), t.corpus.close(), t.firsts.end(), t.worker.flush())
	if t.live != nil {
		err = errors.Join(err, t.live.Close())
		t.live = nil
	}
	return err
}
