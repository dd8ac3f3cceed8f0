package main

import (
	"fmt"
	"strings"
	"testing"
)

// This file tests what a fuzz test may be: all argument types, all of what package
// testing offers to it, and seeds.

// argumentTypes are the types that testing.F.Fuzz takes. Each has an expression over
// x that is true for few values, none of them the zero value.
var argumentTypes = []struct{ typ, want string }{
	{"[]byte", `string(x) == "bytes"`},
	{"string", `x == "text"`},
	{"bool", `x`},
	{"byte", `x == 0xa5`},
	{"rune", `x == 'ß'`},
	{"float32", `x == 1.5`},
	{"float64", `x == -2.25`},
	{"int", `x == -123456789`},
	{"int8", `x == -100`},
	{"int16", `x == -12345`},
	{"int32", `x == -1234567`},
	{"int64", `x == -1234567890123`},
	{"uint", `x == 123456789`},
	{"uint8", `x == 200`},
	{"uint16", `x == 54321`},
	{"uint32", `x == 3234567890`},
	{"uint64", `x == 1<<63+12345`},
}

// TestArgumentTypes finds a value of every type in one fuzz test that takes all of
// them.
func TestArgumentTypes(t *testing.T) {
	var params, body strings.Builder
	for i, a := range argumentTypes {
		fmt.Fprintf(&params, ", x%d %s", i, a.typ)
		condition := strings.ReplaceAll(a.want, "x ", fmt.Sprintf("x%d ", i))
		condition = strings.ReplaceAll(condition, "string(x)", fmt.Sprintf("string(x%d)", i))
		if condition == "x" {
			condition = fmt.Sprintf("x%d", i)
		}
		fmt.Fprintf(&body, "\t\tif %s {\n\t\t\treach(%d)\n\t\t}\n", condition, i)
	}
	dir := module(t, "m.go", "package m\n\nvar reached int\n\nfunc reach(n int) { reached += n }\n", "m_test.go", `package m

import "testing"

func FuzzAll(f *testing.F) {
	f.Fuzz(func(t *testing.T`+params.String()+`) {
`+body.String()+`	})
}
`)
	report, o := campaign(t, dir, "--limit=300K", "--seed=1")
	if o.status != statusOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	r := testNamed(t, report, "FuzzAll")
	// Two edges for each type: the condition was true.
	if r.Points.After < uint64(len(argumentTypes)) {
		t.Errorf("points %v of %d, want one for each of %d types at least", r.Points, r.TotalPoints, len(argumentTypes))
	}
	if r.Unique.After < uint64(len(argumentTypes)) {
		t.Errorf("%v unique runs, want one for each of %d types at least", r.Unique, len(argumentTypes))
	}
	o = fuzzls(t, dir, "targets")
	for _, a := range argumentTypes {
		wantContains(t, o.stdout, a.typ)
	}
}

// semanticsModule uses what package testing offers; what does not hold panics.
func semanticsModule(t *testing.T) string {
	return module(t, "m.go", `package m

var Count int

func Plain() { Count++ }

func Added() { Count++ }

func FromFile() { Count++ }

func Skipped() { Count++ }

func Cleaned() { Count++ }

func Sub() { Count++ }
`, "main_test.go", `package m

import (
	"os"
	"testing"
)

var setUp bool

func TestMain(m *testing.M) {
	setUp = true
	os.Exit(m.Run())
}
`, "m_test.go", `package m

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func FuzzSemantics(f *testing.F) {
	f.Add("skip")
	f.Add("sub")
	cleaned, running := true, ""
	f.Fuzz(func(t *testing.T, s string) {
		if !setUp {
			panic("TestMain has not run")
		}
		if !cleaned {
			panic("the cleanup of the run before is missing")
		}
		if running != "" {
			panic("two runs at once")
		}
		cleaned = false
		t.Cleanup(func() { cleaned = true; Cleaned() })
		if os.Getenv("FUZZ_SEMANTICS") != "" {
			panic("the environment of the run before is left")
		}
		if strings.HasPrefix(s, "skip") {
			defer Skipped()
			t.Skip("not wanted")
			panic("after Skip")
		}
		if len(s) > 1 {
			t.Setenv("FUZZ_SEMANTICS", "set")
		}
		if len(s) > 2 {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if strings.HasPrefix(s, "sub") {
			ran := 0
			t.Run("sub", func(t *testing.T) { ran++; Sub() })
			t.Run("skips", func(t *testing.T) { ran++; t.Skip() })
			if ran != 2 {
				panic("a subtest did not run")
			}
		}
	})
}

func FuzzParallel(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		t.Parallel()
		Plain()
	})
}

func FuzzSeeds(f *testing.F) {
	f.Add([]byte("\x00\x01 a seed that nobody guesses \xff"), 77)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		switch {
		case len(b) == 31 && n == 77:
			Added()
		case len(b) == 23 && n == -5:
			FromFile()
		}
	})
}

func FuzzNoisy(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		fmt.Println("NOISE on stdout ", strings.Repeat("o", 200))
		fmt.Fprintln(os.Stderr, "NOISE on stderr ", strings.Repeat("e", 200))
		t.Log("NOISE in the log")
		Plain()
	})
}

func FuzzCloses(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		for fd := 0; fd < 64; fd++ {
			syscall.Close(fd)
		}
		Plain()
	})
}
`, "context_test.go", `//go:build go1.24

package m

import (
	"context"
	"testing"
)

func FuzzContext(f *testing.F) {
	var last context.Context
	f.Fuzz(func(t *testing.T, b []byte) {
		if last != nil && last.Err() == nil {
			panic("the context of the run before is not done")
		}
		last = t.Context()
		if last.Err() != nil {
			panic("the context is done")
		}
		Plain()
	})
}
`, "testdata/fuzz/FuzzSeeds/by-hand", "go test fuzz v1\n[]byte(\"twenty-three bytes long\")\nint(-5)\n")
}

func TestSemantics(t *testing.T) {
	dir := semanticsModule(t)
	report, o := campaign(t, dir, "--limit=2K", "--seed=1")
	if o.status != statusOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	for _, r := range report.Tests {
		for _, c := range r.Crashes {
			t.Errorf("%s: %s: %s", r.Func, c.Kind, c.Message)
		}
		if r.Runs.After < report.Limit {
			t.Errorf("%s: %d runs of %d", r.Func, r.Runs.After, report.Limit)
		}
	}
	for _, name := range []string{"FuzzSemantics", "FuzzParallel", "FuzzSeeds", "FuzzNoisy", "FuzzCloses", "FuzzContext"} {
		testNamed(t, report, name)
	}
	if strings.Contains(o.stdout, "NOISE") || strings.Contains(o.stderr, "NOISE") {
		t.Errorf("what the fuzz test prints is in the output of fuzzls:\n%.2000s%.2000s", o.stdout, o.stderr)
	}
	// Runs that skip are no coverage: the fuzz test has refused the input.
	wantCovered(t, dir, "Plain", "Added", "FromFile", "Cleaned", "Sub")
}

// TestSeeds runs seeds alone: what they reach is covered.
func TestSeeds(t *testing.T) {
	dir := semanticsModule(t)
	campaign(t, dir, "--limit=1", "--seed=1", "--run=Seeds")
	wantCovered(t, dir, "Added", "FromFile")
	text := fuzzls(t, dir, "cover", "m.go").stdout
	wantContains(t, text, "func Plain() { Count++ }")
	if coveredLine(text, "func Plain()") {
		t.Errorf("Plain is shown as covered:\n%s", text)
	}
}

// wantCovered checks that `fuzzls cover` marks the one-line functions as run.
func wantCovered(t *testing.T, dir string, functions ...string) {
	t.Helper()
	o := fuzzls(t, dir, "cover", "m.go")
	for _, name := range functions {
		if !coveredLine(o.stdout, "func "+name+"()") {
			t.Errorf("%s is not covered:\n%s%s", name, o.stdout, o.stderr)
		}
	}
}

// coveredLine reports whether the line with code carries the mark of a line that ran.
func coveredLine(text, code string) bool {
	for line := range strings.Lines(text) {
		before, _, found := strings.Cut(line, code)
		if found {
			return strings.Contains(before, "+")
		}
	}
	return false
}
