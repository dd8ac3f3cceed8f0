package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// This file tests what becomes of crashes.

func TestCrashStatus(t *testing.T) {
	state, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	crashes := state.FuzzTest("example.com/m", "FuzzX").Crashes()
	if err := crashes.Check("none", true); err == nil {
		t.Error("a crash that is not there was checked")
	}
	saved, err := crashes.Save("abc", map[string][]byte{"input": []byte("x")}, "meta")
	if err != nil || saved.Status.String() != "open" || !saved.Status.Listed() {
		t.Fatalf("a new crash: %+v, %v", saved, err)
	}
	steps := []struct {
		do   func() error
		want string
	}{
		{func() error { return crashes.Check("abc", false) }, "fixed"},
		{func() error { return crashes.Check("abc", true) }, "open"},
		{func() error { return crashes.Dismiss("abc") }, "dismissed"},
		{func() error { return crashes.Check("abc", true) }, "dismissed"},
		{func() error { _, err := crashes.Save("abc", nil, nil); return err }, "dismissed"},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		list, err := crashes.List()
		if err != nil || len(list) != 1 {
			t.Fatalf("step %d: %v, %v", i, list, err)
		}
		c := list[0]
		if got := c.Status.String(); got != step.want || c.Status.Checked.IsZero() {
			t.Errorf("step %d: %s at %v, want %s", i, got, c.Status.Checked, step.want)
		}
		if !slices.Equal(c.Files, []string{"input"}) || string(c.Meta) != `"meta"` {
			t.Errorf("step %d: files %q, meta %s", i, c.Files, c.Meta)
		}
	}
	if _, err := crashes.Save("def", map[string][]byte{statusName: nil}, nil); err == nil {
		t.Error("a crash's own file took the status's name")
	}
}

// TestDamagedCrashStatus: a status that makes no sense is named, and the next one
// replaces it.
func TestDamagedCrashStatus(t *testing.T) {
	state, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	crashes := state.FuzzTest("example.com/m", "FuzzX").Crashes()
	saved, err := crashes.Save("abc", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(saved.Dir, statusName), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if list, err := crashes.List(); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, %v", list, err)
	}
	if err := crashes.Check("abc", false); err != nil {
		t.Fatal(err)
	}
	if list, err := crashes.List(); err != nil || len(list) != 1 || !list[0].Status.Fixed {
		t.Errorf("%v, %v", list, err)
	}
}

func TestClearCoverage(t *testing.T) {
	state, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	test := state.FuzzTest("example.com/m", "FuzzX")
	if err := errors.Join(test.ClearCoverage(), state.ClearCoverage(7)); err != nil {
		t.Fatalf("without coverage: %v", err)
	}
	if err := test.Create(); err != nil {
		t.Fatal(err)
	}
	paths := []string{test.CoveragePath(7), state.CoveragePath(7)}
	for _, path := range paths {
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(test.ClearCoverage(), state.ClearCoverage(7)); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
