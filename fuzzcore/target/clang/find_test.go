package clang

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests finding.

// names finds the fuzz tests of a workspace.
func names(t *testing.T, root string, patterns ...string) []string {
	t.Helper()
	w, err := Find(t.Context(), target.FindConfig{Root: root, Dir: root, Patterns: patterns})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range w.Problems() {
		t.Error(p)
	}
	found := []string{}
	for _, test := range w.Tests() {
		found = append(found, testName(&test))
	}
	return found
}

func TestFind(t *testing.T) {
	const plain = "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return 0; }\n"
	root := workspace(t, "", map[string]string{
		"a/one.c":                "#include <x>\n" + plain,
		"a/two.cc":               "extern \"C\" " + plain,
		"a/lib.c":                "int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);\n",
		"a/deep/one.c":           plain,
		"a/deep/one.cpp":         plain,
		"named/h.c":              plain,
		"named/fuzzls.toml":      "[[target]]\nname = 'called'\nsources = ['h.c']\n",
		"cmake/CMakeLists.txt":   "# add_executable(no x.c)\nadd_executable(${X} x.c)\nADD_EXECUTABLE(made\n  \"${CMAKE_CURRENT_SOURCE_DIR}/sub/x.c\" y.c)\n",
		"cmake/sub/x.c":          plain,
		"build/CMakeCache.txt":   "",
		"build/copy.c":           plain,
		".git/x.c":               plain,
		"node_modules/x.c":       plain,
		"testdata/x.c":           plain,
		".fuzzls/builds/src/x.c": plain,
		"header.h":               plain,
	})
	all := []string{"a.one", "a.two", "a/deep.one.c", "a/deep.one.cpp", "cmake/sub.made", "named.called"}
	for _, c := range []struct {
		patterns []string
		want     []string
	}{
		{nil, all},
		{[]string{"./..."}, all},
		{[]string{"./a"}, []string{"a.one", "a.two"}},
		{[]string{"a/...", "named", "./a"}, []string{"a.one", "a.two", "a/deep.one.c", "a/deep.one.cpp", "named.called"}},
		{[]string{"a/two.cc"}, []string{"a.two"}},
		{[]string{"example.com/go/package", "./none"}, []string{}},
	} {
		if got := names(t, root, c.patterns...); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.patterns, got, c.want)
		}
	}
}

// TestExecutable: an executable that was built elsewhere is taken as it is.
func TestExecutable(t *testing.T) {
	need(t, "clang-19")
	built, _ := prepareOne(t, workspace(t, "", lone), target.ClangTool{Path: "clang-19", Sanitizer: "none"})
	root := t.TempDir()
	exe := filepath.Join(root, "fuzzer")
	if err := copyFile(exe, built.Exe); err != nil {
		t.Fatal(err)
	}
	if got := names(t, root, exe); !slices.Equal(got, []string{"fuzzer"}) {
		t.Errorf("found %q", got)
	}
	if got := names(t, root); len(got) != 0 {
		t.Errorf("found %q without being asked for", got)
	}
}

// BenchmarkFind finds one harness among 10,000 files of a few KiB.
func BenchmarkFind(b *testing.B) {
	root := b.TempDir()
	text := []byte("#include <stdio.h>\n" + string(make([]byte, 4000)))
	for i := range 10_000 {
		dir := filepath.Join(root, fmt.Sprint(i/100))
		if i%100 == 0 {
			if err := os.Mkdir(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.c", i)), text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := Find(b.Context(), target.FindConfig{Root: root, Dir: root}); err != nil {
			b.Fatal(err)
		}
	}
}
