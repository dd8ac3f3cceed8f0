package lsp

import (
	"strings"
	"testing"
)

// This file tests how fuzz tests are found in buffers.

func TestFuzzFuncs(t *testing.T) {
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
		for _, fn := range fuzzFuncs("x_test.go", []byte(content)) {
			names = append(names, fn.name)
			if !strings.HasPrefix(content[fn.offset:], fn.name) {
				t.Errorf("%s: offset %d of %s is wrong", text, fn.offset, fn.name)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, got, want)
		}
	}
	if found := fuzzFuncs("x.go", []byte(head+"func FuzzA(f *testing.F) {}")); found != nil {
		t.Errorf("not a test file: got %v", found)
	}
}

func FuzzFuzzFuncs(f *testing.F) {
	f.Add([]byte("package p\nfunc FuzzA(f *testing.F) {}\n"), 20)
	f.Add([]byte("package p\nfunc FuzzA(f *testing.F) {\nfunc FuzzB(f *testing.F) {}\n"), 3)
	f.Fuzz(func(t *testing.T, content []byte, cut int) {
		if cut >= 0 && cut <= len(content) {
			content = content[:cut]
		}
		last := -1
		for _, fn := range fuzzFuncs("x_test.go", content) {
			if fn.offset <= last || fn.offset+len(fn.name) > len(content) || string(content[fn.offset:fn.offset+len(fn.name)]) != fn.name {
				t.Fatalf("%q: wrong place: %+v after %d", content, fn, last)
			}
			last = fn.offset
		}
	})
}
