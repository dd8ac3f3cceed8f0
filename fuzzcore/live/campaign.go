package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines campaign: what one Start began, over all rebuilds, until it ends.

// campaign is one or more fuzz tests that are fuzzed together. Its goroutine, run, owns
// the supervisor's campaign, of which there is one after another as the source changes.
type campaign struct {
	workspace *Workspace
	ctx       context.Context // ends when the campaign is to end; only run uses it
	cancel    context.CancelFunc
	// wake says that rebuild or ids have changed.
	wake chan struct{}
	// replay: known inputs run once, nothing is mutated. Replay sets it, and reads what
	// follows when run has returned.
	replay bool
	inputs int   // that a replay ran
	err    error // why fuzz tests did not run

	// Guarded by Workspace.mu.
	ids      []TestID // that are still wanted
	rebuild  bool     // a file of its build was saved
	sources  sources  // of its build
	fuzzing  *supervisor.Campaign
	running  []target.Test // of fuzzing
	activity *activity     // set when fuzzing begins

	mu      sync.Mutex
	crashed map[TestID]bool // guarded by mu; whose crashes have changed

	reported time.Time // when the activity last said something; only the observer uses it
}

// Start starts a campaign of the fuzz tests, all if none is named. It returns at once;
// what fails is told by Progress, Problems and Test.Failure. Those that run already go on.
func (w *Workspace) Start(ids ...TestID) error {
	w.mu.Lock()
	if len(ids) == 0 {
		ids = w.order
	}
	if len(ids) == 0 {
		loaded := w.loaded
		w.mu.Unlock()
		if loaded == nil {
			return fmt.Errorf("the fuzz tests in %s are not known yet: wait until they are found", w.config.Dir)
		}
		return fmt.Errorf("there are no fuzz tests in %s: %s", w.config.Dir, loaded.HowToWrite())
	}
	var idle []TestID
	for _, id := range ids {
		entry := w.tests[id]
		if entry == nil {
			w.mu.Unlock()
			return unknownTest(id)
		}
		if entry.campaign == nil && !slices.Contains(idle, id) {
			idle = append(idle, id)
		}
	}
	if len(idle) == 0 {
		w.mu.Unlock()
		return nil
	}
	c := w.newCampaign(w.ctx, idle)
	spawned := w.spawnLocked(c.run)
	w.mu.Unlock()
	if !spawned {
		c.end()
		return errClosed
	}
	w.observer.TestsChanged(w)
	return nil
}

// newCampaign makes a campaign of fuzz tests that are in none. The caller holds w.mu and
// sees to it that run is called, or end.
func (w *Workspace) newCampaign(ctx context.Context, ids []TestID) *campaign {
	c := &campaign{workspace: w, ids: ids, wake: make(chan struct{}, 1), crashed: map[TestID]bool{}}
	c.ctx, c.cancel = context.WithCancel(ctx)
	c.sources = sources{modules: w.moduleDirs(), building: true}
	w.campaigns[c] = true
	for _, id := range ids {
		entry := w.tests[id]
		entry.campaign, entry.State, entry.Failure = c, Queued, ""
	}
	return c
}

func unknownTest(id TestID) error {
	return fmt.Errorf("there is no fuzz test %s: it may have been renamed, or not be found yet", id)
}

// Stop stops the fuzzing of fuzz tests, all if none is named. Others that were started
// with them go on. It returns at once.
func (w *Workspace) Stop(ids ...TestID) {
	w.mu.Lock()
	for c := range w.campaigns {
		c.drop(ids)
	}
	w.mu.Unlock()
	w.observer.TestsChanged(w)
}

// drop takes fuzz tests, all if none is named, out of the campaign. The caller holds
// Workspace.mu.
func (c *campaign) drop(ids []TestID) {
	gone := func(id TestID) bool { return len(ids) == 0 || slices.Contains(ids, id) }
	before := len(c.ids)
	for _, id := range c.ids {
		if entry := c.workspace.tests[id]; entry != nil && gone(id) {
			entry.State = Stopping
		}
	}
	c.ids = slices.DeleteFunc(slices.Clone(c.ids), gone)
	switch len(c.ids) {
	case before:
	case 0:
		c.cancel()
	default:
		c.signal()
	}
}

// signal makes run look at what has changed.
func (c *campaign) signal() {
	select {
	case c.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// wanted returns the fuzz tests that have not been stopped.
func (c *campaign) wanted() []TestID {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	return slices.Clone(c.ids)
}

// run is the campaign's goroutine.
func (c *campaign) run() {
	w := c.workspace
	defer c.end()
	state, err := w.acquireState()
	if err != nil {
		c.failAll(err)
		return
	}
	defer w.releaseState()
	for next := c.firstBuild(state); next != nil; {
		next = c.fuzz(state, next)
	}
}

// firstBuild builds the fuzz tests; nil if there is nothing to run.
func (c *campaign) firstBuild(state *store.State) *build {
	w := c.workspace
	ids := c.wanted()
	b, err := w.build(c.ctx, state, ids, func() { w.setStates(c.wanted(), BuildingTest) })
	if err != nil {
		if c.ctx.Err() == nil && !errors.Is(err, errCancelled) {
			c.fail(ids, err)
		}
		return nil
	}
	for id, err := range b.failed {
		c.fail([]TestID{id}, err)
	}
	if len(b.tests) == 0 {
		b.release()
		return nil
	}
	return b
}

// fail notes why fuzz tests do not run and lets go of them.
func (c *campaign) fail(ids []TestID, err error) {
	w := c.workspace
	if c.err == nil {
		c.err = err
	}
	w.mu.Lock()
	for _, id := range ids {
		if entry := w.tests[id]; entry != nil && entry.campaign == c {
			entry.Failure, entry.State, entry.campaign = failure(err), Idle, nil
		}
	}
	c.ids = slices.DeleteFunc(slices.Clone(c.ids), func(id TestID) bool { return slices.Contains(ids, id) })
	w.mu.Unlock()
	w.observer.TestsChanged(w)
}

// failAll ends the campaign with an error that has no other place to be shown.
func (c *campaign) failAll(err error) {
	c.fail(c.wanted(), err)
	if !c.replay {
		c.workspace.observer.Notice(c.workspace, err.Error())
	}
}

// letGo makes those fuzz tests idle that are not wanted any more. The caller holds
// Workspace.mu; none of them runs.
func (c *campaign) letGo() {
	for id, entry := range c.workspace.tests {
		if entry.campaign == c && !slices.Contains(c.ids, id) {
			entry.State, entry.campaign, entry.Workers = Idle, nil, 0
			entry.Figures.RunsPerSecond = 0
		}
	}
}

// end lets go of everything that the campaign had.
func (c *campaign) end() {
	w := c.workspace
	c.cancel()
	w.mu.Lock()
	delete(w.campaigns, c)
	c.ids = nil
	c.letGo()
	a := c.activity
	w.mu.Unlock()
	if a != nil {
		a.end("")
	}
	w.observer.TestsChanged(w)
}
