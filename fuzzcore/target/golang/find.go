package golang

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how fuzz tests are found in the test files of a package: by
// the go command's own rule (cmd/go/internal/load, isTest and isTestFunc).

// mark is in every file that declares a fuzz test. Files without it are not parsed.
var mark = []byte("Fuzz")

// findAll returns the packages with fuzz tests, in no order, and what is wrong
// with their test files. overlay is the user's own. The error is ctx's.
func findAll(ctx context.Context, packages []sourcePackage, overlay map[string]string) ([]Package, []target.Problem, error) {
	finders := make([]finder, len(packages))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range packages {
		finders[i] = finder{sourcePackage: packages[i], overlay: overlay, fset: token.NewFileSet()}
		g.Go(func() error {
			finders[i].find()
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	var found []Package
	var problems []target.Problem
	for i := range finders {
		f := &finders[i]
		problems = append(problems, f.problems...)
		if len(f.tests) > 0 {
			found = append(found, f.result())
		}
	}
	return found, problems, nil
}

// finder looks for the fuzz tests of one package.
type finder struct {
	sourcePackage
	overlay  map[string]string
	fset     *token.FileSet
	tests    []target.FuzzTest
	problems []target.Problem
}

func (f *finder) result() Package {
	slices.SortFunc(f.tests, func(a, b target.FuzzTest) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	files := slices.Concat(f.own, f.testFiles, f.external)
	slices.Sort(files)
	return Package{ImportPath: f.importPath, Module: f.module, Dir: f.dir, Files: files, Tests: f.tests}
}

// find fills tests and problems.
func (f *finder) find() {
	f.findIn(f.testFiles, false)
	f.findIn(f.external, true)
}

// findIn looks through the files of one test package.
func (f *finder) findIn(names []string, external bool) {
	var files []*ast.File
	var functions []*ast.FuncDecl
	for _, name := range names {
		file := f.parse(name, mark)
		if file == nil {
			continue
		}
		files = append(files, file)
		functions = append(functions, fuzzTests(file)...)
	}
	if len(functions) == 0 {
		return
	}
	calls := f.fuzzCalls(files, functions, external)
	for i, fn := range functions {
		f.add(fn, calls[i])
	}
}

// add adds the fuzz test fn, whose call of f.Fuzz is call.
func (f *finder) add(fn *ast.FuncDecl, call fuzzCall) {
	at := f.fset.Position(fn.Name.Pos())
	same := slices.IndexFunc(f.tests, func(t target.FuzzTest) bool { return t.Name == fn.Name.Name })
	if same >= 0 && f.tests[same].File != at.Filename {
		f.report(at, fmt.Sprintf("%s is also declared in %s: no command can tell the two apart: rename one",
			fn.Name.Name, filepath.Base(f.tests[same].File)))
		return
	}
	t := target.FuzzTest{
		Package: f.importPath, Module: f.module, Dir: f.dir,
		Name: fn.Name.Name, File: at.Filename, Line: at.Line, Column: at.Column,
		Args: call.args, ArgsKnown: call.known,
	}
	if call.pos.IsValid() {
		t.FuzzLine = f.fset.Position(call.pos).Line
	}
	if t.Args == nil {
		t.Args = []string{}
	}
	if call.fault != "" {
		f.report(f.fset.Position(call.pos), fn.Name.Name+": "+call.fault)
	}
	f.tests = append(f.tests, t)
}

func (f *finder) report(at token.Position, message string) {
	f.problems = append(f.problems, target.Problem{Package: f.importPath, File: at.Filename, Line: at.Line, Column: at.Column, Message: message})
}

// parse returns the syntax of a file, as far as there is any in a faulty one; nil
// if the file cannot be read or does not contain want.
func (f *finder) parse(name string, want []byte) *ast.File {
	src, err := f.read(name)
	if err != nil {
		f.problems = append(f.problems, target.Problem{Package: f.importPath, File: name, Message: err.Error()})
		return nil
	}
	if !bytes.Contains(src, want) {
		return nil
	}
	file, err := parser.ParseFile(f.fset, name, src, parser.SkipObjectResolution)
	var list scanner.ErrorList
	if errors.As(err, &list) {
		for _, e := range list {
			f.report(e.Pos, e.Msg)
		}
	}
	return file
}

func (f *finder) read(name string) ([]byte, error) {
	file, err := openSource(name, f.overlay)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// fuzzTests returns the declarations of file that the go command takes for fuzz
// tests.
func fuzzTests(file *ast.File) []*ast.FuncDecl {
	testing := importNames(file, "testing")
	var found []*ast.FuncDecl
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && isFuzzTest(fn, testing) {
			found = append(found, fn)
		}
	}
	return found
}

// importNames returns the names by which file can mean the package: "." for a dot
// import.
func importNames(file *ast.File, importPath string) []string {
	var names []string
	for _, spec := range file.Imports {
		if strings.Trim(spec.Path.Value, "`\"") != importPath {
			continue
		}
		name := path.Base(importPath)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names = append(names, name)
	}
	return names
}

// isFuzzTest reports whether fn is a fuzz test: a function, no method, whose name
// is "Fuzz" or goes on with anything but a lower-case letter, with one parameter
// of the type *testing.F, no result and no type parameter. testing are the names
// of that package.
func isFuzzTest(fn *ast.FuncDecl, testing []string) bool {
	if fn.Recv != nil || !isFuzzTestName(fn.Name.Name) || fn.Type.TypeParams != nil || fn.Type.Results.NumFields() > 0 {
		return false
	}
	params := fn.Type.Params.List
	if len(params) != 1 || len(params[0].Names) > 1 {
		return false
	}
	pointer, ok := params[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch t := pointer.X.(type) {
	case *ast.SelectorExpr:
		x, ok := t.X.(*ast.Ident)
		return ok && t.Sel.Name == "F" && slices.Contains(testing, x.Name)
	case *ast.Ident:
		return t.Name == "F" && slices.Contains(testing, ".")
	}
	return false
}
