package golang

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests the note of an inspection, and with a real build that the texts
// which were built are kept.

func TestInspectNote(t *testing.T) {
	for _, want := range []inspectNote{
		{key: "3-ab", id: 0x12},
		{key: "3-ab", id: 1 << 63, sources: []builtSource{{"00ff", "/src/a file.go"}, {"11", "/src/ü.go"}}},
	} {
		got, err := parseInspectNote(string(want.encode()))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

// FuzzInspectNote: what is accepted is written back the same.
func FuzzInspectNote(f *testing.F) {
	f.Add("3-ab 12\n00ff /src/a file.go\n")
	f.Add("3-ab 12")
	f.Add("3-ab 12\n00ff")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseInspectNote(text)
		if err != nil {
			return
		}
		again, err := parseInspectNote(string(n.encode()))
		if err != nil || !reflect.DeepEqual(again, n) {
			t.Errorf("%q is %+v, then %+v, %v", text, n, again, err)
		}
	})
}

// prepareModule prepares the fuzz tests of a module and returns the points of the
// first one's build.
func prepareModule(t *testing.T, state *store.State, dir string) *coverage.Points {
	t.Helper()
	w, err := Load(context.Background(), LoadConfig{Dir: dir, Patterns: []string{"./..."}})
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := Prepare(context.Background(), w, PrepareConfig{State: state})
	if err != nil || len(prepared.Failed) > 0 || len(prepared.Tests) == 0 {
		t.Fatalf("prepared %+v, %v", prepared, err)
	}
	points, err := target.Points(state, prepared.Tests[0].CoverageID)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func TestPrepareKeepsSources(t *testing.T) {
	const before = "package m\n\nfunc Sign(n int) int {\n\tif n < 0 {\n\t\treturn -1\n\t}\n\treturn 1\n}\n"
	dir := writeTree(t,
		txtar.File{Name: "go.mod", Data: []byte("module example.com/m\n\ngo 1.25\n")},
		txtar.File{Name: "m.go", Data: []byte(before)},
		txtar.File{Name: "m_test.go", Data: []byte("package m\n\nimport \"testing\"\n\nfunc FuzzSign(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, n int) { Sign(n) })\n}\n")},
	)
	state, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	points := prepareModule(t, state, dir)
	checkSources(t, state, points, map[string]bool{"m.go": true, "m_test.go": true})

	// An executable that is known, but the texts are gone, and one has changed.
	if err := os.RemoveAll(filepath.Join(state.Dir(), "sources")); err != nil {
		t.Fatal(err)
	}
	p := &preparer{config: PrepareConfig{State: state}}
	sources := ownSources(points)
	if err := os.WriteFile(filepath.Join(dir, "m.go"), []byte(before+"\nfunc More() {}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := p.saveSources(sources); err != nil {
		t.Fatal(err)
	}
	checkSources(t, state, points, map[string]bool{"m.go": false, "m_test.go": true})

	// The text comes back: now the short cut of a known executable keeps it.
	if err := os.WriteFile(filepath.Join(dir, "m.go"), []byte(before), 0o666); err != nil {
		t.Fatal(err)
	}
	checkSources(t, state, prepareModule(t, state, dir), map[string]bool{"m.go": true, "m_test.go": true})
}

// checkSources checks which own files of a build have a kept text.
func checkSources(t *testing.T, state *store.State, points *coverage.Points, want map[string]bool) {
	t.Helper()
	got := map[string]bool{}
	for _, f := range points.Files {
		if !f.Own {
			continue
		}
		text, err := state.Source(f.SHA256)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		got[filepath.Base(f.Path)] = err == nil
		if present, _ := os.ReadFile(f.Path); err == nil && !bytes.Equal(present, text) {
			t.Errorf("the kept text of %s is %q", f.Path, text)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("kept texts: %v, want %v", got, want)
	}
}
