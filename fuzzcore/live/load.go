package live

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines Load: finding the fuzz tests, and what the state knows of them.

// loadCall is a load that several callers wait for.
type loadCall struct {
	done chan struct{} // closed when err is set
	err  error
}

// Load finds the fuzz tests, and what the state directory knows of them. It may be
// called again when files have changed. Calls that come while another load is running
// are answered by one more load after it, so nobody gets a state that is older than
// its call. When ctx ends, only the waiting ends. If the load fails, the fuzz tests of
// the one before stay, unless it is with project.ErrNothing.
func (w *Workspace) Load(ctx context.Context) error {
	w.mu.Lock()
	call := w.nextLoad
	if call == nil {
		call = &loadCall{done: make(chan struct{})}
		if !w.spawnLocked(func() { w.serveLoad(call) }) {
			w.mu.Unlock()
			return errClosed
		}
		w.nextLoad = call
	}
	w.mu.Unlock()
	select {
	case <-call.done:
		return call.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Workspace) serveLoad(call *loadCall) {
	defer close(call.done)
	select {
	case w.loading <- struct{}{}:
		defer func() { <-w.loading }()
	case <-w.ctx.Done():
		call.err = errClosed
		return
	}
	w.mu.Lock()
	w.nextLoad = nil // who comes now may have changed a file that is read already
	settings := w.settings
	w.mu.Unlock()
	ctx, a := w.begin(w.ctx, Discovering, "Finding fuzz tests")
	call.err = w.load(ctx, &settings)
	a.end(howItEnded(ctx, call.err))
}

func (w *Workspace) load(ctx context.Context, settings *Settings) error {
	loaded, err := project.Load(ctx, project.Config{Dir: w.config.Dir, Tools: settings.Tools, SkipModules: true})
	if err != nil && !errors.Is(err, project.ErrNothing) {
		if ctx.Err() == nil {
			w.setLoadProblems([]Problem{{Message: err.Error()}})
		}
		return err
	}
	w.adopt(loaded)
	w.openExisting()
	w.setLoadProblems(discoveryProblems(loaded.Problems))
	w.observer.TestsChanged(w)
	w.refreshFigures()
	w.reloadCoverage()
	w.noteSources()
	w.refreshCrashes(w.ids())
	return err
}

// adopt makes loaded the fuzz tests of the workspace. Of those that were known already,
// what is being done with them stays.
func (w *Workspace) adopt(loaded *project.Workspace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loaded = loaded
	w.order = nil
	before := w.tests
	w.tests = map[TestID]*testEntry{}
	for _, t := range loaded.Tests {
		id := TestID{Package: t.Package, Func: t.Name}
		entry := before[id]
		if entry == nil {
			entry = &testEntry{}
		}
		entry.ID, entry.FuzzTest = id, t
		w.tests[id] = entry
		w.order = append(w.order, id)
	}
	w.keepRunning(before)
	slices.SortFunc(w.order, func(a, b TestID) int {
		s, t := w.tests[a], w.tests[b]
		return cmp.Or(cmp.Compare(s.File, t.File), cmp.Compare(s.Line, t.Line))
	})
	for id := range w.crashes {
		if w.tests[id.test] == nil {
			delete(w.crashes, id)
		}
	}
}

// keepRunning decides about fuzz tests that run and were not found any more: in a package
// that cannot be read, because something is wrong with it at the moment, they stay;
// elsewhere they are stopped. The caller holds w.mu.
func (w *Workspace) keepRunning(before map[TestID]*testEntry) {
	for id, entry := range before {
		if entry.campaign == nil || w.tests[id] != nil {
			continue
		}
		if slices.ContainsFunc(w.loaded.Problems, func(p target.Problem) bool { return p.Package == id.Package }) {
			w.tests[id] = entry
			w.order = append(w.order, id)
			continue
		}
		entry.campaign.drop([]TestID{id})
	}
}

// openExisting opens the state for reading if there is one and it is not open.
func (w *Workspace) openExisting() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lockUsers > 0 || w.state != nil && w.state.Root() == w.loaded.Root {
		return
	}
	state, err := store.Existing(w.loaded.Root)
	if err == nil {
		w.state = state
		return
	}
	if !errors.Is(err, store.ErrNoState) {
		w.log.Warn("opening the state", "error", err)
	}
}

// existingState returns the state; nil if there is none.
func (w *Workspace) existingState() *store.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

func (w *Workspace) setLoadProblems(problems []Problem) {
	w.mu.Lock()
	same := slices.Equal(w.loadProblems, problems)
	w.loadProblems = problems
	w.mu.Unlock()
	if !same {
		w.observer.ProblemsChanged(w)
	}
}
