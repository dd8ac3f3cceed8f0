package golang

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"sync"
)

// This file defines how the argument types of fuzz tests are told from source, by
// a type check that never looks at another package: types that f.Fuzz takes need
// none. Imported packages are empty, except for a sketch of package testing and,
// for an external test package, the package under test. What cannot be told so
// stays unknown.

// fuzzCall is the call of f.Fuzz in a fuzz test.
type fuzzCall struct {
	// pos is where the call is; invalid if there is none.
	pos   token.Pos
	args  []string
	known bool
	// fault says what is wrong with the function that f.Fuzz is given; "" if nothing.
	fault string
}

// fuzzCalls returns the calls of f.Fuzz in functions, which are in files, all of
// one test package. The rest of the package is read only if the files alone do
// not tell the types.
func (f *finder) fuzzCalls(files []*ast.File, functions []*ast.FuncDecl, external bool) []fuzzCall {
	keep := make(map[*ast.FuncDecl]bool)
	for _, fn := range functions {
		keep[fn] = true
	}
	dropBodies(files, keep)
	calls := callsIn(functions, checkTypes(f.fset, files, nil))
	if !slices.ContainsFunc(calls, func(c fuzzCall) bool { return c.pos.IsValid() && !c.known && c.fault == "" }) {
		return calls
	}
	own, tests := f.siblings(f.own, nil), f.siblings(f.testFiles, files)
	if !external {
		return callsIn(functions, checkTypes(f.fset, slices.Concat(files, own, tests), nil))
	}
	under := checkTypes(f.fset, slices.Concat(own, tests), nil)
	return callsIn(functions, checkTypes(f.fset, slices.Concat(files, f.siblings(f.external, files)), map[string]*types.Package{
		f.importPath: under.pkg,
	}))
}

// siblings parses those of the files that are not in known; what is wrong with them is
// the compiler's to say.
func (f *finder) siblings(names []string, known []*ast.File) []*ast.File {
	var files []*ast.File
	for _, name := range names {
		if slices.ContainsFunc(known, func(k *ast.File) bool { return f.fset.Position(k.FileStart).Filename == name }) {
			continue
		}
		src, err := f.read(name)
		if err != nil {
			continue
		}
		if file, _ := parser.ParseFile(f.fset, name, src, parser.SkipObjectResolution); file != nil {
			files = append(files, file)
		}
	}
	dropBodies(files, nil)
	return files
}

// dropBodies empties all functions but those in keep: their signatures suffice.
func dropBodies(files []*ast.File, keep map[*ast.FuncDecl]bool) {
	for _, file := range files {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && !keep[fn] {
				fn.Body = nil
			}
		}
	}
}

// checked is what a type check found out.
type checked struct {
	pkg  *types.Package
	info *types.Info
}

// checkTypes checks files as one package as far as that goes; imports are the
// packages known beside testing.
func checkTypes(fset *token.FileSet, files []*ast.File, imports map[string]*types.Package) checked {
	c := checked{info: &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue),
		Uses:  make(map[*ast.Ident]types.Object),
	}}
	config := types.Config{
		Importer:    sketchImporter(imports),
		Error:       func(error) {}, // without it the check would end at the first error
		FakeImportC: true,
	}
	c.pkg, _ = config.Check("", fset, files, c.info)
	return c
}

// sketchImporter imports the packages it holds and testing; all others are empty.
type sketchImporter map[string]*types.Package

// Import implements types.Importer; it never fails.
func (s sketchImporter) Import(importPath string) (*types.Package, error) {
	if importPath == "testing" {
		return testingSketch(), nil
	}
	if p := s[importPath]; p != nil {
		return p, nil
	}
	// The name is a guess. It is wrong for few packages, and an empty package is as
	// good as none.
	p := types.NewPackage(importPath, path.Base(importPath))
	p.MarkComplete()
	return p, nil
}

// testingSource declares what a function given to f.Fuzz is made of.
const testingSource = `package testing
type common struct{}
type T struct{ common }
type B struct{ common }
type M struct{}
type TB interface{}
type F struct{ common }
func (*F) Add(args ...any)
func (*F) Fuzz(ff any)
`

// testingSketch is the part of package testing that matters here.
var testingSketch = sync.OnceValue(func() *types.Package {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "testing.go", testingSource, parser.SkipObjectResolution)
	if err != nil {
		panic(err) // the source is a constant
	}
	// The functions without bodies are errors that do no harm.
	config := types.Config{Error: func(error) {}}
	p, _ := config.Check("testing", fset, []*ast.File{file}, nil)
	p.MarkComplete()
	return p
})

// callsIn returns the first call of (*testing.F).Fuzz in each function.
func callsIn(functions []*ast.FuncDecl, c checked) []fuzzCall {
	calls := make([]fuzzCall, len(functions))
	for i, fn := range functions {
		if fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && !calls[i].pos.IsValid() && len(call.Args) == 1 && c.isFuzz(call.Fun) {
				calls[i] = describeCall(call, c.info)
			}
			return !calls[i].pos.IsValid()
		})
	}
	return calls
}

// isFuzz reports whether fun is the method Fuzz of a *testing.F.
func (c checked) isFuzz(fun ast.Expr) bool {
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	method, ok := c.info.Uses[selector.Sel].(*types.Func)
	return ok && method.FullName() == "(*testing.F).Fuzz"
}

func describeCall(call *ast.CallExpr, info *types.Info) fuzzCall {
	d := fuzzCall{pos: call.Pos()}
	t := info.TypeOf(call.Args[0])
	if t == nil {
		return d
	}
	signature, ok := t.Underlying().(*types.Signature)
	switch {
	case !ok && !isKnown(t):
		return d
	case !ok:
		d.fault = "f.Fuzz takes a function"
		return d
	case signature.TypeParams().Len() > 0:
		return d // an instantiation that the check did not understand
	case signature.Params().Len() < 2 || signature.Variadic() || signature.Results().Len() > 0:
		d.fault = "f.Fuzz takes a function of *testing.T and one or more values to fuzz, without results"
		return d
	}
	return d.describeParams(signature.Params())
}

// describeParams completes d with what the function given to f.Fuzz takes.
func (d fuzzCall) describeParams(params *types.Tuple) fuzzCall {
	if first := params.At(0).Type(); isKnown(first) && first.String() != "*testing.T" {
		d.fault = fmt.Sprintf("the first parameter of the function given to f.Fuzz is %s: it must be *testing.T", first)
		return d
	}
	var args []string
	for i := 1; i < params.Len(); i++ {
		t := params.At(i).Type()
		name, ok := argName(t)
		if !ok && isKnown(t) {
			d.fault = fmt.Sprintf("parameter %d of the function given to f.Fuzz is %s: it must be []byte, string, bool or a predeclared integer or float type",
				i+1, types.TypeString(t, (*types.Package).Name))
		}
		if !ok {
			return d
		}
		args = append(args, name)
	}
	d.args, d.known = args, true
	return d
}

// argName returns the name of a type that f.Fuzz takes. Those are exact types: a
// type declared as one of them is another.
func argName(t types.Type) (string, bool) {
	switch t := types.Unalias(t).(type) {
	case *types.Slice:
		element, ok := types.Unalias(t.Elem()).(*types.Basic)
		return "[]byte", ok && element.Kind() == types.Uint8
	case *types.Basic:
		const wanted = types.IsBoolean | types.IsInteger | types.IsFloat | types.IsString
		return t.Name(), t.Info()&wanted != 0 && t.Info()&types.IsUntyped == 0 && t.Kind() != types.Uintptr
	}
	return "", false
}

// isKnown reports whether t was made out completely, as far as that shows: a type
// of a package that was not looked at is invalid.
func isKnown(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid
	case *types.Pointer:
		return isKnown(t.Elem())
	case *types.Slice:
		return isKnown(t.Elem())
	}
	return !strings.Contains(t.String(), "invalid type")
}
