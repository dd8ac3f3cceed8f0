package live

import (
	"errors"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines how coverage is forgotten.

// ClearCoverage forgets the coverage of fuzz tests that are not running. Inputs stay. A
// package of which some fuzz test runs keeps its lines, but those that do not run start
// at 0.
func (w *Workspace) ClearCoverage() error {
	if w.existingState() == nil {
		return nil
	}
	state, err := w.acquireState()
	if err != nil {
		return err
	}
	defer w.releaseState()
	busy := map[string]bool{} // packages
	w.mu.Lock()
	var idle []TestID
	for id, entry := range w.tests {
		if entry.campaign != nil {
			busy[id.Package] = true
			continue
		}
		idle = append(idle, id)
		entry.Figures, entry.HasFigures, entry.history = supervisor.TestSnapshot{}, false, history{}
	}
	w.mu.Unlock()
	var problems []error
	for _, id := range idle {
		problems = append(problems, state.FuzzTest(id.Package, id.Func).ClearCoverage())
	}
	targets, err := state.Targets()
	problems = append(problems, err)
	for _, t := range targets {
		if !busy[t.Package] {
			problems = append(problems, state.ClearCoverage(t.Coverage))
		}
	}
	w.reloadCoverage()
	w.observer.TestsChanged(w)
	return errors.Join(problems...)
}
