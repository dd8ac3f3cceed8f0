package project

import (
	"cmp"
	"context"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Workspace: what was found in a folder, and how it is prepared.

// Workspace is the fuzz tests of a folder. Its slices are never nil.
type Workspace struct {
	// Root is where the state of the workspace belongs. With Go, it is the directory of
	// go.work or, without one, of the main module; otherwise the top level of the git
	// repository or, without one, the folder. Absolute.
	Root string
	// GoVersion is the release of the go command here ("go1.26.1"); "" without Go.
	GoVersion string
	// Modules are the workspace's own Go modules, sorted by path.
	Modules []target.Module
	// Tests are sorted by package, file and line, those of Go first.
	Tests []target.FuzzTest
	// Problems are what is wrong with what the patterns name, sorted by place. Fuzz tests
	// that could be found in spite of them are in Tests.
	Problems []target.Problem

	found []target.Found
}

// add adds the fuzz tests of a language. A target.Test is named by its package and name,
// in whatever language: of two with the same, the first is kept.
func (w *Workspace) add(found target.Found) {
	w.found = append(w.found, found)
	known := idsOf(w.Tests)
	for _, t := range found.Tests() {
		if !known[idOf(&t)] {
			w.Tests = append(w.Tests, t)
			continue
		}
		w.Problems = append(w.Problems, target.Problem{
			Package: t.Package, File: t.File, Line: t.Line, Column: t.Column,
			Message: "another fuzz test is called " + target.FullName(t.Package, t.Name) + ", too: rename one",
		})
	}
	w.Problems = append(w.Problems, found.Problems()...)
}

// HowToWrite tells where fuzz tests come from.
func (w *Workspace) HowToWrite() string {
	if w.GoVersion != "" {
		return "write a func FuzzXxx(f *testing.F) in a _test.go file"
	}
	return "define LLVMFuzzerTestOneInput in a C or C++ file, or call std.testing.fuzz in a test of a Zig file"
}

// Packages returns the packages of the fuzz tests, each once, in order.
func (w *Workspace) Packages() []string {
	var packages []string
	for _, t := range w.Tests {
		packages = append(packages, t.Package)
	}
	return slices.Compact(packages)
}

// Files returns the source files of a package, absolute, as far as they are known without
// a build.
func (w *Workspace) Files(pkg string) []string {
	var files []string
	for _, found := range w.found {
		files = append(files, found.Files(pkg)...)
	}
	return files
}

// sort sorts the problems by place. Those of one language come sorted, and in an order of
// their own where they have the same place.
func (w *Workspace) sort() {
	slices.SortStableFunc(w.Problems, func(a, b target.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Prepare builds the packages of those fuzz tests for which keep is true, and describes
// them. What fails is in Prepared.Failed; the error is ctx's.
func (w *Workspace) Prepare(ctx context.Context, keep func(*target.FuzzTest) bool, config target.PrepareConfig) (*target.Prepared, error) {
	wanted := slices.DeleteFunc(slices.Clone(w.Tests), func(t target.FuzzTest) bool { return !keep(&t) })
	all := new(target.Prepared)
	for _, found := range w.found {
		tests := within(wanted, found)
		if len(tests) == 0 {
			continue
		}
		prepared, err := found.Prepare(ctx, tests, config)
		if err != nil {
			return nil, err
		}
		all.Tests = append(all.Tests, prepared.Tests...)
		all.Failed = append(all.Failed, prepared.Failed...)
	}
	return all, ctx.Err()
}

// within returns the tests that are a language's.
func within(tests []target.FuzzTest, found target.Found) []target.FuzzTest {
	languages := map[string]bool{}
	for _, t := range found.Tests() {
		languages[t.Language] = true
	}
	return slices.DeleteFunc(slices.Clone(tests), func(t target.FuzzTest) bool { return !languages[t.Language] })
}
