package live

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how a campaign runs a build, what it tells meanwhile, and when it
// goes on with another build.

// fuzz runs the fuzz tests of a build that are still wanted, and releases it. It returns
// the build to go on with: nil if this was the end.
func (c *campaign) fuzz(state *store.State, b *build) (next *build) {
	w := c.workspace
	defer b.release()
	tests := c.pick(b.tests)
	if len(tests) == 0 || c.ctx.Err() != nil {
		return nil
	}
	super, err := supervisor.New(w.campaignConfig(c, state, tests))
	if err != nil {
		c.failAll(err)
		return nil
	}
	inputs := countInputs(state, tests)
	c.begin(super, tests)
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	ended := make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() {
		report, err := super.Run(ctx)
		c.concluded(report)
		ended <- err
	})
	if b.rebuilt {
		group.Go(func() { w.recheck(ctx, state, tests) })
	}
	next, err = c.attend(ctx, &group, state, b, ended)
	if c.replay && err == nil && c.ctx.Err() == nil {
		w.recheck(ctx, state, tests) // those whose reproducers are no seeds
		c.inputs = inputs
	}
	stop()
	group.Wait()
	c.tellCrashes()
	w.tick() // what was covered last
	w.updateTicker()
	if err != nil && c.ctx.Err() == nil {
		c.failAll(err)
	}
	return next
}

// pick returns those of tests that have not been stopped.
func (c *campaign) pick(tests []target.Test) []target.Test {
	wanted := c.wanted()
	var picked []target.Test
	for _, t := range tests {
		if slices.Contains(wanted, TestID{t.Package, t.Func}) {
			picked = append(picked, t)
		}
	}
	return picked
}

// attend waits until the supervisor's campaign has ended, or there is another build to
// go on with.
func (c *campaign) attend(ctx context.Context, group *sync.WaitGroup, state *store.State, b *build, ended <-chan error) (next *build, err error) {
	w := c.workspace
	for {
		select {
		case err := <-ended:
			return nil, err
		case <-c.ctx.Done():
			w.setStates(c.wanted(), Stopping)
			return nil, nil
		case <-c.wake:
		}
		if c.takeRebuild() && !c.replay {
			next, changed := c.buildAgain(state, b)
			switch {
			case changed:
				w.setStates(c.wanted(), Stopping)
				return next, nil
			case next != nil:
				group.Go(func() {
					defer next.release()
					w.recheck(ctx, state, next.tests)
				})
			}
		}
		if len(c.pick(b.tests)) < len(b.tests) {
			return w.shared(c.pick(b.tests)), nil
		}
	}
}

// takeRebuild reports whether a file of the build was saved since it was last asked.
func (c *campaign) takeRebuild() bool {
	c.workspace.mu.Lock()
	defer c.workspace.mu.Unlock()
	rebuild := c.rebuild
	c.rebuild = false
	return rebuild
}

// buildAgain builds the campaign's fuzz tests while it goes on. changed tells whether
// the new build differs from the old one; next is nil if there is no new one.
func (c *campaign) buildAgain(state *store.State, old *build) (next *build, changed bool) {
	w := c.workspace
	next, err := w.build(c.ctx, state, c.wanted(), func() {})
	if err != nil {
		return nil, false
	}
	if len(next.tests) == 0 || len(next.failed) > 0 {
		next.release()
		return nil, false
	}
	next.rebuilt = true
	// Executables are named by their content.
	same := slices.EqualFunc(c.pick(old.tests), next.tests, func(a, b target.Test) bool { return a.Name == b.Name && a.Exe == b.Exe })
	return next, !same
}

// campaignConfig returns the configuration of a campaign of tests.
func (w *Workspace) campaignConfig(c *campaign, state *store.State, tests []target.Test) supervisor.Config {
	config := w.runConfig(state, tests)
	config.Observe, config.OnlyCorpus = c.observe, c.replay
	config.Crashed = func(test int, _ string) { c.noteCrash(TestID{tests[test].Package, tests[test].Func}) }
	return config
}

// runConfig returns what all campaigns of tests have in common.
func (w *Workspace) runConfig(state *store.State, tests []target.Test) supervisor.Config {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.settings
	return supervisor.Config{
		State: state, Root: state.Root(), Tests: tests, Jobs: s.jobs(), Seed: supervisor.RandomSeed(),
		Timeout: s.timeout(), MemoryLimit: s.memoryLimit(), Processors: s.processors(), Worker: w.config.Worker,
		Modules: w.loaded.Modules, ReplayFlags: s.Tools.Go.Flags,
		Notice: func(text string) { w.observer.Notice(w, text) },
	}
}

// title is what the activity is called, and kind and state what it is.
func (c *campaign) title(names []string) (kind ActivityKind, state TestState, title string) {
	if c.replay {
		return Replaying, ReplayingTest, "Replaying " + naming(names, "fuzz tests")
	}
	return Fuzzing, Running, "Fuzzing " + naming(names, "fuzz tests")
}

// begin tells that fuzzing has begun, again after a rebuild. What is told of the coverage
// and the sources is that of the build by the time when a fuzz test is said to run.
func (c *campaign) begin(super *supervisor.Campaign, tests []target.Test) {
	w := c.workspace
	var names []string
	for _, t := range tests {
		names = append(names, t.Func)
	}
	kind, state, title := c.title(names)
	w.mu.Lock()
	c.fuzzing, c.running = super, tests
	first := c.activity == nil
	w.mu.Unlock()
	w.reloadCoverage()
	w.noteCampaignSources(c, tests)
	if first {
		var a *activity
		c.ctx, a = w.begin(c.ctx, kind, title)
		w.mu.Lock()
		c.activity = a
		w.mu.Unlock()
	}
	c.markRunning(tests, state)
	w.updateTicker()
	w.observer.TestsChanged(w)
}

// markRunning changes the states of the fuzz tests that are about to run.
func (c *campaign) markRunning(tests []target.Test, state TestState) {
	w := c.workspace
	w.mu.Lock()
	defer w.mu.Unlock()
	c.letGo() // of those that were stopped before
	for _, t := range tests {
		entry := w.tests[TestID{t.Package, t.Func}]
		if entry == nil || entry.campaign != c {
			continue // it was stopped, or renamed, this very moment
		}
		if entry.State != Running && entry.State != Stopping {
			entry.Started = time.Now()
		}
		entry.State, entry.HasFigures = state, true
	}
}

// concluded keeps the report of a campaign that has ended.
func (c *campaign) concluded(report *supervisor.Report) {
	w := c.workspace
	w.mu.Lock()
	defer w.mu.Unlock()
	c.fuzzing, c.running = nil, nil
	if report != nil {
		w.lastReport = report
	}
}

// observe takes what the supervisor tells about five times a second.
func (c *campaign) observe(s supervisor.Snapshot) {
	w := c.workspace
	now := time.Now()
	w.mu.Lock()
	for _, figures := range s.Tests {
		entry := w.tests[TestID{figures.Package, figures.Func}]
		if entry == nil || entry.campaign != c {
			continue
		}
		entry.Figures, entry.HasFigures, entry.Workers = figures, true, s.Workers
		entry.history.add(Sample{Time: now, Points: figures.Points, Runs: figures.Runs})
	}
	a := c.activity
	w.mu.Unlock()
	c.tellCrashes()
	w.observer.TestsChanged(w)
	if a != nil && now.Sub(c.reported) >= time.Second {
		c.reported = now
		a.report(progressText(s.Tests))
	}
}

// noteCrash notes that a crash of a fuzz test has changed; observe tells of it, so that
// a flood of crashes is told a few times a second.
func (c *campaign) noteCrash(id TestID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crashed[id] = true
}

func (c *campaign) tellCrashes() {
	c.mu.Lock()
	ids := slices.Collect(maps.Keys(c.crashed))
	clear(c.crashed)
	c.mu.Unlock()
	if len(ids) > 0 {
		c.workspace.refreshCrashes(ids)
	}
}
