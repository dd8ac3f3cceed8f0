package live

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how fuzz tests are built: one build at a time, its errors become
// problems.

// build is what came of building fuzz tests. Its maker calls release when nothing runs
// its executables any more.
type build struct {
	tests []target.Test
	// failed says why fuzz tests are not in tests.
	failed  map[TestID]error
	release func()
	// rebuilt: the source has changed since the campaign began, so that known crashes are
	// to be tried again.
	rebuilt bool
}

// build builds the packages of fuzz tests and describes them. The caller has acquired
// the state. started is called when other builds have ended. The error is ctx's, errCancelled, or why nothing can be built at all.
func (w *Workspace) build(ctx context.Context, state *store.State, ids []TestID, started func()) (*build, error) {
	select {
	case w.building <- struct{}{}:
		defer func() { <-w.building }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	started()
	packages := packagesOf(ids)
	ctx, a := w.begin(ctx, Building, "Building "+naming(packages, "packages"))
	b, err := w.prepare(ctx, state, packages, ids, a)
	message := howItEnded(ctx, err)
	if err == nil && len(b.failed) > 0 {
		message = "failed"
	}
	if context.Cause(ctx) == errCancelled {
		err = errCancelled
	}
	a.end(message)
	return b, err
}

func (w *Workspace) prepare(ctx context.Context, state *store.State, packages []string, ids []TestID, a *activity) (*build, error) {
	w.mu.Lock()
	loaded, settings := w.loaded, w.settings
	w.mu.Unlock()
	// All fuzz tests of a package are prepared: the state's record of the build names them.
	all := func(t *target.FuzzTest) bool { return slices.Contains(packages, t.Package) }
	prepared, err := loaded.Prepare(ctx, all, target.PrepareConfig{State: state, Tools: settings.Tools, Progress: a.report})
	if err != nil {
		return nil, err
	}
	b := w.collect(packages, ids, prepared)
	if err := w.hold(b); err != nil {
		return nil, err
	}
	return b, nil
}

// collect takes the fuzz tests that were asked for from what was prepared, and tells of
// what failed.
func (w *Workspace) collect(packages []string, ids []TestID, prepared *target.Prepared) *build {
	b := &build{failed: map[TestID]error{}}
	problems := map[string][]Problem{}
	for _, failure := range prepared.Failed {
		problems[failure.Package] = append(problems[failure.Package], buildProblem(failure)...)
		for _, id := range ids {
			if id.Package == failure.Package && (failure.Func == "" || id.Func == failure.Func) {
				b.failed[id] = failure
			}
		}
	}
	for _, t := range prepared.Tests {
		if slices.Contains(ids, TestID{t.Package, t.Func}) {
			b.tests = append(b.tests, t)
		}
	}
	for _, id := range ids {
		built := slices.ContainsFunc(b.tests, func(t target.Test) bool { return TestID{t.Package, t.Func} == id })
		if !built && b.failed[id] == nil {
			b.failed[id] = fmt.Errorf("building %s: there is no such fuzz test any more: it may have been renamed", id)
		}
	}
	w.setBuildProblems(packages, problems)
	return b
}

// packagesOf returns the import paths of fuzz tests, each once, sorted.
func packagesOf(ids []TestID) []string {
	var packages []string
	for _, id := range ids {
		packages = append(packages, id.Package)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// naming names one thing, or counts several.
func naming(names []string, many string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%d %s", len(names), many)
}

// failure is what is said of a fuzz test that could not be started: a line, and the
// first place if there is one.
func failure(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	if len(lines) > 1 && strings.HasSuffix(lines[0], ":") {
		return lines[0] + " " + strings.TrimSpace(lines[1])
	}
	return lines[0]
}
