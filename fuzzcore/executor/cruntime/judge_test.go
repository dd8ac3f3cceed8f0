package cruntime

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// This file tests parts of the runtime by programs in C.

// buildProgram compiles a file of testdata and returns the executable.
func buildProgram(tb testing.TB, name string, flags ...string) string {
	tb.Helper()
	exe := filepath.Join(tb.TempDir(), name)
	args := append([]string{"-std=c11", "-g", "-Wall", "-Wextra", "-Werror", filepath.Join("testdata", name+".c"), "-o", exe}, flags...)
	if out, err := exec.Command(clangs[0], args...).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return exe
}

// TestJudge compares the ways to judge counters, with sanitizers.
func TestJudge(t *testing.T) {
	needClang(t, clangs[0])
	exe := buildProgram(t, "judge", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
	if out, err := exec.Command(exe).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// BenchmarkJudge measures what the counters of a large target cost a run.
func BenchmarkJudge(b *testing.B) {
	if _, err := exec.LookPath(clangs[0]); err != nil {
		b.Skip(err)
	}
	exe := buildProgram(b, "judge", "-O2")
	for b.Loop() {
		out, err := exec.Command(exe, "measure").Output()
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if fields := strings.Fields(line); len(fields) == 3 {
				ns, _ := strconv.ParseFloat(fields[1], 64)
				b.ReportMetric(ns, fields[0]+"-ns/pass")
			}
		}
	}
}

// armHeaders are libc's for ARM, as Debian's libc6-dev-arm64-cross has them.
const armHeaders = "/usr/aarch64-linux-gnu/include"

// TestARM compiles the runtime for ARM.
func TestARM(t *testing.T) {
	needClang(t, clangs[0])
	if _, err := os.Stat(armHeaders); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: run scripts/setup", err)
		}
		t.Skipf("%v: NOT TESTED. Install libc6-dev-arm64-cross", err)
	}
	flags := []string{"-Werror", "--target=aarch64-linux-gnu", "-isystem", armHeaders}
	if err := compile(t.Context(), clangs[0], flags, t.TempDir()); err != nil {
		t.Error(err)
	}
}
