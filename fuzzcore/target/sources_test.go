package target

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// What the user does to the source after the build does not change what a crash is.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	state, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	library, declares, other := file("lib.go", "one\ntwo\n"), file("lib_test.go", "test\ncode"), file("other.go", "first\nsecond\n")
	text := []byte("one\ntwo\n")
	digest := store.SourceDigest(text)
	if err := state.SaveSource(digest, text); err != nil {
		t.Fatal(err)
	}
	points := &coverage.Points{PCs: []uint64{1}, Edges: 1, Files: []coverage.File{{Path: library, SHA256: digest}}}
	points.ID = abi.CoverageID(points.PCs)
	var encoded bytes.Buffer
	if err := points.Encode(&encoded); err != nil {
		t.Fatal(err)
	}
	if err := state.SavePoints(points.ID, encoded.Bytes()); err != nil {
		t.Fatal(err)
	}

	sources := NewSources(state, &Test{File: declares, CoverageID: points.ID})
	for _, path := range []string{library, declares, other} {
		file(filepath.Base(path), "// a line that the user has added\n")
	}
	for _, test := range []struct {
		file string
		line int
		want string
	}{
		{library, 2, "two"}, {library, 3, ""}, {library, 4, ""}, {library, 0, ""}, {declares, 2, "code"},
		{other, 1, "// a line that the user has added"}, {filepath.Join(dir, "none.go"), 1, ""},
	} {
		if got := sources.Line(test.file, test.line); got != test.want {
			t.Errorf("%s:%d is %q, want %q", filepath.Base(test.file), test.line, got, test.want)
		}
	}
	if got := NewSources(nil, &Test{}).Line(other, 1); got != "// a line that the user has added" {
		t.Errorf("without a state a line is %q", got)
	}
}
