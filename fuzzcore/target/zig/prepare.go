package zig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Prepare: from fuzz tests in the source to such that are ready to run.

// Prepare implements target.Found.
func (w *Workspace) Prepare(ctx context.Context, tests []target.FuzzTest, config target.PrepareConfig) (*target.Prepared, error) {
	p := &preparer{workspace: w, config: config, prepared: new(target.Prepared), described: map[string]*described{}}
	wanted := w.wanted(tests)
	if len(wanted) == 0 {
		return p.prepared, nil
	}
	tools, err := findToolchain(ctx, &config.Tools)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		p.failPackages(wanted, err)
		return p.prepared, nil
	}
	p.tools = tools
	for _, group := range byProject(wanted) {
		if err := p.addProject(ctx, group); err != nil {
			return nil, err
		}
	}
	p.sort()
	return p.prepared, ctx.Err()
}

// wanted returns the fuzz tests of the workspace that are among tests.
func (w *Workspace) wanted(tests []target.FuzzTest) []*fuzzTest {
	names := map[[2]string]bool{}
	for _, t := range tests {
		names[[2]string{t.Package, t.Name}] = true
	}
	var wanted []*fuzzTest
	for i := range w.found {
		if t := &w.found[i]; names[[2]string{t.test.Package, t.test.Name}] {
			wanted = append(wanted, t)
		}
	}
	return wanted
}

// byProject groups fuzz tests by the project that builds them: those of files without one
// are a group, too.
func byProject(tests []*fuzzTest) [][]*fuzzTest {
	groups := map[string][]*fuzzTest{}
	var order []string
	for _, t := range tests {
		if groups[t.project] == nil {
			order = append(order, t.project)
		}
		groups[t.project] = append(groups[t.project], t)
	}
	var out [][]*fuzzTest
	for _, project := range order {
		out = append(out, groups[project])
	}
	return out
}

// preparer is one Prepare.
type preparer struct {
	workspace *Workspace
	config    target.PrepareConfig
	tools     *toolchain
	prepared  *target.Prepared
	// described are the executables that were asked, by their paths.
	described map[string]*described
}

func (p *preparer) say(format string, args ...any) {
	if p.config.Progress != nil {
		p.config.Progress(fmt.Sprintf(format, args...))
	}
}

// addProject builds the executables that hold the fuzz tests of one project and describes
// them. The error is ctx's: what fails is noted.
func (p *preparer) addProject(ctx context.Context, tests []*fuzzTest) error {
	b := &builder{tools: p.tools, dir: tests[0].project, scratch: p.scratch()}
	if b.dir == "" {
		var err error
		if b.dir, err = filesProject(b.scratch); err != nil {
			p.failPackages(tests, err)
			return nil
		}
		b.options = fileOptions(tests)
	}
	p.say("%s: building with zig %s (%s)", where(tests), p.tools.version, p.tools.optimize)
	known, err := b.list(ctx)
	for tried := map[string]bool{}; err == nil && len(tests) > 0; {
		roots := choose(known, tests, tried)
		if len(roots) == 0 {
			break
		}
		for _, root := range roots {
			tried[root] = true
		}
		var built []executable
		if built, err = b.build(ctx, roots); err == nil {
			tests, err = p.addBuilt(ctx, b, built, tests)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.failBuild(tests, b, err)
		return nil
	}
	for _, t := range tests {
		p.fail(t, nil, fmt.Errorf("building %s: %w", target.FullName(t.test.Package, t.test.Name), missing(t, known)))
	}
	return nil
}

// scratch is the directory of all builds of Zig.
func (p *preparer) scratch() string { return filepath.Join(p.config.State.BuildsDir(), "zig") }

// fileOptions are what tells the project of files without one which files.
func fileOptions(tests []*fuzzTest) []string {
	var options []string
	for _, t := range tests {
		if option := "-Dfile=" + t.test.File; !slices.Contains(options, option) {
			options = append(options, option)
		}
	}
	return options
}

// where names what fuzz tests belong to, for a person.
func where(tests []*fuzzTest) string {
	var packages []string
	for _, t := range tests {
		packages = append(packages, t.test.Package)
	}
	return strings.Join(slices.Compact(packages), ", ")
}

// choose returns the root files of the executables that are to be built for fuzz tests: for
// each the first that its file seems to be in and that was not tried. Zig compiles of a
// file what something refers to, so that only the executable knows.
func choose(known []executable, tests []*fuzzTest, tried map[string]bool) []string {
	var roots []string
	var holds []map[string]bool
	for _, e := range known {
		files := map[string]bool{}
		if e.Root != "" && !e.CustomRunner && !e.Foreign && !tried[e.Root] {
			addImports(e.Root, files)
		}
		holds = append(holds, files)
	}
	for _, t := range tests {
		i := slices.IndexFunc(holds, func(files map[string]bool) bool { return files[t.test.File] })
		if i >= 0 && !slices.Contains(roots, known[i].Root) {
			roots = append(roots, known[i].Root)
		}
	}
	return roots
}

// addBuilt adds the fuzz tests that are in executables which were built, and notes those
// that failed with one. It returns the others.
func (p *preparer) addBuilt(ctx context.Context, b *builder, built []executable, tests []*fuzzTest) ([]*fuzzTest, error) {
	for i := range built {
		e := &built[i]
		if !e.Built {
			continue
		}
		if e.Exe == "" {
			tests = p.failExecutable(b, e, tests)
			continue
		}
		var err error
		if tests, err = p.addExecutable(ctx, b, e, tests); err != nil {
			return nil, err
		}
	}
	return tests, nil
}

// nameIn returns Zig's name of a fuzz test in an executable with that root file; "" if its
// file is outside of the root's directory, where a module's files must be.
func nameIn(root string, t *fuzzTest) string {
	rel, err := filepath.Rel(filepath.Dir(root), t.test.File)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return strings.ReplaceAll(filepath.ToSlash(strings.TrimSuffix(rel, Extension)), "/", ".") + "." + t.inFile
}

// missing says why no executable has a fuzz test.
func missing(t *fuzzTest, known []executable) error {
	if len(known) == 0 {
		return fmt.Errorf("%s has no test executable: add one with b.addTest to build.zig", filepath.Join(t.project, buildName))
	}
	reason := "no test executable of build.zig has it. Zig compiles the tests of files that the root file of one refers to"
	if slices.ContainsFunc(known, func(e executable) bool { return e.CustomRunner }) {
		reason += " (test executables with a test runner of their own cannot be fuzzed)"
	}
	var roots []string
	for _, e := range known {
		if e.Root != "" && !e.CustomRunner {
			roots = append(roots, target.Relative(t.project, e.Root))
		}
	}
	if len(roots) == 0 {
		return errors.New(reason)
	}
	return fmt.Errorf("%s: refer to %s from %s: test { _ = @import(\"…\"); }", reason, target.Relative(t.project, t.test.File), strings.Join(slices.Compact(roots), " or "))
}

// sort brings the fuzz tests into the workspace's order, grouped by executable.
func (p *preparer) sort() {
	place := map[string]int{}
	for i, t := range p.workspace.found {
		place[target.FullName(t.test.Package, t.test.Name)] = i
	}
	first := map[string]int{}
	for _, t := range p.prepared.Tests {
		if at, ok := first[t.Exe]; !ok || place[t.Name] < at {
			first[t.Exe] = place[t.Name]
		}
	}
	slices.SortFunc(p.prepared.Tests, func(a, b target.Test) int {
		return cmp.Or(cmp.Compare(first[a.Exe], first[b.Exe]), cmp.Compare(place[a.Name], place[b.Name]))
	})
}
