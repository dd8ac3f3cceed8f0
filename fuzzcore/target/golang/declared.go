package golang

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how fuzz tests are found in the text of an editor's buffer, which
// may be newer than what was saved, and broken.

// Declared returns the fuzz tests that a test file declares, in order. In a text with
// syntax errors they are found by their first line, where the parser has lost them.
func Declared(path string, content []byte) []target.Declaration {
	if !strings.HasSuffix(path, "_test.go") || !bytes.Contains(content, []byte("Fuzz")) {
		return nil
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, content, parser.SkipObjectResolution)
	var found []target.Declaration
	if file != nil {
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && DeclaresFuzzTest(fn) {
				found = append(found, target.Declaration{Name: fn.Name.Name, Offset: fset.PositionFor(fn.Name.Pos(), false).Offset, Size: len(fn.Name.Name)})
			}
		}
	}
	if err != nil {
		found = withHeads(found, content)
	}
	return found
}

// DeclaresFuzzTest reports whether the go command would take fn for a fuzz test. Whether the
// type's package is named testing or by an alias makes no difference to it.
func DeclaresFuzzTest(fn *ast.FuncDecl) bool {
	params := fn.Type.Params.List
	return fn.Recv == nil && fn.Type.TypeParams == nil && fn.Type.Results == nil && isFuzzTestName(fn.Name.Name) &&
		len(params) == 1 && len(params[0].Names) <= 1 && isPointerToF(params[0].Type)
}

// isPointerToF reports whether a type is *F or *x.F.
func isPointerToF(t ast.Expr) bool {
	star, ok := t.(*ast.StarExpr)
	if !ok {
		return false
	}
	switch x := star.X.(type) {
	case *ast.Ident:
		return x.Name == "F"
	case *ast.SelectorExpr:
		return x.Sel.Name == "F"
	}
	return false
}

// fuzzHead matches the beginning of a fuzz test at the start of a line.
var fuzzHead = regexp.MustCompile(`(?m)^func[ \t]+(Fuzz[\pL\pN_]*)[ \t]*\([ \t]*[\pL\pN_]*[ \t]*\*[ \t]*([\pL\pN_]+\.)?F[ \t]*\)`)

// withHeads adds the fuzz tests whose first line is in a text and that are not in
// found, and keeps the order.
func withHeads(found []target.Declaration, content []byte) []target.Declaration {
	var all []target.Declaration
	for _, match := range fuzzHead.FindAllSubmatchIndex(content, -1) {
		offset, end := match[2], match[3]
		for len(found) > 0 && found[0].Offset < offset {
			all, found = append(all, found[0]), found[1:]
		}
		if len(found) > 0 && found[0].Offset == offset {
			continue // comes with the next one, or at the end
		}
		if name := string(content[offset:end]); isFuzzTestName(name) {
			all = append(all, target.Declaration{Name: name, Offset: offset, Size: len(name)})
		}
	}
	return append(all, found...)
}
