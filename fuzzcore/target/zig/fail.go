package zig

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file turns what keeps fuzz tests from being built into errors with places.

func (p *preparer) fail(t *fuzzTest, problems []target.Problem, err error) {
	p.prepared.Failed = append(p.prepared.Failed, &target.PrepareError{Package: t.test.Package, Func: t.test.Name, Problems: problems, Err: err})
}

// failPackages notes that nothing could be built of the packages of fuzz tests.
func (p *preparer) failPackages(tests []*fuzzTest, err error) {
	var packages []string
	for _, t := range tests {
		if pkg := t.test.Package; !slices.Contains(packages, pkg) {
			packages = append(packages, pkg)
			p.prepared.Failed = append(p.prepared.Failed, &target.PrepareError{Package: pkg, Err: fmt.Errorf("building the Zig fuzz tests of %s: %w", pkg, err)})
		}
	}
}

// failGroup notes that the executable of some fuzz tests does not work. The first gets the
// problems.
func (p *preparer) failGroup(tests []*fuzzTest, problems []target.Problem, err error) {
	for i, t := range tests {
		name := target.FullName(t.test.Package, t.test.Name)
		if i == 0 {
			p.fail(t, problems, fmt.Errorf("building %s: %w", name, err))
			continue
		}
		p.fail(t, nil, fmt.Errorf("building %s: it is in the executable of %s", name, target.FullName(tests[0].test.Package, tests[0].test.Name)))
	}
}

// failExecutable notes that an executable could not be built, with the fuzz tests that seem
// to be in it, and returns the others.
func (p *preparer) failExecutable(b *builder, e *executable, tests []*fuzzTest) []*fuzzTest {
	files := map[string]bool{}
	addImports(e.Root, files)
	here, others := split2(tests, func(t *fuzzTest) bool { return files[t.test.File] })
	if len(here) == 0 {
		return others
	}
	problems := problemsOf(e, b.dir, here[0].test.Package)
	var err error
	switch {
	case strings.Contains(allText(e), instrumentedC):
		err = fmt.Errorf("the module has C or C++ sources, which Zig 0.16 instruments for a fuzzer that it does not have: it does not link in fuzz mode. Move them to a library of their own, a module without Zig code (b.addLibrary), and link that with linkLibrary, or turn their instrumentation off with the flag -fno-sanitize=fuzzer-no-link in addCSourceFiles. Zig said:\n%s", allText(e))
		problems = nil
	case len(problems) > 0:
		err = fmt.Errorf("it does not compile:%s", list(problems, p.workspace.Root))
	default:
		err = fmt.Errorf("step %q failed:\n%s", e.FailedStep, allText(e))
	}
	p.failGroup(here, problems, err)
	return others
}

// instrumentedC is in what the linker says of C code that was instrumented in fuzz mode:
// Zig's runtime has none of clang's hooks at comparisons.
const instrumentedC = "__sanitizer_cov_trace_"

// problemsOf returns the compiler's messages that name a place.
func problemsOf(e *executable, dir, pkg string) []target.Problem {
	var problems []target.Problem
	for _, m := range e.Errors {
		if m.Line > 0 {
			problems = append(problems, target.Problem{Package: pkg, File: absolute(m.File, dir), Line: m.Line, Column: m.Column, Message: m.Text})
		}
	}
	return problems
}

func absolute(path, dir string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// list is problems as compilers print them, each on lines of its own.
func list(problems []target.Problem, root string) string {
	var text strings.Builder
	for _, p := range problems {
		text.WriteString("\n" + p.In(root))
	}
	return text.String()
}

// allText is all that was said of a step that failed.
func allText(e *executable) string {
	var text strings.Builder
	for _, m := range e.Errors {
		if m.Line > 0 {
			fmt.Fprintf(&text, "%s:%d:%d: ", m.File, m.Line, m.Column)
		}
		text.WriteString(m.Text + "\n")
	}
	text.WriteString(e.Output)
	return strings.TrimSpace(text.String())
}

// errorLine matches a message of the compiler that `zig build` prints: file, line, column,
// text.
var errorLine = regexp.MustCompile(`(?m)^(\S[^:\n]*):(\d+):(\d+): error: (.*)$`)

// failBuild notes that `zig build` itself failed.
func (p *preparer) failBuild(tests []*fuzzTest, b *builder, err error) {
	failed, ok := err.(*buildError)
	if !ok {
		p.failGroup(tests, nil, err)
		return
	}
	var problems []target.Problem
	for _, match := range errorLine.FindAllStringSubmatch(failed.output, -1) {
		line, _ := strconv.Atoi(match[2]) // digits, by the pattern
		column, _ := strconv.Atoi(match[3])
		problems = append(problems, target.Problem{Package: tests[0].test.Package, File: absolute(match[1], b.dir), Line: line, Column: column, Message: match[4]})
	}
	if len(problems) > 0 {
		p.failGroup(tests, problems, fmt.Errorf("%w:%s", err, list(problems, p.workspace.Root)))
		return
	}
	p.failGroup(tests, nil, fmt.Errorf("%w:\n%s", err, strings.TrimSpace(failed.output)))
}
