package rust

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// example copies the example for Rust to a directory of its own.
func example(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "postfix")
	if err := os.CopyFS(root, os.DirFS("../../../examples/postfix")); err != nil {
		t.Fatal(err)
	}
	return root
}

func find(t *testing.T, root string, patterns ...string) *Workspace {
	t.Helper()
	w, err := Find(t.Context(), target.FindConfig{Root: root, Dir: root, Patterns: patterns})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestFind(t *testing.T) {
	root := example(t)
	for _, patterns := range [][]string{nil, {"./fuzz/..."}, {"./fuzz/fuzz_targets"}} {
		var names []string
		for _, test := range find(t, root, patterns...).Tests() {
			names = append(names, test.Package+"."+test.Name)
			if test.Language != target.Rust || test.Line == 0 || test.Column != 1 {
				t.Errorf("%+v", test)
			}
		}
		if got := strings.Join(names, " "); got != "fuzz/fuzz_targets.calculate fuzz/fuzz_targets.structured" {
			t.Errorf("%q: got %s", patterns, got)
		}
	}
	if tests := find(t, root, "./src", "./none").Tests(); len(tests) != 0 {
		t.Errorf("in other directories: %v", tests)
	}
	path := filepath.Join(root, "fuzz", "Cargo.toml")
	if err := os.WriteFile(path, []byte("[dependencies\nlibfuzzer-sys = '0.4'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	problems := find(t, root).Problems()
	if len(problems) != 1 || problems[0].File != path || problems[0].Line == 0 {
		t.Errorf("a Cargo.toml that is wrong: %v", problems)
	}
}

func TestPrepare(t *testing.T) {
	for _, tool := range []string{"cargo", "clang-19"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, and CI=true", tool)
		}
		t.Skipf("NOT TESTED: %s is missing: scripts/setup installs it", tool)
	}
	root := example(t)
	w := find(t, root)
	state, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	config := target.PrepareConfig{State: state, Tools: target.Tools{Clang: target.ClangTool{Path: "clang-19", Sanitizer: "none"}}}
	prepared, err := w.Prepare(t.Context(), w.Tests()[:1], config)
	if err != nil {
		t.Fatal(err)
	}
	if len(prepared.Tests) != 1 {
		t.Fatalf("failed: %v", prepared.Failed)
	}
	points, err := target.Points(state, prepared.Tests[0].CoverageID)
	if err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(root, "src", "lib.rs")
	lines := map[uint32]bool{}
	for _, s := range points.Spans {
		if f := points.Files[s.File]; f.Path == library && f.Own {
			lines[s.StartLine] = true
		}
	}
	if !lines[29] || lines[15] || lines[31] {
		t.Errorf("lines with points: %v", lines)
	}
	found := false
	for _, f := range points.Funcs {
		found = found || strings.HasPrefix(f.Name, "postfix::calculate")
	}
	if !found {
		t.Errorf("no function postfix::calculate among %d", len(points.Funcs))
	}

	// An error in the library has its place.
	source, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(library, append(source, "fn bad() -> u8 { \"\" }\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	prepared, err = w.Prepare(t.Context(), w.Tests()[:1], config)
	if err != nil || len(prepared.Failed) != 1 || len(prepared.Failed[0].Problems) != 1 {
		t.Fatalf("got %+v, %v", prepared, err)
	}
	if p := prepared.Failed[0].Problems[0]; p.File != library || p.Line == 0 || !strings.Contains(p.Message, "mismatched types") {
		t.Errorf("got %+v", p)
	}
}
