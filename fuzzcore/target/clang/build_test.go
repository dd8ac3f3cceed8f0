package clang

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/bench/debian"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests finding, building and points with real compilers and build systems.

// need skips the test if a tool is missing, except in CI.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and CI=true", tool)
		}
		t.Skipf("NOT TESTED: %s is missing: scripts/setup installs it", tool)
	}
}

// workspace copies an example to a directory of its own; name "" makes an empty one.
func workspace(t *testing.T, example string, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "w")
	if example != "" {
		if err := os.CopyFS(root, os.DirFS(filepath.Join("../../../examples", example))); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// prepare finds and prepares all fuzz tests of a workspace.
func prepare(t *testing.T, root string, tools target.ClangTool) (*target.Prepared, *store.State, []string) {
	t.Helper()
	w, err := Find(t.Context(), target.FindConfig{Root: root, Dir: root})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range w.Problems() {
		t.Error(p)
	}
	state, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	p, err := w.Prepare(t.Context(), w.Tests(), target.PrepareConfig{
		State: state, Tools: target.Tools{Clang: tools}, Progress: func(line string) { said = append(said, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, state, said
}

// prepareOne is prepare for a workspace with one fuzz test, which must succeed.
func prepareOne(t *testing.T, root string, tools target.ClangTool) (*target.Test, *coverage.Points) {
	t.Helper()
	p, state, said := prepare(t, root, tools)
	for _, failed := range p.Failed {
		t.Error(failed)
	}
	if len(p.Tests) != 1 {
		t.Fatalf("%d fuzz tests are ready; said: %q", len(p.Tests), said)
	}
	points, err := target.Points(state, p.Tests[0].CoverageID)
	if err != nil {
		t.Fatal(err)
	}
	return &p.Tests[0], points
}

// cover runs inputs and returns the lines.
func cover(t *testing.T, test *target.Test, points *coverage.Points, inputs ...string) *coverage.Tracker {
	t.Helper()
	e, err := executor.Start(t.Context(), executor.Config{Exe: test.Exe, Args: test.Args, Dir: test.Dir, Native: true, Slots: 64, SlotSize: 4096, Timeout: 30 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	tracker := coverage.NewTracker(points)
	for _, input := range inputs {
		stream := append(binary.LittleEndian.AppendUint32(nil, uint32(len(input))), input...)
		e.Push(copy(e.Slot(), stream), engine.WantCounters|engine.WantBlocks)
		r, err := e.Wait(context.Background())
		if err != nil || r.Crash != nil {
			t.Fatalf("%q: %v, %+v", input, err, r.Crash)
		}
		var hit []uint32
		for i, n := range r.Counters {
			if n != 0 {
				hit = append(hit, uint32(i))
			}
		}
		for i, cell := range points.Cells {
			if r.Blocks[cell/64]>>(cell%64)&1 != 0 {
				hit = append(hit, uint32(points.Edges+i))
			}
		}
		tracker.Add(hit, nil)
	}
	return tracker
}

// states returns the lines of a file that are in a state.
func states(t *testing.T, tr *coverage.Tracker, path string, state coverage.State) []int {
	t.Helper()
	i := slices.IndexFunc(tr.Points().Files, func(f coverage.File) bool { return f.Path == path })
	if i < 0 {
		t.Fatalf("no points in %s", path)
	}
	var lines []int
	for n, line := range tr.Lines(i) {
		if line.State == state {
			lines = append(lines, n+1)
		}
	}
	return lines
}

// lineOf returns the number of the first line that holds a text.
func lineOf(t *testing.T, path, text string) int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(data), text)
	if !ok {
		t.Fatalf("no %q in %s", text, path)
	}
	return 1 + strings.Count(before, "\n")
}

func TestCMake(t *testing.T) {
	need(t, "clang-19", "cmake", "ninja")
	root := workspace(t, "inifile", nil)
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19"})
	if test.Name != "fuzz.fuzz_parse" || test.Language != target.C || test.Line != 7 {
		t.Errorf("%s, language %q, line %d", test.Name, test.Language, test.Line)
	}
	f, ok := points.FuncAt(test.Entry)
	if !ok || f.Name != "LLVMFuzzerTestOneInput" || points.Files[f.File].Path != test.File {
		t.Errorf("the entry is %+v", f)
	}
	source := filepath.Join(root, "ini.c")
	tr := cover(t, test, points, "[a]\nkey = value\n", "x = \"a\\tb\"\n; c\n")
	never := states(t, tr, source, coverage.NotCovered)
	for _, text := range []string{"c = '\\n';", "return NULL;"} {
		if line := lineOf(t, source, text); !slices.Contains(never, line) {
			t.Errorf("line %d, %s, is not shown as never run: %v", line, text, never)
		}
	}
	ran := states(t, tr, source, coverage.Covered)
	for _, text := range []string{"static struct span trim"} {
		if line := lineOf(t, source, text); slices.Contains(ran, line) {
			t.Errorf("line %d, %s, is a head with its brace on another line", line, text)
		}
	}
	for _, text := range []string{"c = '\\t';", "case 't':", "char *to = value;", "good = copy_name(", "continue;"} {
		if line := lineOf(t, source, text); !slices.Contains(ran, line) {
			t.Errorf("line %d, %s, is not shown as covered: %v", line, text, ran)
		}
	}
	checkUnchanged(t, root, test)
}

// checkUnchanged prepares once more: nothing is compiled or read again.
func checkUnchanged(t *testing.T, root string, test *target.Test) {
	t.Helper()
	before, err := os.Stat(test.Exe)
	if err != nil {
		t.Fatal(err)
	}
	p, _, said := prepare(t, root, target.ClangTool{Path: "clang-19"})
	after, err := os.Stat(test.Exe)
	if err != nil || !os.SameFile(before, after) || len(p.Tests) != 1 || p.Tests[0].CoverageID != test.CoverageID {
		t.Errorf("built again: %v, %q", err, said)
	}
	if slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "reading the executable's points") }) {
		t.Errorf("read again: %q", said)
	}
}

func TestMake(t *testing.T) {
	need(t, "clang-19", "make")
	root := workspace(t, "query", nil)
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19"})
	if test.Name != "query_fuzzer" {
		t.Errorf("the fuzz test is called %s", test.Name)
	}
	tr := cover(t, test, points, "page=12&x=%41")
	header := filepath.Join(root, "query.hpp")
	ran := states(t, tr, header, coverage.Covered)
	// Two instances of the template; one of them has run wholly.
	if line := lineOf(t, header, "number = static_cast"); !slices.Contains(ran, line) {
		t.Errorf("line %d of a template is not shown as covered: %v", line, ran)
	}
	if !slices.ContainsFunc(points.Funcs, func(f coverage.Func) bool { return strings.HasPrefix(f.Name, "query::decode") }) {
		t.Errorf("no function query::decode among %d", len(points.Funcs))
	}
	left, err := filepath.Glob(filepath.Join(root, "*.o"))
	if err != nil || len(left) > 0 {
		t.Errorf("make has left %q among the sources", left)
	}
	checkUnchanged(t, root, test)
}

func TestMeson(t *testing.T) {
	need(t, "clang-19", "meson", "ninja")
	root := workspace(t, "inifile", map[string]string{
		"meson.build":         "project('ini', 'c')\nlib = static_library('ini', 'ini.c')\nif get_option('fuzzing')\n  executable('fuzz_ini', 'fuzz/parse.c', include_directories: '.', link_with: lib, c_args: ['-fsanitize=fuzzer'], link_args: ['-fsanitize=fuzzer'])\nendif\n",
		"meson_options.txt":   "option('fuzzing', type: 'boolean', value: false)\n",
		"CMakeLists.txt.gone": "",
	})
	if err := os.Remove(filepath.Join(root, "CMakeLists.txt")); err != nil {
		t.Fatal(err)
	}
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19", Sanitizer: "none"})
	cover(t, test, points, "a=b")
}

const loneHarness = `#include <stddef.h>
#include <stdint.h>
#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return part(data, size); }
`

var lone = map[string]string{
	"fuzz.c": loneHarness,
	"part.h": "#include <stddef.h>\nint part(const unsigned char *data, size_t size);\n",
	"part.c": "#include \"part.h\"\nint part(const unsigned char *data, size_t size)\n{\n    if (size > 3 && data[0] == 'x')\n        return -1;\n    return 0;\n}\n",
	"main.c": "int main(void) { return 0; }\n",
}

func TestLone(t *testing.T) {
	need(t, "clang-19")
	root := workspace(t, "", lone)
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19"})
	tr := cover(t, test, points, "abcd")
	if got := states(t, tr, filepath.Join(root, "part.c"), coverage.NotCovered); !slices.Equal(got, []int{5}) {
		t.Errorf("lines %v never ran, want 5", got)
	}
	checkUnchanged(t, root, test)
}

// TestOlderClang: without regions, lines are those of the machine code.
func TestOlderClang(t *testing.T) {
	need(t, "clang-14")
	for _, dwarf := range []string{"-gdwarf-4", "-gdwarf-5"} {
		files := map[string]string{"fuzzls.toml": "[[target]]\nname = 'old'\nsources = ['fuzz.c', 'part.c']\nflags = ['" + dwarf + "', '-O1']\n"}
		for name, text := range lone {
			files[name] = text
		}
		root := workspace(t, "", files)
		test, points := prepareOne(t, root, target.ClangTool{Path: "clang-14", Sanitizer: "none"})
		tr := cover(t, test, points, "abcd")
		source := filepath.Join(root, "part.c")
		if got := states(t, tr, source, coverage.Covered); !slices.Contains(got, 4) || slices.Contains(got, 5) {
			t.Errorf("%s: lines %v are shown as covered", dwarf, got)
		}
	}
}

// TestFlags: however a target is compiled and linked, its lines are known.
func TestFlags(t *testing.T) {
	need(t, "clang-19", "ld.lld-19")
	for name, c := range map[string]struct{ flags, libs, sanitizer string }{
		"link-time optimization": {flags: "'-flto'", libs: "'-flto'", sanitizer: "none"},
		"no PIE":                 {flags: "'-fno-pie'", libs: "'-no-pie'", sanitizer: "address"},
		"memory":                 {flags: "'-gdwarf-4', '-O1'", sanitizer: "memory"},
		"undefined":              {flags: "'-O3'", sanitizer: "undefined"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"fuzzls.toml": "[[target]]\nname = 'flags'\nsources = ['fuzz.c', 'part.c']\nflags = [" + c.flags + "]\nlibs = [" + c.libs + "]\n"}
			for name, text := range lone {
				files[name] = text
			}
			root := workspace(t, "", files)
			test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19", Sanitizer: c.sanitizer})
			tr := cover(t, test, points, "abcd")
			if got := states(t, tr, filepath.Join(root, "part.c"), coverage.NotCovered); !slices.Equal(got, []int{5}) {
				t.Errorf("lines %v never ran, want 5", got)
			}
			if f, ok := points.FuncAt(test.Entry); !ok || f.Name != "LLVMFuzzerTestOneInput" {
				t.Errorf("the entry is %+v", f)
			}
		})
	}
}

func TestCompileDatabase(t *testing.T) {
	need(t, "clang-19")
	root := workspace(t, "", lone)
	entries := []databaseEntry{
		{Directory: root, File: "fuzz.c", Command: "gcc -DA=\"b c\" -o fuzz.o -c fuzz.c"},
		{Directory: root, File: "part.c", Arguments: []string{"cc", "-O1", "-c", "part.c"}},
		{Directory: root, File: "main.c", Command: "cc -c main.c"},
	}
	data, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "compile_commands.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19", Sanitizer: "undefined"})
	cover(t, test, points, "abcd")
}

func TestOSSFuzz(t *testing.T) {
	need(t, "clang-19", "bash")
	files := map[string]string{"build.sh": "#!/bin/bash -eu\ncd $SRC/w\n$CC $CFLAGS -c part.c -o part.o\n$CXX $CXXFLAGS -x c fuzz.c -x none part.o -o $OUT/fuzz $LIB_FUZZING_ENGINE\n"}
	for name, text := range lone {
		files[name] = text
	}
	root := workspace(t, "", files)
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19"})
	tr := cover(t, test, points, "abcd")
	if got := states(t, tr, filepath.Join(root, "part.c"), coverage.NotCovered); !slices.Equal(got, []int{5}) {
		t.Errorf("lines %v never ran, want 5", got)
	}
}

func TestBuildErrors(t *testing.T) {
	need(t, "clang-19")
	for name, c := range map[string]struct {
		files map[string]string
		tools target.ClangTool
		want  []string
	}{
		"does not compile": {
			files: map[string]string{"fuzz.c": "#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *d, size_t n)\n{\n  return nowhere;\n}\n"},
			want:  []string{"building fuzz: it does not compile:\nfuzz.c:4:10: use of undeclared identifier 'nowhere'"},
		},
		"undefined": {
			files: map[string]string{"fuzz.c": "#include <stddef.h>\nint part(void);\nint LLVMFuzzerTestOneInput(const unsigned char *d, size_t n) { return part(); }\n"},
			want:  []string{"nothing defines part", "fuzzls.toml"},
		},
		"no clang":      {files: lone, tools: target.ClangTool{Path: "/none/clang"}, want: []string{"clang not found", "fuzzls.clang.path"}},
		"not clang":     {files: lone, tools: target.ClangTool{Path: "/bin/true"}, want: []string{"not clang", "fuzzls.clang.path"}},
		"bad sanitizer": {files: lone, tools: target.ClangTool{Sanitizer: "adress"}, want: []string{`"adress" is not known`, "address"}},
		"bad command": {
			files: map[string]string{"fuzz.c": loneHarness, "fuzzls.toml": "[[target]]\nname='x'\nsources=['fuzz.c']\ncommand='echo nothing'\nexe='x'\n"},
			want:  []string{"made no x", "nothing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.tools.Path == "" {
				c.tools.Path = "clang-19"
			}
			p, _, _ := prepare(t, workspace(t, "", c.files), c.tools)
			if len(p.Failed) != 1 || len(p.Tests) != 0 {
				t.Fatalf("%d failed", len(p.Failed))
			}
			for _, want := range c.want {
				if !strings.Contains(p.Failed[0].Error(), want) {
					t.Errorf("%q is not in:\n%v", want, p.Failed[0])
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]string{
		"[[target]\n":                          "fuzzls.toml:2",
		"[[target]]\nnmae='x'\nsources=['a']":  "target.nmae is not known",
		"[[target]]\nname='x'":                 "sources is missing",
		"[[target]]\nsources=['none.c']":       "there is no none.c",
		"[[target]]\nsources=['*.c']\nexe='x'": "command and exe belong together",
	} {
		root := workspace(t, "", map[string]string{"fuzz.c": loneHarness, "fuzzls.toml": text})
		w, err := Find(t.Context(), target.FindConfig{Root: root, Dir: root})
		if err != nil {
			t.Fatal(err)
		}
		if len(w.Problems()) != 1 || !strings.Contains(w.Problems()[0].String(), want) {
			t.Errorf("%q: problems %v, want %q", text, w.Problems(), want)
		}
	}
}

// TestReal builds a real project as it is: its harness comes with a main of its own.
func TestReal(t *testing.T) {
	need(t, "clang-19", "cmake", "apt-get")
	root := filepath.Join(t.TempDir(), "cjson")
	if err := debian.Unpack("cjson", root); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED: %v", err)
	}
	test, points := prepareOne(t, root, target.ClangTool{Path: "clang-19"})
	tr := cover(t, test, points, "1111{\"a\": [1, true, null]}\x00")
	source := filepath.Join(root, "cJSON.c")
	if line := lineOf(t, source, "item->type = cJSON_Array;"); !slices.Contains(states(t, tr, source, coverage.Covered), line) {
		t.Errorf("line %d of cJSON.c is not covered", line)
	}
}
