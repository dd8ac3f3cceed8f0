package clang

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file turns what compilers and linkers print into problems with places.

// messageLine matches the first line of a message of clang: file, line, column, kind, text.
var messageLine = regexp.MustCompile(`^(/[^:\n]+):(\d+):(\d+): (fatal error|error|warning|note): (.*)$`)

// undefinedName matches what linkers say of a name that nothing defines: GNU ld
// "undefined reference to `f'", lld "undefined symbol: f".
var undefinedName = regexp.MustCompile("undefined (?:reference to [`']([^']+)'|symbol: (\\S.*))")

// problemsIn returns the errors with a place in what a build printed, each once, with their
// notes.
func problemsIn(output, pkg string) []target.Problem {
	var found []target.Problem
	open := false // the last line belongs to the last error
	for line := range strings.Lines(output) {
		match := messageLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if match == nil {
			continue
		}
		switch kind := match[4]; {
		case kind == "note" && open:
			last := &found[len(found)-1]
			last.Message += fmt.Sprintf("\n%s:%s: note: %s", match[1], match[2], match[5])
		case kind == "error" || kind == "fatal error":
			lineNumber, _ := strconv.Atoi(match[2]) // digits, by the pattern
			column, _ := strconv.Atoi(match[3])
			found = append(found, target.Problem{Package: pkg, File: filepath.Clean(match[1]), Line: lineNumber, Column: column, Message: match[5]})
			open = true
		default:
			open = false
		}
	}
	var once []target.Problem
	for _, p := range found {
		if !slices.Contains(once, p) {
			once = append(once, p)
		}
	}
	return once
}

// maxNames is how many undefined names an error lists: the first ones tell what is missing.
const maxNames = 5

// undefinedNames returns the names that a linker did not find.
func undefinedNames(output string) []string {
	var names []string
	for _, match := range undefinedName.FindAllStringSubmatch(output, -1) {
		name := match[1]
		if name == "" {
			name = match[2]
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// prepareError makes the error of a fuzz test that could not be built.
func (w *Workspace) prepareError(t *target.FuzzTest, err error) *target.PrepareError {
	e := &target.PrepareError{Package: t.Package, Func: t.Name}
	name := testName(t)
	var failed *commandError
	if !errors.As(err, &failed) {
		e.Err = fmt.Errorf("building %s: %w", name, err)
		return e
	}
	e.Problems = problemsIn(failed.output, t.Package)
	names := undefinedNames(failed.output)
	switch {
	case len(e.Problems) > 0:
		var text strings.Builder
		for _, p := range e.Problems {
			text.WriteString("\n" + p.In(w.Root))
		}
		e.Err = fmt.Errorf("building %s: it does not compile:%s", name, text.String())
	case slices.Contains(names, harnessName):
		e.Err = fmt.Errorf("building %s: an executable without a harness was linked with %s: %w", name, "-fsanitize=fuzzer", err)
	case len(names) > 0:
		more := ""
		if len(names) > maxNames {
			more = fmt.Sprintf(" and %d more", len(names)-maxNames)
		}
		e.Err = fmt.Errorf("building %s: nothing defines %s%s, which it uses: name the sources or libs that do in %s (see docs/c.md). The linker printed:\n%s",
			name, strings.Join(names[:min(len(names), maxNames)], ", "), more, settingsName, strings.TrimSpace(failed.output))
	default:
		e.Err = fmt.Errorf("building %s: %w", name, err)
	}
	return e
}
