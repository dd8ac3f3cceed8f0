package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file tests the commands that read what campaigns leave: cover, crashes and
// corpus import.

// coverModule has two packages, one of which a fuzz test covers in part.
func coverModule(t *testing.T) string {
	return module(t, "sign/sign.go", `package sign

// Sign returns the sign of n.
func Sign(n int) int {
	if n > 0 {
		return 1
	} else if n < 0 {
		return -1
	}
	return 0
}

func Unused() string { return "never" }
`, "sign/sign_test.go", `package sign

import "testing"

func FuzzSign(f *testing.F) {
	f.Add(5)
	f.Fuzz(func(t *testing.T, n int) {
		if n >= 0 {
			Sign(n)
		}
	})
}
`, "other/other.go", `package other

func Other(b bool) int {
	if b {
		return 1
	}
	return 2
}
`, "other/other_test.go", `package other

import "testing"

func FuzzOther(f *testing.F) {
	f.Fuzz(func(t *testing.T, b bool) { Other(b) })
}
`)
}

func TestCoverCommand(t *testing.T) {
	dir := coverModule(t)
	campaign(t, dir, "--limit=1K", "--seed=1")
	for _, c := range []struct {
		name string
		args []string
	}{
		{"text", nil},
		{"run", []string{"--run=Other"}},
		{"file", []string{"sign/sign.go"}},
		{"folder", []string{"other"}},
		{"lcov", []string{"--format=lcov"}},
		{"go", []string{"--format=go"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := fuzzls(t, dir, append([]string{"cover"}, c.args...)...)
			if o.status != statusOK || o.stderr != "" {
				t.Errorf("status %d\n%s", o.status, o.stderr)
			}
			text := fmt.Sprintf("$ fuzzls cover %s\n%s", strings.Join(c.args, " "), strings.ReplaceAll(o.stdout, dir, "ROOT"))
			compareGolden(t, filepath.Join("testdata", "cover", c.name+".golden"), text)
		})
	}
	t.Run("cobertura", func(t *testing.T) {
		o := fuzzls(t, dir, "cover", "--format=cobertura")
		for _, part := range []string{"<?xml", "<coverage ", `filename="sign/sign.go"`, `filename="other/other.go"`, "</coverage>"} {
			wantContains(t, o.stdout, part)
		}
	})
	t.Run("go tool cover", func(t *testing.T) {
		if o := fuzzls(t, dir, "cover", "--format=go", "-o=cover.out"); o.status != statusOK || o.stdout != "" {
			t.Errorf("status %d\n%s%s", o.status, o.stdout, o.stderr)
		}
		cmd := exec.Command("go", "tool", "cover", "-func=cover.out")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, want := range []string{"Sign 80.0%", "Unused 0.0%", "Other 100.0%"} {
			name, percent, _ := strings.Cut(want, " ")
			if line := lineWith(string(out), "\t"+name+"\t"); !strings.HasSuffix(line, percent) {
				t.Errorf("%s: %q, want %s", name, line, percent)
			}
		}
	})
	t.Run("bad arguments", func(t *testing.T) {
		refused(t, fuzzls(t, dir, "cover", "--format=pdf"), `format "pdf"`, "lcov")
		refused(t, fuzzls(t, dir, "cover", "nothing.go"), "nothing.go")
		refused(t, fuzzls(t, dir, "cover", "--run=("), "missing closing )")
		refused(t, fuzzls(t, dir, "cover", "--run=Nothing"), "no coverage")
		refused(t, fuzzls(t, dir, "cover", "go.mod"), "no instrumented file")
	})
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return strings.TrimRight(line, "\n")
		}
	}
	return ""
}

// TestCoverWhileFuzzing reads coverage beside a campaign, and then ends it with two
// Ctrl-C.
func TestCoverWhileFuzzing(t *testing.T) {
	r := startCampaign(t, small(t), "-j=1")
	r.waitRuns(t, 1000)
	o := fuzzls(t, r.dir, "cover", "m.go")
	if o.status != statusOK || !coveredLine(o.stdout, "if len(b) > 2 {") {
		t.Errorf("status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	below := descendants(t, r.cmd.Process.Pid)
	r.interrupt(t)
	// The second may come too late: then the campaign has ended with its report.
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Logf("the second Ctrl-C: %v", err)
	}
	if status := r.wait(t); status != statusFailed && status != statusOK {
		t.Errorf("status %d\n%s", status, r.stderr.text.String())
	}
	wantGone(t, below)
}

// TestCorpusImport takes over what a real `go test -fuzz` has found.
func TestCorpusImport(t *testing.T) {
	dir := small(t)
	if o := fuzzls(t, dir, "corpus", "import"); o.status != statusOK || !strings.Contains(o.stdout, "nothing to import") {
		t.Errorf("without a cache: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	cache := t.TempDir()
	// Go keeps what it finds in GOCACHE/fuzz; the rest of the cache is the usual one,
	// so that nothing is compiled anew.
	usual, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(usual)), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if filepath.Base(part) != "fuzz" {
			if err := os.Symlink(part, filepath.Join(cache, filepath.Base(part))); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("GOCACHE", cache)
	// A number of runs, since `go test` may take its own deadline for a failure.
	cmd := exec.Command("go", "test", "-fuzz=FuzzSmall", "-fuzztime=20000x", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(cache, "fuzz", "example.com", "m", "FuzzSmall", "*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("go test -fuzz has kept %v, %v", found, err)
	}
	write(t, filepath.Dir(found[0]), "broken", "not an input")
	o := fuzzls(t, dir, "corpus", "import")
	if want := fmt.Sprintf("example.com/m.FuzzSmall: %d of %d inputs imported", len(found), len(found)+1); o.status != statusOK || !strings.Contains(o.stdout, want) {
		t.Errorf("status %d, want %q\n%s%s", o.status, want, o.stdout, o.stderr)
	}
	wantContains(t, o.stderr, "broken is left out")
	if n := corpusEntries(t, dir); n != len(found) {
		t.Errorf("%d corpus entries, want %d", n, len(found))
	}
	again := fuzzls(t, dir, "corpus", "import")
	wantContains(t, again.stdout, fmt.Sprintf("0 of %d inputs imported, %d were there already", len(found)+1, len(found)))
	report, o := campaign(t, dir, "--limit=10")
	if r := testNamed(t, report, "FuzzSmall"); o.status != statusOK || r.Points.After == 0 {
		t.Errorf("status %d, %+v\n%s", o.status, r, o.stderr)
	}
}

// TestCrashesCommand lists crashes for people, as JSON, and none.
func TestCrashesCommand(t *testing.T) {
	dir := module(t, "deep/m_test.go", `package deep

import "testing"

func FuzzPanics(f *testing.F) {
	f.Fuzz(func(t *testing.T, b bool) {
		if b {
			panic("told to panic")
		}
	})
}
`)
	refused(t, fuzzls(t, dir, "crashes"), "fuzzls fuzz")
	campaign(t, dir, "--limit=1")
	report, _ := campaign(t, dir, "--limit=100", "--seed=1")
	c := onlyCrash(t, testNamed(t, report, "FuzzPanics"))
	o := fuzzls(t, filepath.Join(dir, "deep"), "crashes")
	want := fmt.Sprintf("deep/m_test.go:8: panic: told to panic (example.com/m/deep.FuzzPanics, %s)\n  input: %s\n  replay: %s\n",
		c.Signature, c.Reproducer, c.Replay)
	if o.status != statusOK || o.stdout != want {
		t.Errorf("status %d\n%s, want\n%s", o.status, o.stdout, want)
	}
	o = fuzzls(t, dir, "crashes", "--json")
	for _, part := range []string{`"kind": "panic"`, `"location": "deep/m_test.go:8"`, `"signature": "` + c.Signature + `"`, `"status": "open"`} {
		wantContains(t, o.stdout, part)
	}

	state, err := store.Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := state.FuzzTest("example.com/m/deep", "FuzzPanics").Crashes().Check(c.Signature, false); err != nil {
		t.Fatal(err)
	}
	if o := fuzzls(t, dir, "crashes"); o.stdout != "no crashes\n" {
		t.Errorf("a fixed crash is listed:\n%s", o.stdout)
	}
	wantContains(t, fuzzls(t, dir, "crashes", "--all").stdout, c.Signature+", fixed)")
	campaign(t, dir, "--limit=100", "--seed=1")
	if o := fuzzls(t, dir, "crashes"); o.stdout != want {
		t.Errorf("the crash again:\n%s, want\n%s", o.stdout, want)
	}
}
