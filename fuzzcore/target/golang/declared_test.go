package golang

import (
	"strings"
	"testing"
)

// This file tests how fuzz tests are found in buffers.

func TestDeclared(t *testing.T) {
	const head = "package p\n\nimport \"testing\"\n\n"
	for text, want := range map[string]string{
		"func FuzzA(f *testing.F) {}\nfunc Fuzz(f *testing.F) {}\nfunc FuzzÄ(*T.F) {}\nfunc Fuzz_a(f *F) {}":    "FuzzA Fuzz FuzzÄ Fuzz_a",
		"func Fuzzy(f *testing.F) {}\nfunc FuzzB(t *testing.T) {}\nfunc FuzzC(f *testing.F) int { return 1 }":   "",
		"func (x T) FuzzD(f *testing.F) {}\nfunc FuzzE(f, g *testing.F) {}\nfunc FuzzF[T any](f *testing.F) {}": "",
		"// func FuzzG(f *testing.F) {}\nvar FuzzH = func(f *testing.F) {}":                                     "",
		// Broken texts, as they are while somebody types.
		"func FuzzA(f *testing.F) {\n\tif x {\n\tf.Fuzz(\n}\n\nfunc FuzzB(f *testing.F) {\n}":          "FuzzA FuzzB",
		"func a() { {\n\nfunc FuzzA(f *testing.F) {\n}\nfunc helper() {}\nfunc FuzzB(f *testing.F) {}": "FuzzA FuzzB",
		"func FuzzA(f *testing.F) {}\nfunc (\nfunc Fuzzy(f *testing.F) {}\nfunc FuzzB( *testing.F ) {": "FuzzA FuzzB",
	} {
		var names []string
		content := head + text
		for _, fn := range Declared("x_test.go", []byte(content)) {
			names = append(names, fn.Name)
			if !strings.HasPrefix(content[fn.Offset:], fn.Name) {
				t.Errorf("%s: offset %d of %s is wrong", text, fn.Offset, fn.Name)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
	if found := Declared("x.go", []byte(head+"func FuzzA(f *testing.F) {}")); found != nil {
		t.Errorf("not a test file: got %v", found)
	}
}

func FuzzDeclared(f *testing.F) {
	f.Add([]byte("package p\nfunc FuzzA(f *testing.F) {}\n"), 20)
	f.Add([]byte("package p\nfunc FuzzA(f *testing.F) {\nfunc FuzzB(f *testing.F) {}\n"), 3)
	f.Fuzz(func(t *testing.T, content []byte, cut int) {
		if cut >= 0 && cut <= len(content) {
			content = content[:cut]
		}
		last := -1
		for _, fn := range Declared("x_test.go", content) {
			if fn.Offset <= last || fn.Offset+len(fn.Name) > len(content) || string(content[fn.Offset:fn.Offset+len(fn.Name)]) != fn.Name {
				t.Fatalf("%q: wrong place: %+v after %d", content, fn, last)
			}
			last = fn.Offset
		}
	})
}
