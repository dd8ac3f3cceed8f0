package goruntime

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
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
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	goroot := strings.TrimSpace(string(out))
	dir := t.TempDir()
	var made []map[string]string
	for range 2 {
		list, err := Overlay(goroot, dir)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, readOverlay(t, list))
	}
	if !maps.Equal(made[0], made[1]) {
		t.Error("the second overlay differs")
	}
	for _, stock := range []string{"internal/fuzz/worker.go", "testing/testing.go"} {
		if made[0][filepath.Join(goroot, "src", stock)] == "" {
			t.Errorf("%s is not in the overlay", stock)
		}
	}
}

// readOverlay returns the text by which each file is replaced.
func readOverlay(t *testing.T, list string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		t.Fatal(err)
	}
	for from, to := range overlay.Replace {
		text, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		overlay.Replace[from] = string(text)
	}
	return overlay.Replace
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
