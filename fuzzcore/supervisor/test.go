package supervisor

import (
	"fmt"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines testState: what the supervisor knows of one fuzz test.

// rateWindow is over how many ticks the runs per second are averaged.
const rateWindow = 8

// testState is one fuzz test of a campaign. Only Campaign's own goroutine uses it.
type testState struct {
	test    *target.Test
	points  *coverage.Points
	sources *target.Sources   // what it was built from
	mask    []uint64          // of points that count, nil for all
	file    *abi.CoverageFile // of this fuzz test
	union   *abi.CoverageFile // of its executable

	before     figures  // when the campaign started
	beforeBits []uint64 // likewise
	now        figures  // at the last look
	lastFind   time.Time
	busy       time.Duration // time in which runs were made, for the rate
	lastLook   time.Time
	samples    [rateWindow]sample // a ring of what the last looks saw
	next       int                // where the next sample goes
}

type figures struct{ runs, unique, points uint64 }

type sample struct {
	at   time.Time
	runs uint64
}

func openTest(state *store.State, test *target.Test, started time.Time) (*testState, error) {
	t := &testState{test: test, sources: target.NewSources(state, test), lastFind: started, lastLook: started}
	if err := t.open(state); err != nil {
		t.close()
		return nil, fmt.Errorf("starting %s: %w", test.Name, err)
	}
	t.before = t.read()
	t.beforeBits = t.file.Bits(nil)
	t.now = t.before
	return t, nil
}

func (t *testState) open(state *store.State) error {
	id := t.test.CoverageID
	var err error
	if t.points, err = target.Points(state, id); err != nil {
		return err
	}
	t.mask = t.points.Mask()
	own := state.FuzzTest(t.test.Package, t.test.Func)
	if t.file, err = abi.OpenCoverage(own.CoveragePath(id), t.points.PCs); err != nil {
		return err
	}
	t.union, err = abi.OpenCoverage(state.CoveragePath(id), t.points.PCs)
	return err
}

func (t *testState) close() {
	if t.file != nil {
		t.file.Close()
	}
	if t.union != nil {
		t.union.Close()
	}
}

func (t *testState) read() figures {
	return figures{t.file.Runs(), t.file.Unique(), uint64(t.file.CoveredOf(t.mask))}
}

// look reads the coverage file, where workers have counted since the last look.
func (t *testState) look(now time.Time) {
	seen := t.read()
	if seen.unique != t.now.unique || seen.points != t.now.points {
		t.lastFind = now
	}
	if seen.runs != t.now.runs {
		t.busy += now.Sub(t.lastLook)
	}
	t.now, t.lastLook = seen, now
	t.samples[t.next] = sample{now, seen.runs}
	t.next = (t.next + 1) % rateWindow
}

// rate returns the runs per second over the last looks.
func (t *testState) rate() float64 {
	oldest, newest := t.samples[t.next], t.samples[(t.next+rateWindow-1)%rateWindow]
	if oldest.at.IsZero() {
		oldest = t.samples[0]
	}
	elapsed := newest.at.Sub(oldest.at)
	if elapsed <= 0 {
		return 0
	}
	return float64(newest.runs-oldest.runs) / elapsed.Seconds()
}

func (t *testState) snapshot(now time.Time, crashes int) TestSnapshot {
	return TestSnapshot{
		Package: t.test.Package, Func: t.test.Func,
		Runs: t.now.runs, NewRuns: t.now.runs - t.before.runs, RunsPerSecond: t.rate(),
		Unique: t.now.unique, Points: t.now.points, TotalPoints: uint64(t.points.Total()),
		SinceFind: now.Sub(t.lastFind), Crashes: crashes,
	}
}
