package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines what the commands that build have in common: their flags, and how fuzz
// tests become ready to run.

// buildFlags are the flags that decide what is built.
type buildFlags struct {
	tags string
	race bool
	// clang is the clang command, sanitizer what C and C++ are checked with.
	clang, sanitizer string
	// zig is the zig command, optimize what Zig is built with.
	zig, optimize string
	// scope chooses which Go packages are instrumented.
	scope string
	// rest are arguments after --, passed on to the go command.
	rest []string
}

// tools returns the choices about what builds.
func (f *buildFlags) tools() target.Tools {
	return target.Tools{
		Go:    target.GoTool{Flags: f.goFlags(), Scope: f.scope},
		Clang: target.ClangTool{Path: f.clang, Sanitizer: f.sanitizer},
		Zig:   target.ZigTool{Path: f.zig, Optimize: f.optimize},
	}
}

// goFlags returns the flags for the go command.
func (f *buildFlags) goFlags() []string {
	var flags []string
	if f.tags != "" {
		flags = append(flags, "-tags="+f.tags)
	}
	if f.race {
		flags = append(flags, "-race")
	}
	return append(flags, f.rest...)
}

// add defines the flags that decide what is built.
func (f *buildFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.scope, "scope", "module", "what to instrument of Go: module, all, or import path patterns to add, separated by commas")
	flags.StringVar(&f.tags, "tags", "", "build tags, separated by commas")
	flags.BoolVar(&f.race, "race", false, "build with the race detector")
	flags.StringVar(&f.clang, "clang", "", "the clang command for C and C++ (default: the newest on PATH)")
	flags.StringVar(&f.sanitizer, "sanitizer", target.Sanitizers[0], "what C and C++ are checked with: "+strings.Join(target.Sanitizers, ", "))
	flags.StringVar(&f.zig, "zig", "", "the zig command, of Zig 0.16 (default: that on PATH)")
	flags.StringVar(&f.optimize, "zig-optimize", target.ZigOptimize[0], "how Zig is built: "+strings.Join(target.ZigOptimize, " or "))
}

// check says what is wrong with the flags.
func (f *buildFlags) check() error {
	if !slices.Contains(target.Sanitizers, f.sanitizer) {
		return fmt.Errorf("sanitizer %q: expected one of %s", f.sanitizer, strings.Join(target.Sanitizers, ", "))
	}
	if !slices.Contains(target.ZigOptimize, f.optimize) {
		return fmt.Errorf("zig-optimize %q: expected %s", f.optimize, strings.Join(target.ZigOptimize, " or "))
	}
	return nil
}

// readyTests are fuzz tests that are ready to run. Their user gives up the lock.
type readyTests struct {
	workspace *project.Workspace
	state     *store.State
	lock      *store.Lock
	tests     []target.Test
	// failed says what is not in tests because something is wrong with it.
	failed []string
}

// fill sets what a campaign of the fuzz tests has to know of them.
func (r *readyTests) fill(config *supervisor.Config) {
	config.State, config.Root, config.Tests, config.Modules = r.state, r.workspace.Root, r.tests, r.workspace.Modules
}

// prepare finds the fuzz tests that the patterns name and whose names match only, and
// builds them. What is wrong with some is printed; the error says why there are none.
func (f *fuzzFlags) prepare(ctx context.Context, patterns []string, only *regexp.Regexp, show progress) (*readyTests, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the current directory: %w", err)
	}
	tools := f.build.tools()
	r := new(readyTests)
	if r.workspace, err = project.Load(ctx, project.Config{Dir: dir, Patterns: patterns, Tools: tools}); err != nil {
		return nil, err
	}
	for _, problem := range r.workspace.Problems {
		fmt.Fprintf(os.Stderr, "%s\n", problem)
		r.failed = append(r.failed, problem.String())
	}
	if r.state, err = store.Open(r.workspace.Root); err != nil {
		return nil, err
	}
	if r.lock, err = r.state.Lock(); err != nil {
		return nil, err
	}
	matches := func(t *target.FuzzTest) bool { return only.MatchString(t.Name) }
	prepared, err := r.workspace.Prepare(ctx, matches, target.PrepareConfig{State: r.state, Tools: tools, Progress: show.note})
	if err != nil {
		r.lock.Unlock()
		return nil, err
	}
	for _, failure := range prepared.Failed {
		fmt.Fprintln(os.Stderr, failure)
		r.failed = append(r.failed, failure.Error())
	}
	if r.tests = prepared.Tests; len(r.tests) == 0 {
		r.lock.Unlock()
		return nil, r.noTests(patterns, only)
	}
	return r, nil
}

// noTests says why there are no fuzz tests.
func (r *readyTests) noTests(patterns []string, only *regexp.Regexp) error {
	if len(r.failed) > 0 {
		return errors.New("nothing could be built: see the messages above")
	}
	where := "./..."
	if len(patterns) > 0 {
		where = strings.Join(patterns, " ")
	}
	if only.String() != "" {
		return fmt.Errorf("no fuzz test in %s matches --run %q: `fuzzls targets` lists them", where, only)
	}
	return fmt.Errorf("no fuzz tests in %s: %s", where, r.workspace.HowToWrite())
}
