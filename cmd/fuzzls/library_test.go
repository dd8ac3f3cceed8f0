package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests libfuzzls.a as another build system links it.

func TestLibrary(t *testing.T) {
	needClang(t)
	dir := nativeProject(t)
	if got := fuzzls(t, dir, "library", "--clang", "clang-19"); got.status != 0 || got.stdout != "" {
		t.Fatalf("library: %+v", got)
	}
	cmd := exec.Command("clang-19", "-g", "-fsanitize=fuzzer-no-link,address", "fuzz/fuzz_parse.c", "parse.c", "libfuzzls.a", "-o", "target")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// By hand, it runs files.
	write(t, dir, "fine", "x...")
	write(t, dir, "fatal", "bug.")
	if out, err := exec.Command(filepath.Join(dir, "target"), filepath.Join(dir, "fine")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := exec.Command(filepath.Join(dir, "target"), filepath.Join(dir, "fatal")).CombinedOutput(); err == nil || !strings.Contains(string(out), "abort") {
		t.Errorf("%v\n%s", err, out)
	}
	// And fuzzls runs it.
	got := fuzzls(t, dir, "fuzz", "--limit", "20K", "-j", "1", "--seed", "1", "./target")
	if got.status != statusCrashes || !strings.Contains(got.stdout, "abort") {
		t.Errorf("fuzz ./target: %+v", got)
	}
	if got := fuzzls(t, dir, "library", "missing/libfuzzls.a"); got.status != statusFailed || !strings.Contains(got.stderr, "missing/libfuzzls.a") {
		t.Errorf("a directory that is not there: %+v", got)
	}
	if got := fuzzls(t, dir, "library", "--clang", "/nowhere/clang"); got.status != statusFailed || !strings.Contains(got.stderr, "/nowhere/clang") {
		t.Errorf("a clang that is not there: %+v", got)
	}
}
