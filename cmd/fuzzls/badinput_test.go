package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file tests what a user does wrong, and what happens to the files that
// fuzzls keeps: every case must end in a message that names what failed, on what,
// and what to do.

// small is a module with a fuzz test that finds nothing.
func small(t *testing.T) string {
	return module(t, "m.go", "package m\n\nfunc Small(b []byte) bool {\n\tif len(b) > 2 {\n\t\treturn true\n\t}\n\treturn false\n}\n",
		"m_test.go", `package m

import "testing"

func FuzzSmall(f *testing.F) {
	f.Add([]byte("abc"))
	f.Fuzz(func(t *testing.T, b []byte) { Small(b) })
}
`)
}

// refused checks that fuzzls ends with status 2 and says all of parts.
func refused(t *testing.T, o outcome, parts ...string) {
	t.Helper()
	if o.status != statusFailed {
		t.Errorf("status %d, want %d\n%s%s", o.status, statusFailed, o.stdout, o.stderr)
	}
	for _, part := range parts {
		wantContains(t, o.stderr, part)
	}
	if strings.Contains(o.stderr, "panic:") || strings.Contains(o.stderr, "goroutine ") {
		t.Errorf("a panic:\n%s", o.stderr)
	}
}

func TestBadFlags(t *testing.T) {
	dir := small(t)
	for _, c := range []struct{ args, says string }{
		{"--limit 0", "at least one run"},
		{"--limit 99999999999G", "more than"},
		{"--limit x", "expected a positive number"},
		{"-j 0", "at least 1 worker"},
		{"-j -1", "at least 1 worker"},
		{"--time -1s", "expected a time"},
		{"--time soon", "soon"},
		{"--timeout 0s", "expected a time"},
		{"--memory lots", "expected an amount"},
		{"--memory 0", "expected an amount"},
		{"--seed 4294967296", "expected a number of 32 bits"},
		{"--run (", "missing closing )"},
		{"--nonsense", "unknown flag"},
	} {
		t.Run(c.args, func(t *testing.T) {
			refused(t, fuzzls(t, dir, append([]string{"fuzz"}, strings.Fields(c.args)...)...), c.says)
		})
	}
}

func TestNoGo(t *testing.T) {
	cmd := exec.Command(binary, "fuzz", "--limit=1")
	cmd.Dir = small(t)
	cmd.Env = append(os.Environ(), "PATH="+t.TempDir())
	refused(t, finish(t, cmd), "go", "install")
}

func TestNoModule(t *testing.T) {
	refused(t, fuzzls(t, t.TempDir(), "fuzz", "--limit=1"), "go.mod")
}

func TestNoFuzzTests(t *testing.T) {
	dir := module(t, "m.go", "package m\n")
	refused(t, fuzzls(t, dir, "fuzz", "--limit=1"), "no fuzz tests in ./...", "FuzzXxx")
	refused(t, fuzzls(t, small(t), "fuzz", "--limit=1", "--run=Nothing"), `no fuzz test in ./... matches --run "Nothing"`)
}

func TestCompileError(t *testing.T) {
	dir := small(t)
	write(t, dir, "bad.go", "package m\n\nfunc bad() int {\n\treturn undefinedName\n}\n")
	refused(t, fuzzls(t, dir, "fuzz", "--limit=1"), "bad.go:4:9", "undefinedName")
	// Packages that do compile are fuzzed all the same.
	write(t, dir, "good/good_test.go", `package good

import "testing"

func FuzzGood(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) {}) }
`)
	report, o := campaign(t, dir, "--limit=10")
	if o.status != statusFailed || len(report.Failed) == 0 {
		t.Errorf("status %d, failed %q", o.status, report.Failed)
	}
	if r := testNamed(t, report, "FuzzGood"); r.Runs.After < 10 {
		t.Errorf("FuzzGood ran %d times", r.Runs.After)
	}
}

// coverageFile returns the coverage file of the one target of dir.
func coverageFile(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, ".fuzzls", "v", "*"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("coverage files: %v, %v", paths, err)
	}
	return paths[0]
}

func TestDamagedCoverageFile(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string, data []byte) []byte{
		"truncated":       func(t *testing.T, path string, data []byte) []byte { return data[:len(data)/2] },
		"shorter than it": func(t *testing.T, path string, data []byte) []byte { return data[:10] },
		"longer":          func(t *testing.T, path string, data []byte) []byte { return append(data, make([]byte, 64)...) },
		"wrong PCs": func(t *testing.T, path string, data []byte) []byte {
			data[len(data)-1] ^= 1
			return data
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := small(t)
			campaign(t, dir, "--limit=100")
			path := coverageFile(t, dir)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(t, path, data), 0o644); err != nil {
				t.Fatal(err)
			}
			refused(t, fuzzls(t, dir, "fuzz", "--limit=100"), path, "delete")
			refused(t, fuzzls(t, dir, "cover"), path)
		})
	}
}

func TestDamagedCorpus(t *testing.T) {
	dir := small(t)
	campaign(t, dir, "--limit=1K")
	state, err := store.Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	corpus := state.FuzzTest("example.com/m", "FuzzSmall").Corpus().Dir()
	entries, err := os.ReadDir(corpus)
	if err != nil || len(entries) == 0 {
		t.Fatalf("corpus: %v, %v", entries, err)
	}
	write(t, corpus, "0000000000000bad", "not a corpus entry")
	write(t, corpus, "0000000000000two", "go test fuzz v1\nint(1)\nstring(\"other types\")\n")
	report, o := campaign(t, dir, "--limit=100")
	if o.status != statusOK {
		t.Errorf("status %d\n%s", o.status, o.stderr)
	}
	if r := testNamed(t, report, "FuzzSmall"); r.Runs.After-r.Runs.Before < 100 {
		t.Errorf("%d runs", r.Runs.After-r.Runs.Before)
	}
	for _, name := range []string{"0000000000000bad", "0000000000000two"} {
		wantContains(t, o.stderr, name)
		if _, err := os.Stat(filepath.Join(corpus, name)); err == nil {
			t.Errorf("%s is still in the corpus", name)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(corpus), "aside", name)); err != nil {
			t.Errorf("%s is lost: %v", name, err)
		}
	}
}

func TestReadOnlyState(t *testing.T) {
	dir := small(t)
	// A file where the folder has to be: permissions do not stop root.
	write(t, dir, ".fuzzls", "")
	refused(t, fuzzls(t, dir, "fuzz", "--limit=1"), ".fuzzls")
}

// TestFullDisk fuzzes on a file system that has no room left.
func TestFullDisk(t *testing.T) {
	dir := small(t)
	state := filepath.Join(dir, ".fuzzls")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=64k"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("mounting a small file system: %v", err)
		}
		t.Skipf("NOT TESTED: a full disk: mounting needs root: %v", err)
	}
	defer syscall.Unmount(state, 0)
	refused(t, fuzzls(t, dir, "fuzz", "--limit=1K"), "no space left")
}

func TestTwoCampaigns(t *testing.T) {
	dir := small(t)
	first := startCampaign(t, dir, "--seed=1")
	first.waitRuns(t, 1)
	o := fuzzls(t, dir, "fuzz", "--limit=1")
	refused(t, o, "another campaign, process "+first.pid())
	first.interrupt(t)
	if status := first.wait(t); status != statusOK {
		t.Errorf("the first campaign ended with status %d", status)
	}
	if _, o := campaign(t, dir, "--limit=1"); o.status != statusOK {
		t.Errorf("after the first campaign: status %d\n%s", o.status, o.stderr)
	}
}

// TestCoverWithoutState asks for coverage where nothing was fuzzed.
func TestCoverWithoutState(t *testing.T) {
	refused(t, fuzzls(t, small(t), "cover"), "fuzzls fuzz")
}
