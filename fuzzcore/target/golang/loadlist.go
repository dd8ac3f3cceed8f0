package golang

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how the packages of a Load are listed.

// sourcePackage is a package with test files, as `go list` describes it.
type sourcePackage struct {
	importPath, module, dir string
	// own are the files of the package itself, testFiles its test files, external those
	// of its external test package; absolute.
	own, testFiles, external []string
}

// listEntry is what we read of one package from `go list -e -test -json`.
type listEntry struct {
	ImportPath   string
	Dir          string
	ForTest      string
	Module       *listedModule
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
	Error        *listError
	DepsErrors   []*listError
}

type listError struct {
	// Pos is "file:line:column", the file relative to the go command's directory or
	// absolute; often "".
	Pos string
	Err string
	// ImportStack leads from a listed package to the one with the error.
	ImportStack []string
}

// list returns the packages with test files that the patterns name, and what is
// wrong with any package that they name or that those depend on. -test makes the
// go command look at the imports and the signatures of test files too.
func (l *loader) list(ctx context.Context, patterns []string) ([]sourcePackage, []target.Problem, error) {
	out, err := l.output(ctx, append(l.args("-e", "-test",
		"-json=ImportPath,Dir,ForTest,Module,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Error,DepsErrors", "--"), patterns...)...)
	if err != nil {
		return nil, nil, commandError("go list", out, err)
	}
	var packages []sourcePackage
	var problems []target.Problem
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var e listEntry
		if err := d.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("reading the output of `go list`: %w", err)
		}
		for _, listed := range append(e.DepsErrors, e.Error) {
			problems = append(problems, e.problems(listed, l.dir)...)
		}
		if e.isSource() {
			packages = append(packages, e.source())
		}
	}
	return packages, problems, nil
}

// isSource reports whether e is a package as the user wrote it, with tests. The go
// command lists the variants that it would compile for a test as well:
// "p [p.test]", "p_test [p.test]" and the generated "p.test".
func (e *listEntry) isSource() bool {
	return e.ForTest == "" && len(e.TestGoFiles)+len(e.XTestGoFiles) > 0
}

func (e *listEntry) source() sourcePackage {
	p := sourcePackage{
		importPath: e.ImportPath,
		dir:        e.Dir,
		own:        e.absolute(slices.Concat(e.GoFiles, e.CgoFiles)),
		testFiles:  e.absolute(e.TestGoFiles),
		external:   e.absolute(e.XTestGoFiles),
	}
	if e.Module != nil {
		p.module = e.Module.Path
	}
	return p
}

func (e *listEntry) absolute(names []string) []string {
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = filepath.Join(e.Dir, name)
	}
	return files
}

// problems makes Problems of an error that may be nil.
func (e *listEntry) problems(listed *listError, dir string) []target.Problem {
	if listed == nil {
		return nil
	}
	text := strings.TrimSpace(listed.Err)
	if strings.HasPrefix(text, "import cycle") {
		text += ": " + strings.Join(listed.ImportStack, " imports ")
	}
	if listed.Pos != "" && !strings.HasPrefix(text, listed.Pos) {
		text = listed.Pos + ": " + text
	}
	var problems []target.Problem
	for _, d := range parseDiagnostics(text, dir, "") {
		problems = append(problems, target.Problem{Package: e.name(), File: d.File, Line: d.Line, Column: d.Col, Message: d.Message})
	}
	if problems == nil {
		problems = []target.Problem{{Package: e.name(), Message: text}}
	}
	return problems
}

// name is the import path of the package that the user knows: that of the package
// under test if e is a variant made for it.
func (e *listEntry) name() string {
	if e.ForTest != "" {
		return e.ForTest
	}
	if path, ok := strings.CutSuffix(e.ImportPath, ".test"); ok && len(e.TestGoFiles)+len(e.XTestGoFiles) == 0 {
		return path
	}
	return e.ImportPath
}
