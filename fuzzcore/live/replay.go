package live

import (
	"context"
	"errors"
	"fmt"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how all known inputs of a fuzz test are run once.

// ReplayResult is what came of running inputs once.
type ReplayResult struct {
	Inputs  int     // seeds, reproducers and corpus
	Crashes []Crash // that happened
}

// Replay builds the fuzz test, runs its seeds, corpus and reproducers once and returns
// what crashed. Crashes that no longer happen become Fixed. It is an error if the fuzz
// test is running.
func (w *Workspace) Replay(ctx context.Context, id TestID) (ReplayResult, error) {
	ctx, leave, err := w.enter(ctx)
	if err != nil {
		return ReplayResult{}, err
	}
	defer leave()
	c, err := w.newReplay(ctx, id)
	if err != nil {
		return ReplayResult{}, err
	}
	w.observer.TestsChanged(w)
	c.run()
	switch {
	case c.err != nil:
		return ReplayResult{}, c.err
	case ctx.Err() != nil:
		return ReplayResult{}, fmt.Errorf("replaying %s: %w", id.Func, ctx.Err())
	case c.inputs < 0:
		return ReplayResult{}, fmt.Errorf("replaying %s: %w", id.Func, errCancelled)
	}
	return ReplayResult{Inputs: c.inputs, Crashes: w.openCrashesOf(id)}, nil
}

func (w *Workspace) newReplay(ctx context.Context, id TestID) (*campaign, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.tests[id]
	if entry == nil {
		return nil, unknownTest(id)
	}
	if entry.campaign != nil {
		return nil, fmt.Errorf("%s is running, and ran its corpus when it started: stop it to run the corpus alone", id.Func)
	}
	c := w.newCampaign(ctx, []TestID{id})
	c.replay, c.inputs = true, notReplayed
	return c, nil
}

// notReplayed is the number of inputs of a replay that did not come to its end.
const notReplayed = -1

// countInputs returns how many inputs the fuzz tests have.
func countInputs(state *store.State, tests []target.Test) int {
	n := 0
	for _, t := range tests {
		entries, err := state.FuzzTest(t.Package, t.Func).Corpus().List()
		if err == nil { // otherwise the workers have said what is wrong
			n += len(entries)
		}
		n += t.SeedCount()
	}
	return n
}

// openCrashesOf returns the open crashes of a fuzz test, sorted.
func (w *Workspace) openCrashesOf(id TestID) []Crash {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []Crash
	for key, c := range w.crashes {
		if key.test == id && c.Status == Open {
			open = append(open, *c)
		}
	}
	sortCrashes(open)
	return open
}

// withBuilt builds a fuzz test and calls f with it, as an activity.
func (w *Workspace) withBuilt(ctx context.Context, id TestID, kind ActivityKind, title string, f func(context.Context, *store.State, *target.Test) error) error {
	ctx, leave, err := w.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	state, err := w.acquireState()
	if err != nil {
		return err
	}
	defer w.releaseState()
	b, err := w.build(ctx, state, []TestID{id}, func() {})
	if err != nil {
		return err
	}
	defer b.release()
	if len(b.tests) == 0 {
		return b.failed[id]
	}
	ctx, a := w.begin(ctx, kind, title)
	err = f(ctx, state, &b.tests[0])
	if errors.Is(context.Cause(ctx), errCancelled) {
		err = errCancelled
	}
	a.end(howItEnded(ctx, err))
	return err
}
