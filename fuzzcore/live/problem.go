package live

import (
	"cmp"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Problem, and how failed builds become problems.

// Problem is what keeps a package from being listed or built.
type Problem struct {
	Path      string // absolute; "" if the problem has no place
	Line, Col int    // 1-based, Col counts bytes; 0 unknown
	Message   string
	Package   string
	Build     bool // from a build, not from discovery
}

// Problems returns what keeps packages from being listed or built, sorted by place.
func (w *Workspace) Problems() []Problem {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.loadProblems)
	for _, problems := range w.buildProblems {
		all = append(all, problems...)
	}
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}

func discoveryProblems(found []target.Problem) []Problem {
	var problems []Problem
	for _, p := range found {
		problems = append(problems, Problem{Path: p.File, Line: p.Line, Col: p.Column, Message: p.Message, Package: p.Package})
	}
	return problems
}

// buildProblem turns what failed in a build into problems.
func buildProblem(failure *target.PrepareError) []Problem {
	if len(failure.Problems) == 0 {
		return []Problem{{Message: failure.Error(), Package: failure.Package, Build: true}}
	}
	var problems []Problem
	for _, p := range failure.Problems {
		problems = append(problems, Problem{
			Path: p.File, Line: p.Line, Col: p.Column, Message: p.Message, Package: failure.Package, Build: true,
		})
	}
	return problems
}

// setBuildProblems replaces the problems of packages that were built.
func (w *Workspace) setBuildProblems(packages []string, failed map[string][]Problem) {
	changed := false
	w.mu.Lock()
	for _, pkg := range packages {
		if !slices.Equal(w.buildProblems[pkg], failed[pkg]) {
			changed = true
		}
		delete(w.buildProblems, pkg)
		if len(failed[pkg]) > 0 {
			w.buildProblems[pkg] = failed[pkg]
		}
	}
	w.mu.Unlock()
	if changed {
		w.observer.ProblemsChanged(w)
	}
}
