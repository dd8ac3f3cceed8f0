package live

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file tests replaying, minimizing and clearing.

const reproducer = "go test fuzz v1\nstring(\"BAD and much more than is needed\")\n"

// TestReplay runs the seeds of a fuzz test once: a reproducer among them crashes.
func TestReplay(t *testing.T) {
	dir := parserModule(t)
	write(t, dir, "testdata/fuzz/FuzzParse/found", reproducer)
	w, r := open(t, dir)
	result, err := w.Replay(t.Context(), fuzzParse)
	if err != nil || result.Inputs != 2 || len(result.Crashes) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	signature := result.Crashes[0].Signature
	path := filepath.Join(dir, "parser.go")
	file, ok := w.File(path)
	if !ok || file.Lines[line(t, parserGo, "return 1")-1].State != coverage.Covered {
		t.Error("a replay covers nothing")
	}
	if file.Lines[line(t, parserGo, "return 2")-1].State != coverage.NotCovered {
		t.Error("a replay has mutated inputs")
	}

	still, err := w.ReplayCrash(t.Context(), signature)
	if err != nil || !still {
		t.Errorf("replaying the crash: %v, %v", still, err)
	}
	crash, _ := w.Crash(signature)
	if err := os.WriteFile(crash.Reproducer, []byte(reproducer), 0o644); err != nil {
		t.Fatal(err)
	}
	before, after, err := w.Minimize(t.Context(), signature)
	if err != nil || after >= before {
		t.Errorf("minimized from %d to %d bytes: %v", before, after, err)
	}
	crash, _ = w.Crash(signature)
	if data, err := os.ReadFile(crash.Reproducer); err != nil || len(data) != after || !strings.Contains(string(data), `"BAD"`) {
		t.Errorf("minimized to %q, %v", data, err)
	}

	write(t, dir, "parser.go", strings.Replace(parserGo, `panic("bad text")`, "return 4", 1))
	w.Saved(path)
	r.wait("the crash to be marked as edited", func() bool { c, _ := w.Crash(signature); return c.Edited })
	if still, err := w.ReplayCrash(t.Context(), signature); err != nil || still {
		t.Errorf("replaying the fixed crash: %v, %v", still, err)
	}
	if crash, _ := w.Crash(signature); crash.Status != Fixed || crash.Edited {
		t.Errorf("the fixed crash: %+v", crash)
	}
	if result, err := w.Replay(t.Context(), fuzzParse); err != nil || len(result.Crashes) != 0 {
		t.Errorf("replay after the fix: %+v, %v", result, err)
	}
	if _, _, err := w.Minimize(t.Context(), signature); err == nil || !strings.Contains(err.Error(), "no longer") {
		t.Errorf("minimizing the fixed crash: %v", err)
	}
	if _, err := w.ReplayCrash(t.Context(), "unknown"); err == nil {
		t.Error("an unknown crash was replayed")
	}

	if err := w.ClearCoverage(); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.File(path); ok {
		t.Error("there is coverage after clearing")
	}
	if test, _ := w.Test(fuzzParse); test.HasFigures {
		t.Error("there are figures after clearing")
	}
}

func TestReplayRunning(t *testing.T) {
	w, r := open(t, parserModule(t))
	if err := w.Start(fuzzOther); err != nil {
		t.Fatal(err)
	}
	r.waitState(w, fuzzOther, Running)
	if _, err := w.Replay(t.Context(), fuzzOther); err == nil || !strings.Contains(err.Error(), "stop it") {
		t.Errorf("replaying what runs: %v", err)
	}
	if _, err := w.Replay(t.Context(), TestID{"example.com/m", "FuzzNone"}); err == nil {
		t.Error("an unknown fuzz test was replayed")
	}
}

// TestLocked: another process fuzzes the same workspace.
func TestLocked(t *testing.T) {
	dir := parserModule(t)
	w, r := open(t, dir)
	state, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := state.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(fuzzParse); err != nil {
		t.Fatal(err)
	}
	r.wait("the failure", func() bool { test, _ := w.Test(fuzzParse); return test.Failure != "" && test.State == Idle })
	var locked *store.LockedError
	if _, err := w.Replay(t.Context(), fuzzParse); !errors.As(err, &locked) {
		t.Errorf("replay: %v", err)
	}
	r.locked(func() {
		if len(r.notices) != 1 || !strings.Contains(r.notices[0], "another campaign") {
			t.Errorf("notices %q", r.notices)
		}
	})
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(fuzzParse); err != nil {
		t.Fatal(err)
	}
	r.waitState(w, fuzzParse, Running)
}
