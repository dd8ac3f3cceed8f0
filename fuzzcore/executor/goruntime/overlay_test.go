package goruntime

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestEditsAnchors(t *testing.T) {
	e := edit{file: "f.go", anchor: "one", text: "two"}
	for text, count := range map[string]int{"": 0, "one one": 2} {
		_, err := e.apply("f.go", text)
		var anchor *AnchorError
		if !errors.As(err, &anchor) || anchor.File != "f.go" || anchor.Anchor != "one" || anchor.Count != count {
			t.Errorf("apply to %q: %v", text, err)
		}
	}
	if got, err := e.apply("f.go", "a one b"); got != "a two b" || err != nil {
		t.Errorf("apply: %q, %v", got, err)
	}
	e.since = "new"
	if got, err := e.apply("f.go", "old"); got != "old" || err != nil {
		t.Errorf("apply to an older version: %q, %v", got, err)
	}
}

func TestOverlayIsDeterministic(t *testing.T) {
	a, err := overlayFiles(runtime.GOROOT())
	if err != nil {
		t.Fatal(err)
	}
	b, err := overlayFiles(runtime.GOROOT())
	if err != nil {
		t.Fatal(err)
	}
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("%s differs", name)
		}
	}
	if Version() != Version() {
		t.Error("Version differs")
	}
}

func TestOverlayOfUnknownVersion(t *testing.T) {
	goroot := t.TempDir()
	for _, e := range edits {
		path := filepath.Join(goroot, "src", e.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("package changed\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Overlay(goroot, filepath.Join(t.TempDir(), "overlay"))
	var anchor *AnchorError
	if !errors.As(err, &anchor) || !strings.Contains(err.Error(), "worker.go") {
		t.Errorf("got %v", err)
	}
}

func TestRoot(t *testing.T) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "mod")
	link := filepath.Join(dir, "links", "root")
	if got, err := Root(filepath.Join(dir, "go"), cache, link); got != filepath.Join(dir, "go") || err != nil {
		t.Errorf("outside the cache: %s, %v", got, err)
	}
	for _, name := range []string{"go1", "go1", "go2"} {
		got, err := Root(filepath.Join(cache, name), cache, link)
		if got != link || err != nil {
			t.Errorf("in the cache: %s, %v", got, err)
		}
		if to, _ := os.Readlink(link); to != filepath.Join(cache, name) {
			t.Errorf("link to %s", to)
		}
	}
}
