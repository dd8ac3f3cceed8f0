package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests the whole way, from finding to replaying, with the releases of Go
// that users have, and with their build flags.

// versionModule is a module whose fuzz test covers something and crashes. Its fuzz
// test has a seed from f.Add.
func versionModule(t *testing.T) string {
	return module(t, "m.go", `package m

func Classify(b []byte) int {
	switch {
	case len(b) > 4 && string(b[:4]) == "deep":
		return 2
	case len(b) > 0:
		return 1
	}
	return 0
}
`, "m_test.go", `package m

import "testing"

func FuzzClassify(f *testing.F) {
	f.Add([]byte("dee"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Classify(b) == 2 && b[4] == '!' {
			panic("too deep")
		}
	})
}
`)
}

// needToolchain makes a release of Go the one in use: the go command gets it from the
// module proxy.
func needToolchain(t *testing.T, version string) {
	t.Helper()
	t.Setenv("GOTOOLCHAIN", version)
	out, err := exec.Command("go", "version").CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("getting %s: %v\n%s", version, err, out)
	}
	t.Skipf("NOT TESTED: %s: %v\n%s", version, err, out)
}

func TestGoVersions(t *testing.T) {
	for _, version := range []string{"go1.22.12", "go1.24.13", "local"} {
		t.Run(version, func(t *testing.T) {
			if version != "local" {
				needToolchain(t, version)
			}
			dir := versionModule(t)
			wantContains(t, fuzzls(t, dir, "targets").stdout, "FuzzClassify")
			o := fuzzDeep(t, dir)
			if strings.Contains(o.stderr, "stock") {
				t.Errorf("fuzzed by the stock protocol:\n%s", o.stderr)
			}
			if version != "local" {
				wantContains(t, o.stderr, version)
			}
			wantCoveredLines(t, dir, "return 2", "return 1", "return 0")
		})
	}
}

// fuzzDeep fuzzes versionModule until its crash is found, and replays that.
func fuzzDeep(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	report, o := campaign(t, dir, append([]string{"--limit=20K", "--seed=1"}, args...)...)
	if o.status != statusCrashes {
		t.Fatalf("status %d, want %d\n%s%s", o.status, statusCrashes, o.stdout, o.stderr)
	}
	r := testNamed(t, report, "FuzzClassify")
	c := onlyCrash(t, r)
	if c.Kind != "panic" || c.Location != "m_test.go:9" {
		t.Errorf("%s at %s", c.Kind, c.Location)
	}
	wantFile(t, filepath.Join(dir, c.Reproducer), "go test fuzz v1\n[]byte(\"deep!\")\n")
	wantReplay(t, dir, c.Replay, "panic: too deep")
	return o
}

func wantCoveredLines(t *testing.T, dir string, codes ...string) {
	t.Helper()
	o := fuzzls(t, dir, "cover", "m.go")
	for _, code := range codes {
		if !coveredLine(o.stdout, code) {
			t.Errorf("%q is not covered:\n%s%s", code, o.stdout, o.stderr)
		}
	}
}

// TestUnknownGo fuzzes with a Go whose testing package is not the one that our
// runtime is made for: over the protocol of `go test -fuzz`, and fuzzls says so.
func TestUnknownGo(t *testing.T) {
	strangeGo(t)
	dir := versionModule(t)
	report, o := campaign(t, dir, "--limit=20K", "--seed=1")
	wantContains(t, o.stderr, "stock protocol")
	r := testNamed(t, report, "FuzzClassify")
	if o.status == statusFailed || r.Runs.After < report.Limit || r.Points.After < 2 {
		t.Errorf("status %d, runs %v, points %v\n%s", o.status, r.Runs, r.Points, o.stderr)
	}
	for _, c := range r.Crashes {
		if c.Kind != "panic" {
			t.Errorf("%s: %s", c.Kind, c.Message)
		}
		wantReplay(t, dir, c.Replay, "panic: too deep")
	}
	// Without cover blocks, a function that is inlined wherever it is called has no
	// lines to show; no line is shown as never run only because nobody looked.
	o = fuzzls(t, dir, "cover")
	if !coveredLine(o.stdout, "f.Fuzz(func") || strings.Contains(o.stdout, "m.go") {
		t.Errorf("want the lines of m_test.go only:\n%s%s", o.stdout, o.stderr)
	}
}

// strangeGo puts a go command on PATH whose GOROOT is that of the usual one, but for
// a line in package testing.
func strangeGo(t *testing.T) {
	t.Helper()
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	usual, strange := strings.TrimSpace(string(out)), filepath.Join(t.TempDir(), "goroot")
	// Directories on the way to the changed file are made, the rest is linked.
	for _, dir := range []string{"", "src", "src/testing"} {
		linkFiles(t, filepath.Join(usual, dir), filepath.Join(strange, dir), "src", "testing", "fuzz.go")
	}
	data, err := os.ReadFile(filepath.Join(usual, "src/testing/fuzz.go"))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(data), "fn.Call(args)", "fn.Call(args[:])", 1)
	if changed == string(data) {
		t.Fatal("package testing calls the fuzz function in another way: change this test")
	}
	write(t, strange, "src/testing/fuzz.go", changed)
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nGOROOT=%s exec %s \"$@\"\n", strange, goCommand)
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// linkFiles fills the directory to with links to what is in from, but for some names.
func linkFiles(t *testing.T, from, to string, but ...string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
next:
	for _, entry := range entries {
		for _, name := range but {
			if entry.Name() == name {
				continue next
			}
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// flagsModule is a module that needs build flags, a vendored dependency and cgo, and
// has a package that does not compile.
func flagsModule(t *testing.T) string {
	dir := module(t, "m.go", `package m

import "example.com/dep"

// Stamp is set by the linker.
var Stamp = "unset"

func Classify(b []byte) int { return dep.Weigh(b) }
`, "m_test.go", `package m

import "testing"

func FuzzStamped(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if Stamp != "set" {
			t.Fatal("Stamp is ", Stamp)
		}
		Classify(b)
	})
}
`, "tagged_test.go", `//go:build special

package m

import "testing"

func FuzzTagged(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { Classify(b) }) }
`, "withc/withc.go", `package withc

/*
static int twice(int n) { return 2 * n; }
*/
import "C"

func Twice(n int32) int32 {
	if n == 12345 {
		return 0
	}
	return int32(C.twice(C.int(n)))
}
`, "withc/withc_test.go", `package withc

import "testing"

func FuzzTwice(f *testing.F) { f.Fuzz(func(t *testing.T, n int32) { Twice(n) }) }
`, "broken/broken_test.go", `package broken

import "testing"

func FuzzBroken(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { noSuchFunction(b) }) }
`, "vendor/modules.txt", "# example.com/dep v1.0.0\n## explicit; go 1.22\nexample.com/dep\n",
		"vendor/example.com/dep/dep.go", `package dep

func Weigh(b []byte) int {
	if len(b) > 3 {
		return 2
	}
	return 1
}
`)
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.22\n\nrequire example.com/dep v1.0.0\n")
	return dir
}

func TestBuildFlags(t *testing.T) {
	dir := flagsModule(t)
	fuzz := func(t *testing.T, args ...string) (map[string]uint64, outcome) {
		t.Helper()
		report, o := campaign(t, dir, append([]string{"--limit=2K", "--seed=1"}, args...)...)
		points := map[string]uint64{}
		for _, r := range report.Tests {
			points[r.Func] = r.TotalPoints
			if r.Runs.After-r.Runs.Before < report.Limit || r.Points.After == 0 {
				t.Errorf("%s: runs %v, points %v", r.Func, r.Runs, r.Points)
			}
			for _, c := range r.Crashes {
				t.Errorf("%s: %s: %s", r.Func, c.Kind, c.Message)
			}
		}
		return points, o
	}
	const stamp = "-ldflags=-X=example.com/m.Stamp=set"

	points, o := fuzz(t, "./...", "--", "-mod=vendor", stamp)
	if o.status != statusFailed || points["FuzzStamped"] == 0 || points["FuzzTwice"] == 0 || len(points) != 2 {
		t.Errorf("status %d, fuzz tests and their points %v", o.status, points)
	}
	wantContains(t, o.stderr, "broken/broken_test.go:5")
	wantContains(t, o.stderr, "noSuchFunction")

	tagged, o := fuzz(t, "--tags=special", ".", "--", stamp)
	if o.status != statusOK || tagged["FuzzTagged"] == 0 {
		t.Errorf("-tags: status %d, %v\n%s", o.status, tagged, o.stderr)
	}
	named, o := fuzz(t, "--scope=example.com/dep", ".", "--", stamp)
	if o.status != statusOK || named["FuzzStamped"] <= points["FuzzStamped"] {
		t.Errorf("--scope=example.com/dep: status %d, %d points, without it %d\n%s", o.status, named["FuzzStamped"], points["FuzzStamped"], o.stderr)
	}
	if o := fuzzls(t, dir, "cover", "vendor/example.com/dep/dep.go"); !coveredLine(o.stdout, "return 2") {
		t.Errorf("the dependency is not shown as covered:\n%s%s", o.stdout, o.stderr)
	}
	race, o := fuzz(t, "--race", ".", "--", stamp)
	if o.status != statusOK || race["FuzzStamped"] == 0 {
		t.Errorf("--race: status %d, %v\n%s", o.status, race, o.stderr)
	}
	refused(t, fuzzls(t, dir, "fuzz", "--limit=1", "--", "-o=x"), "-o")
}

// TestScopeAll instruments the standard library, too.
func TestScopeAll(t *testing.T) {
	dir := versionModule(t)
	report, o := campaign(t, dir, "--limit=2K", "--seed=1", "--scope=all")
	if o.status == statusFailed {
		t.Fatalf("status %d\n%s", o.status, o.stderr)
	}
	if r := testNamed(t, report, "FuzzClassify"); r.TotalPoints < 200 || r.Runs.After < report.Limit {
		t.Errorf("%d points, runs %v: want those of the standard library", r.TotalPoints, r.Runs)
	}
}
