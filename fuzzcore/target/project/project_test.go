package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

const (
	goMod    = "module example.com/m\n\ngo 1.22\n"
	goTest   = "package m\n\nimport \"testing\"\n\nfunc FuzzM(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, b []byte) {})\n}\n"
	zigTest  = "const std = @import(\"std\");\ntest \"b\" {\n    try std.testing.fuzz({}, one, .{});\n}\n"
	cHarness = "#include <stddef.h>\n#include <stdint.h>\n\nint LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return 0; }\n"
)

// tree writes "name", "content" pairs and returns their directory, without symbolic links.
func tree(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// found is what is compared of a workspace: the names of its fuzz tests, and the files or
// packages of its problems.
func found(w *Workspace) string {
	var parts []string
	for _, t := range w.Tests {
		parts = append(parts, t.Package+"."+t.Name)
	}
	for _, p := range w.Problems {
		parts = append(parts, "problem of "+p.Package)
	}
	return strings.Join(parts, ", ")
}

func TestLoad(t *testing.T) {
	for _, test := range []struct {
		name     string
		files    []string
		dir      string // below the root
		patterns []string
		tools    target.Tools
		want     string
	}{
		{"Go", []string{"go.mod", goMod, "m_test.go", goTest}, "", nil, target.Tools{}, "example.com/m.FuzzM"},
		{"C", []string{".git/x", "", "lib/fuzz/f.c", cHarness}, "", nil, target.Tools{}, "lib/fuzz.f"},
		{"C, from below", []string{".git/x", "", "lib/fuzz/f.c", cHarness, "g.c", cHarness}, "lib", nil, target.Tools{}, "lib/fuzz.f"},
		{"both", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness}, "", nil, target.Tools{}, "example.com/m.FuzzM, c.f"},
		{"Zig", []string{".git/x", "", "r/src/ring.zig", zigTest, "r/build.zig", "", "lone.zig", zigTest, "r/.zig-cache/o/x.zig", zigTest}, "", nil, target.Tools{}, "..lone.test.b, r.ring.test.b"},
		{"a file of Zig", []string{".git/x", "", "r/src/ring.zig", zigTest, "r/build.zig", ""}, "", []string{"r/src/ring.zig"}, target.Tools{}, "r.ring.test.b"},
		{"same names in Zig", []string{".git/x", "", "build.zig", "", "a/x.zig", zigTest, "b/x.zig", zigTest}, "", nil, target.Tools{}, "..a.x.test.b, ..b.x.test.b"},
		{"the directory of C", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness}, "", []string{"./c"}, target.Tools{}, "c.f"},
		{"a file of C", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness}, "", []string{"c/f.c"}, target.Tools{}, "c.f"},
		{"an import path", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness}, "", []string{"example.com/m"}, target.Tools{}, "example.com/m.FuzzM"},
		{"no go command", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness}, "", nil, target.Tools{Go: target.GoTool{Path: "/missing/go"}}, "c.f, problem of ."},
		{"broken go.mod", []string{"go.mod", "modul", "c/f.c", cHarness}, "", nil, target.Tools{}, "c.f, problem of ."},
		{"broken fuzzls.toml", []string{"go.mod", goMod, "m_test.go", goTest, "c/f.c", cHarness, "c/fuzzls.toml", "[[target"}, "", nil, target.Tools{}, "example.com/m.FuzzM, c.f, problem of c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := tree(t, test.files...)
			w, err := Load(t.Context(), Config{Dir: filepath.Join(root, test.dir), Patterns: test.patterns, Tools: test.tools})
			if err != nil {
				t.Fatal(err)
			}
			if got := found(w); got != test.want {
				t.Errorf("found %q, want %q\n%v", got, test.want, w.Problems)
			}
			if w.Root != root {
				t.Errorf("the root is %s, want %s", w.Root, root)
			}
		})
	}
}

func TestSkipModules(t *testing.T) {
	root := tree(t, "a.c", cHarness, "sub/go.mod", goMod, "sub/b.c", cHarness)
	for _, skip := range []bool{false, true} {
		w, err := Load(t.Context(), Config{Dir: root, SkipModules: skip})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := found(w), map[bool]string{false: "..a, sub.b", true: "..a"}[skip]; got != want {
			t.Errorf("skip %v: found %q, want %q", skip, got, want)
		}
	}
}

func TestLoadNothing(t *testing.T) {
	w, err := Load(t.Context(), Config{Dir: tree(t, "x.c", "int x;\n")})
	if !errors.Is(err, ErrNothing) || !strings.Contains(err.Error(), "go.mod") || w == nil || len(w.Tests) != 0 {
		t.Errorf("without anything: %+v, %v", w, err)
	}
	if _, err := Load(t.Context(), Config{Dir: tree(t, "go.mod", "modul")}); err == nil || errors.Is(err, ErrNothing) {
		t.Errorf("a broken module: %v", err)
	}
}

// One fuzz test for each name: the state has one directory for it.
func TestSameNames(t *testing.T) {
	w := &Workspace{}
	for _, language := range []string{target.C, target.Rust} {
		w.add(fixed{tests: []target.FuzzTest{{Language: language, Package: "a", Name: "f"}}})
	}
	if got := found(w); got != "a.f, problem of a" {
		t.Errorf("found %q", got)
	}
}

// fixed is a language whose fuzz tests are known.
type fixed struct {
	target.Found
	tests []target.FuzzTest
}

func (f fixed) Tests() []target.FuzzTest   { return f.tests }
func (f fixed) Problems() []target.Problem { return nil }

func TestFiles(t *testing.T) {
	for name, want := range map[string]string{
		"a.go": "source", "a_test.go": "source tests", "go.mod": "source build", "a.c": "source native tests", "a.h": "source native tests",
		"a.zig": "source native tests", "build.zig": "source native build tests", "build.zig.zon": "source build", "CMakeLists.txt": "source build", "fuzzls.toml": "source build", "a.rs": "source native tests", "Cargo.toml": "source build", "a.txt": "", "README": "",
	} {
		var is []string
		for word, ok := range map[string]bool{"source": IsSource(name), "native": IsNative(name), "build": IsBuildFile(name), "tests": MayDeclare(name)} {
			if ok {
				is = append(is, word)
			}
		}
		for _, word := range strings.Fields(want) {
			if !strings.Contains(strings.Join(is, " "), word) {
				t.Errorf("%s is %q, want %q", name, is, want)
			}
		}
		if len(is) != len(strings.Fields(want)) {
			t.Errorf("%s is %q, want %q", name, is, want)
		}
	}
}

func TestDeclared(t *testing.T) {
	text := "/* LLVMFuzzerTestOneInput */\nextern \"C\" int\nLLVMFuzzerTestOneInput(const char *d, unsigned long n) {\n"
	declared := Declared("a.cc", []byte(text+"}\n"))
	if len(declared) != 1 || declared[0].Offset != strings.LastIndex(text, "LLVM") || declared[0].Size != len("LLVMFuzzerTestOneInput") {
		t.Errorf("declared: %+v", declared)
	}
	text = "// fuzz_target!(no)\n#![no_main]\nlibfuzzer_sys::fuzz_target!(|data: &[u8]| {\n"
	if declared := Declared("f.rs", []byte(text)); len(declared) != 1 || declared[0].Offset != strings.LastIndex(text, "fuzz_target!") || declared[0].Size != len("fuzz_target!") {
		t.Errorf("declared: %+v", declared)
	}
	text = "const std = @import(\"std\");\n// test \"no\" {}\ntest \"b\" { try std.testing.fuzz({}, one, .{}); }\n"
	if declared := Declared("src/ring.zig", []byte(text)); len(declared) != 1 || declared[0].Name != "ring.test.b" || declared[0].Offset != strings.Index(text, `"b"`) || declared[0].Size != len(`"b"`) {
		t.Errorf("declared: %+v", declared)
	}
	if declared := Declared("a_test.go", []byte(goTest)); len(declared) != 1 || declared[0].Name != "FuzzM" {
		t.Errorf("declared: %+v", declared)
	}
	if declared := Declared("a.h", []byte("int LLVMFuzzerTestOneInput(const char *d, unsigned long n);\n")); declared != nil {
		t.Errorf("declared: %+v", declared)
	}
}

func TestKeptBy(t *testing.T) {
	test := &target.FuzzTest{Language: target.C, Package: "fuzz", Name: "f", Dir: "/w/fuzz"}
	kept, err := KeptBy(test, "/w", "/w/.fuzzls/x/input", []byte("abc"))
	if err != nil || !strings.Contains(kept, "mkdir -p fuzz/f_seed_corpus && cp .fuzzls/x/input fuzz/f_seed_corpus/crash-a9993e364706816aba3e25717850c26c9cd0d89d") {
		t.Errorf("%q, %v", kept, err)
	}
	goTest := &target.FuzzTest{Package: "m", Name: "FuzzM", Dir: "/w"}
	if kept, err := KeptBy(goTest, "/w", "/w/testdata/fuzz/FuzzM/x", nil); err != nil || kept != "go test runs it from testdata/fuzz/FuzzM/x: commit that file." {
		t.Errorf("%q, %v", kept, err)
	}
	if _, err := KeptBy(goTest, "/w", "/elsewhere/x", nil); err == nil {
		t.Error("a reproducer elsewhere is no test")
	}
}
