package golang

import (
	"go/token"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// This file tests finding on source texts; load_test.go tests it on whole modules.

// FuzzFind looks for fuzz tests in any text, as the test file of a package and as
// that of its external test package.
func FuzzFind(f *testing.F) {
	for _, name := range []string{"kinds", "broken"} {
		a, err := txtar.ParseFile(filepath.Join("testdata", "find", name+".txtar"))
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(string(file.Data), true)
		}
	}
	f.Add("package m\nimport \"testing\"\nfunc FuzzX(f *testing.F) { f.Fuzz(g[int]) }\nfunc g[T any](_ int, x T) {}", false)
	f.Add("package m\nimport . \"testing\"\ntype A = A\ntype B [len(b)]B\nvar b B\nfunc FuzzX(f *F) { f.Fuzz(func(*T, A, B) {}) }", false)
	f.Fuzz(func(t *testing.T, source string, external bool) {
		root := writeTree(t, txtar.File{Name: "x_test.go", Data: []byte(source)})
		p := finder{fset: token.NewFileSet()}
		p.importPath = "example.com/m"
		names := []string{filepath.Join(root, "x_test.go")}
		if external {
			p.external = names
		} else {
			p.testFiles = names
		}
		p.find()
		for _, test := range p.tests {
			if test.ArgsKnown && (len(test.Args) == 0 || test.FuzzLine == 0) {
				t.Errorf("the arguments of %+v cannot be known", test)
			}
		}
	})
}
