package live

import (
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Test: a fuzz test and what is being done with it.

// TestID names a fuzz test.
type TestID struct {
	Package string `json:"package"`
	Func    string `json:"func"`
}

// TestState is what is being done with a fuzz test.
type TestState int

// The states of a fuzz test.
const (
	Idle   TestState = iota
	Queued           // waits for another build to end
	BuildingTest
	Running
	ReplayingTest
	Stopping
)

// Test is a fuzz test and what is known of it.
type Test struct {
	ID TestID
	target.FuzzTest
	State TestState
	// Figures are those of the running campaign, or of the last one of this process; the
	// accumulated ones from the state are in it from the beginning. HasFigures is false
	// if it never ran.
	Figures    supervisor.TestSnapshot
	HasFigures bool
	// Workers is the number of workers of its running campaign, Started when that began.
	Workers int
	Started time.Time
	// Failure says why the last start ended in an error, "" if it did not.
	Failure string
}

// testEntry is a fuzz test of the workspace. Workspace.mu guards it.
type testEntry struct {
	Test
	campaign *campaign // that it belongs to, from Start to the end; nil if idle
	history  history
	// crashesRead: the crashes that the state had at first are known.
	crashesRead bool
	edited      time.Time // when its source was last changed, as far as is known
}

// Tests returns the fuzz tests, sorted by file and line.
func (w *Workspace) Tests() []Test {
	w.mu.Lock()
	defer w.mu.Unlock()
	tests := make([]Test, 0, len(w.order))
	for _, id := range w.order {
		tests = append(tests, w.tests[id].Test)
	}
	return tests
}

// Test returns one fuzz test.
func (w *Workspace) Test(id TestID) (Test, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.tests[id]
	if entry == nil {
		return Test{}, false
	}
	return entry.Test, true
}

// String returns the name of the fuzz test in messages: in Go, import path, dot, function.
func (id TestID) String() string { return target.FullName(id.Package, id.Func) }

// ids returns all fuzz tests in order.
func (w *Workspace) ids() []TestID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.order)
}

// setStates changes the state of fuzz tests and tells the observer.
func (w *Workspace) setStates(ids []TestID, state TestState) {
	w.mu.Lock()
	for _, id := range ids {
		if entry := w.tests[id]; entry != nil {
			entry.State = state
		}
	}
	w.mu.Unlock()
	w.observer.TestsChanged(w)
}

// refreshFigures reads what earlier campaigns have reached with the fuzz tests that are
// idle.
func (w *Workspace) refreshFigures() {
	state := w.existingState()
	if state == nil {
		return
	}
	targets, err := state.Targets()
	if err != nil {
		w.log.Warn("reading the figures of earlier campaigns", "error", err)
	}
	for _, t := range targets {
		for _, name := range t.Tests {
			figures, ok := accumulated(state, t, name)
			if !ok {
				continue
			}
			w.mu.Lock()
			if entry := w.tests[TestID{t.Package, name}]; entry != nil && entry.campaign == nil {
				figures.Crashes = entry.Figures.Crashes
				entry.Figures, entry.HasFigures = figures, true
			}
			w.mu.Unlock()
		}
	}
	w.observer.TestsChanged(w)
}

// accumulated reads the figures of a fuzz test from its coverage file; false if it
// never ran.
func accumulated(state *store.State, t store.Target, name string) (supervisor.TestSnapshot, bool) {
	file, err := abi.MapCoverage(state.FuzzTest(t.Package, name).CoveragePath(t.Coverage))
	if err != nil {
		return supervisor.TestSnapshot{}, false // none yet, or a campaign will say what is wrong with it
	}
	defer file.Close()
	figures := supervisor.TestSnapshot{
		Package: t.Package, Func: name, Runs: file.Runs(), Unique: file.Unique(),
		Points: uint64(file.CoveredOf(coverage.MaskOf(t.Counted, file.Len()))), TotalPoints: uint64(file.Len()),
	}
	if t.Counted != nil {
		figures.TotalPoints = uint64(len(t.Counted))
	}
	return figures, figures.Runs > 0
}
