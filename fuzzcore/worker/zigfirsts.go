package worker

import (
	"context"
	"errors"
	"io/fs"
	"math/bits"
	"os"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines zigFirsts: which inputs of a fuzz test of Zig reached points first.
// The process does not tell. So the inputs that it has run since are run once more, in a
// process that is held after each, until all points have theirs.

// zigFirsts remembers points that this worker turned on and the inputs that may have
// reached them. Traces run in a goroutine of its own, one at a time.
type zigFirsts struct {
	test   *zigTest
	writer *provenance.Writer
	// open are points whose input is not known yet.
	open       []uint64
	candidates []zigCandidate // since the last trace, oldest first
	tracing    chan zigTraced // where the trace that runs will come out; nil if none runs
	stop       context.CancelFunc
	next       time.Time // when the next trace may start
}

// zigCandidate is an input that the process has run.
type zigCandidate struct {
	data   []byte
	origin provenance.Origin
	at     time.Time // when it was found
	added  time.Time
}

// zigTraced is what a trace has found.
type zigTraced struct {
	finds []provenance.Find
	took  time.Duration
	err   error
}

const (
	// candidatesKept bounds the inputs that wait for a trace.
	candidatesKept = 4096
	// traceShare is what part of the time traces may take: one in so many.
	traceShare = 50
	// tracePatience bounds the last trace when a limit is reached, endPatience those of all
	// fuzz tests when the worker is told to end. The supervisor is not more patient than a
	// second.
	tracePatience = 5 * time.Second
	endPatience   = 500 * time.Millisecond
	// candidateLife is how long an input is a candidate while no points are open: they are
	// seen at most lookEvery after it has run.
	candidateLife = 5 * time.Second
)

func (f *zigFirsts) begin(t *zigTest) {
	f.test = t
	f.writer = provenance.NewWriter(t.worker.state.FuzzTest(t.def.Package, t.def.Func), t.def.CoverageID)
	f.open = make([]uint64, (len(t.exe.points.PCs)+63)/64)
}

// load takes the inputs that a process runs at first as candidates.
func (f *zigFirsts) load() {
	numbers, err := f.test.cache.Numbers()
	if err != nil {
		return // the process will say so
	}
	for _, n := range numbers {
		path := f.test.cache.InputPath(n)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if data, err := os.ReadFile(path); err == nil {
			f.add(data, provenance.Corpus, info.ModTime())
		}
	}
}

// add notes an input that the process has run or will run.
func (f *zigFirsts) add(data []byte, origin provenance.Origin, at time.Time) {
	f.candidates = append(f.candidates, zigCandidate{data, origin, at, time.Now()})
	if excess := len(f.candidates) - candidatesKept; excess > 0 {
		f.candidates = append(f.candidates[:0], f.candidates[excess:]...)
	}
}

// claim notes points that this worker has turned on.
func (f *zigFirsts) claim(points []uint64) {
	for i, w := range points {
		f.open[i] |= w
	}
}

// write writes what traces have found, and starts one if there is something to find and
// the last was long enough ago.
func (f *zigFirsts) write() error {
	if f.tracing != nil {
		select {
		case traced := <-f.tracing:
			return f.take(traced)
		default:
			return nil
		}
	}
	if isEmpty(f.open) {
		f.forget()
		return nil
	}
	if len(f.candidates) == 0 || time.Now().Before(f.next) {
		return nil
	}
	f.trace(context.Background())
	return nil
}

// forget drops candidates that have reached nothing new.
func (f *zigFirsts) forget() {
	old := 0
	for old < len(f.candidates) && time.Since(f.candidates[old].added) > candidateLife {
		old++
	}
	f.candidates = f.candidates[old:]
}

// trace starts a trace of the candidates.
func (f *zigFirsts) trace(ctx context.Context) {
	ctx, f.stop = context.WithCancel(ctx)
	open, candidates, out := append([]uint64(nil), f.open...), f.candidates, make(chan zigTraced, 1)
	f.candidates, f.tracing = nil, out
	t := f.test
	config := zigtest.ReplayConfig{
		Exe: t.def.Exe, Run: t.run, Dir: t.def.Dir, Env: t.def.Environ(), Name: t.def.Zig.Name, ID: t.def.CoverageID,
		Scratch: os.TempDir(), Timeout: t.watch.Timeout, MemoryLimit: t.watch.MemoryLimit,
	}
	go func() {
		began := time.Now()
		finds, err := traceZig(ctx, config, open, candidates)
		out <- zigTraced{finds, time.Since(began), err}
	}()
}

// traceZig runs the candidates and says which were first at the open points.
func traceZig(ctx context.Context, config zigtest.ReplayConfig, open []uint64, candidates []zigCandidate) ([]provenance.Find, error) {
	r, err := zigtest.NewReplayer(config)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	inputs := make([][]byte, len(candidates))
	for i, c := range candidates {
		inputs[i] = c.data
	}
	var finds []provenance.Find
	err = r.Trace(ctx, inputs, func(i int, fresh []uint64) {
		find := provenance.Find{Time: time.Now(), Origin: provenance.Seed}
		if i >= 0 {
			c := candidates[i]
			find.Time, find.Origin = c.at, c.origin
			find.Data = func() ([]byte, error) { return c.data, nil }
		}
		for w := range open {
			both := open[w] & fresh[w]
			open[w] &^= both
			find.Points = appendPoints(find.Points, w, both)
		}
		if len(find.Points) > 0 {
			finds = append(finds, find)
		}
	})
	return finds, err
}

// take writes what a trace has found. Points that no candidate reached stay open: the
// process may have reached them from another thread.
func (f *zigFirsts) take(traced zigTraced) error {
	f.stop()
	f.tracing = nil
	f.next = time.Now().Add(max(firstsEvery, traceShare*traced.took))
	for _, find := range traced.finds {
		for _, p := range find.Points {
			f.open[p/64] &^= 1 << (p % 64)
		}
	}
	if errors.Is(traced.err, fs.ErrNotExist) || errors.Is(traced.err, context.Canceled) || errors.Is(traced.err, context.DeadlineExceeded) {
		traced.err = nil // no time is left, or the campaign's end has come before
	}
	return errors.Join(traced.err, f.writer.Write(traced.finds))
}

// end finds what can still be found, and writes the points that are left without an input.
func (f *zigFirsts) end() error {
	var err error
	deadline := time.Now().Add(tracePatience)
	if ending := f.test.worker.ending; !ending.IsZero() {
		deadline = ending.Add(endPatience)
	}
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if f.tracing == nil && len(f.candidates) > 0 && !isEmpty(f.open) {
		f.trace(ctx)
	}
	if f.tracing != nil {
		defer context.AfterFunc(ctx, f.stop)()
		err = f.take(<-f.tracing)
	}
	left := provenance.Find{Time: time.Now(), Origin: provenance.Mutant}
	for w := range f.open {
		left.Points = appendPoints(left.Points, w, f.open[w])
		f.open[w] = 0
	}
	return errors.Join(err, f.writer.Write([]provenance.Find{left}))
}

// appendPoints appends the points of a word of a bitset.
func appendPoints(points []uint32, word int, w uint64) []uint32 {
	for ; w != 0; w &= w - 1 {
		points = append(points, uint32(64*word+bits.TrailingZeros64(w)))
	}
	return points
}

func isEmpty(words []uint64) bool {
	for _, w := range words {
		if w != 0 {
			return false
		}
	}
	return true
}
