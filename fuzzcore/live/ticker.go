package live

import (
	"context"
	"time"
)

// This file defines when coverage is looked at: often while somebody looks on and
// something runs, otherwise only when it is asked for.

// tickTime is between two looks at the coverage files: with a drawing editor's own 50 ms
// a line lights up well within the tenth of a second that feels immediate.
const tickTime = 50 * time.Millisecond

// Watch asks for LinesCovered of a source file; Unwatch ends it. Calls are counted.
// Without watched files or running campaigns nothing ticks.
func (w *Workspace) Watch(path string) {
	w.coverage.setWatched(path, 1)
	w.updateTicker()
}

// Unwatch ends what Watch began.
func (w *Workspace) Unwatch(path string) {
	w.coverage.setWatched(path, -1)
	w.updateTicker()
}

// setWatched adds to the number of those who watch a file.
func (m *model) setWatched(path string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watched[path] = max(0, m.watched[path]+n)
	if m.watched[path] == 0 {
		delete(m.watched, path)
	}
	if i, ok := m.files[path]; ok {
		m.watch[i] = m.watched[path] > 0
	}
}

func (m *model) hasWatchers() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.watched) > 0
}

// updateTicker starts or stops the ticker, as it is needed now.
func (w *Workspace) updateTicker() {
	w.mu.Lock()
	defer w.mu.Unlock()
	watchers := w.coverage.hasWatchers()
	running := false
	for c := range w.campaigns {
		running = running || c.fuzzing != nil
	}
	needed := watchers && running
	switch {
	case needed && w.ticking == nil:
		ctx, cancel := context.WithCancel(w.ctx)
		if w.spawnLocked(func() { w.tickUntil(ctx) }) {
			w.ticking = cancel
		} else {
			cancel()
		}
	case !needed && w.ticking != nil:
		w.ticking()
		w.ticking = nil
	}
}

func (w *Workspace) tickUntil(ctx context.Context) {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for {
		w.tick() // the first one catches up
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tick takes over new coverage and tells of it.
func (w *Workspace) tick() {
	for _, c := range w.coverage.sync(time.Now()) {
		w.observer.LinesCovered(w, c.path, c.lines)
	}
}

// reloadCoverage reads the builds of the state anew.
func (w *Workspace) reloadCoverage() {
	w.readingCoverage.Lock()
	defer w.observer.CoverageReplaced(w)
	defer w.readingCoverage.Unlock()
	running := map[TestID]uint64{}
	w.mu.Lock()
	state := w.state
	for c := range w.campaigns {
		for _, t := range c.running {
			running[TestID{t.Package, t.Func}] = t.CoverageID
		}
	}
	w.mu.Unlock()
	if state == nil {
		return
	}
	if err := w.coverage.load(state, running); err != nil {
		w.log.Warn("reading coverage", "error", err)
	}
}
