package live

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file tests what happens to running campaigns when files are saved.

func (r *recorder) waitState(w *Workspace, id TestID, state TestState) {
	r.t.Helper()
	r.wait("a state of "+id.Func, func() bool { test, _ := w.Test(id); return test.State == state })
}

// TestSaved fixes a crash while its fuzz test runs, breaks the build, and mends it again.
func TestSaved(t *testing.T) {
	w, r := open(t, parserModule(t))
	path := filepath.Join(w.Dir(), "parser.go")
	if err := w.Start(fuzzParse, fuzzOther); err != nil {
		t.Fatal(err)
	}
	r.wait("the crash", func() bool { return len(w.Crashes()) > 0 })
	signature := w.Crashes()[0].Signature
	builds := func() int { file, _ := w.File(path); return int(file.Build) }
	first := builds()

	broken := strings.Replace(parserGo, "return 2", "return two", 1)
	write(t, w.Dir(), "parser.go", broken)
	w.Saved(path)
	r.wait("the problem", func() bool { return len(w.Problems()) == 1 })
	if test, _ := w.Test(fuzzParse); test.State != Running {
		t.Errorf("the campaign does not survive a failed build: state %v", test.State)
	}
	if file, ok := w.File(path); !ok || file.Build != uint64(first) {
		t.Error("a failed build has replaced the coverage")
	}

	fixed := "package m\n\n// moved down\n" + strings.TrimPrefix(strings.Replace(parserGo, `panic("bad text")`, "return 4", 1), "package m\n")
	write(t, w.Dir(), "parser.go", fixed)
	w.Saved(path)
	r.wait("the crash to be fixed", func() bool { return len(w.Crashes()) == 0 })
	if crash, ok := w.Crash(signature); !ok || crash.Status != Fixed {
		t.Errorf("the fixed crash: %+v", crash)
	}
	if problems := w.Problems(); len(problems) > 0 {
		t.Errorf("problems after a build: %+v", problems)
	}
	file, ok := w.File(path)
	if !ok || string(file.Text) != fixed || file.Build <= uint64(first) {
		t.Fatalf("the coverage is of another text: build %d after %d", file.Build, first)
	}
	w.Watch(path)
	deepest := line(t, fixed, "return 4")
	r.wait("the corpus to cover the new build", func() bool {
		file, _ := w.File(path)
		return file.Lines[deepest-1].State == coverage.Covered
	})

	// The crash comes back, at another line.
	again := strings.Replace(fixed, "return 4", `panic("bad text")`, 1)
	write(t, w.Dir(), "parser.go", again)
	w.Saved(path)
	r.wait("the crash again", func() bool { return len(w.Crashes()) == 1 })
	if crash := w.Crashes()[0]; crash.Signature != signature || crash.Top.Line != int(line(t, again, "panic(")) {
		t.Errorf("the crash again: %+v", crash)
	}
	if err := w.Dismiss(signature); err != nil {
		t.Fatal(err)
	}
	if open := w.Crashes(); len(open) > 0 {
		t.Errorf("a dismissed crash is open: %+v", open)
	}

	// One of the two stops, the other goes on.
	w.Stop(fuzzOther)
	r.waitState(w, fuzzOther, Idle)
	r.waitState(w, fuzzParse, Running)
	w.Stop(fuzzParse)
	r.waitState(w, fuzzParse, Idle)
	if left, _ := filepath.Glob(filepath.Join(w.Dir(), ".fuzzls", "builds", "*", "x.test-*")); len(left) > 0 {
		t.Errorf("links to executables are left: %q", left)
	}
}

// TestSavedTests renames one of two fuzz tests that run: it stops, the other goes on.
// A test file that cannot be read stops nothing.
func TestSavedTests(t *testing.T) {
	w, r := open(t, parserModule(t))
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	r.waitState(w, fuzzOther, Running)
	path := filepath.Join(w.Dir(), "parser_test.go")
	write(t, w.Dir(), "parser_test.go", strings.Replace(parserTest, "func FuzzOther(", "func func FuzzOther((", 1))
	w.Saved(path)
	r.wait("the problem", func() bool { return len(w.Problems()) > 0 })
	if test, ok := w.Test(fuzzOther); !ok || test.State != Running {
		t.Errorf("a fuzz test in a broken file: %v, state %v", ok, test.State)
	}
	write(t, w.Dir(), "parser_test.go", strings.Replace(parserTest, "FuzzOther", "FuzzRenamed", 1))
	w.Saved(path)
	r.wait("the renamed fuzz test", func() bool {
		_, old := w.Test(fuzzOther)
		_, renamed := w.Test(TestID{"example.com/m", "FuzzRenamed"})
		parse, _ := w.Test(fuzzParse)
		return !old && renamed && parse.State == Running && len(w.Problems()) == 0
	})
}

// TestSavedWhileBuilding saves a file while the first build goes on: it is not forgotten.
func TestSavedWhileBuilding(t *testing.T) {
	w, r := open(t, parserModule(t))
	if err := w.Start(fuzzParse); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(parserGo, `panic("bad text")`, `panic("worse text")`, 1)
	write(t, w.Dir(), "parser.go", changed)
	w.Saved(filepath.Join(w.Dir(), "parser.go"))
	r.wait("the changed crash", func() bool {
		crashes := w.Crashes()
		return len(crashes) == 1 && crashes[0].Message == "worse text"
	})
}

// TestSavedElsewhere saves files that belong to no build, and one that changes nothing.
func TestSavedElsewhere(t *testing.T) {
	w, r := open(t, parserModule(t))
	if err := w.Start(fuzzOther); err != nil {
		t.Fatal(err)
	}
	r.waitState(w, fuzzOther, Running)
	begun := func() (n int) {
		r.locked(func() {
			for _, a := range r.activities {
				if a.Kind == Building && a.Phase == End {
					n++
				}
			}
		})
		return n
	}
	before := begun()
	w.Saved(filepath.Join(w.Dir(), "notes.txt"))
	w.mu.Lock()
	for c := range w.campaigns {
		for path, want := range map[string]bool{
			"parser.go": true, "new.go": true, "parser_test.go": true, "go.mod": true,
			"notes.txt": false, "other/new.go": false, "other/go.mod": false,
		} {
			if got := c.sources.contain(filepath.Join(w.Dir(), path)); got != want {
				t.Errorf("%s belongs to the build: %v", path, got)
			}
		}
	}
	w.mu.Unlock()
	w.Saved(filepath.Join(w.Dir(), "parser.go"))
	r.wait("a build that changes nothing", func() bool { return begun() > before })
	if test, _ := w.Test(fuzzOther); test.State != Running {
		t.Errorf("state %v", test.State)
	}
}
