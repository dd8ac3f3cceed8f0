package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests the commands with fuzz tests in C and C++, which clang builds.

// needClang skips a test where there is no clang, loudly.
func needClang(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("clang-19"); err == nil {
		return
	}
	const missing = "clang-19 is missing: `scripts/setup` installs it"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip("SKIPPED: " + missing)
}

// nativeProject writes a harness and a library with a bug, without a build system, and
// returns their directory.
func nativeProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "parse.h", "#include <stddef.h>\n#include <stdint.h>\n\nint parse(const uint8_t *data, size_t size);\n")
	write(t, dir, "parse.c", `#include "parse.h"

#include <stdlib.h>

int parse(const uint8_t *data, size_t size) {
  if (size < 4)
    return 0;
  if (data[0] == 'b' && data[1] == 'u' && data[2] == 'g')
    abort();
  return data[0] == 'x' ? 1 : 2;
}
`)
	write(t, dir, "fuzz/fuzz_parse.c", `#include "../parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  parse(data, size);
  return 0;
}
`)
	return dir
}

func TestNativeCommands(t *testing.T) {
	needClang(t)
	dir := nativeProject(t)
	write(t, dir, "fuzz/fuzz_parse_seed_corpus/one", "xyz1")
	o := fuzzls(t, dir, "targets")
	if want := "fuzz.fuzz_parse  (bytes)  fuzz/fuzz_parse.c:3\n"; o.status != statusOK || o.stdout != want {
		t.Errorf("targets: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}

	report, o := campaign(t, dir, "--limit", "20K", "-j", "1", "--seed", "1")
	if o.status != statusCrashes || len(report.Tests) != 1 || len(report.Tests[0].Crashes) != 1 {
		t.Fatalf("status %d, report %+v\n%s", o.status, report, o.stderr)
	}
	parse := &report.Tests[0]
	if parse.Lines.After < 5 || parse.TotalLines < parse.Lines.After {
		t.Errorf("own lines: %+v of %d", parse.Lines, parse.TotalLines)
	}
	c := parse.Crashes[0]
	if c.Kind != "abort" || c.Location != "parse.c:9" {
		t.Errorf("the crash is %+v", c)
	}
	input, err := os.ReadFile(filepath.Join(dir, c.Reproducer))
	if err != nil || string(input) != "bug\x00" {
		t.Errorf("the reproducer is %q, %v, want the smallest and simplest input", input, err)
	}
	checkReplay(t, dir, c.Replay, "parse.c:9")
	wantContains(t, fuzzls(t, dir, "crashes").stdout, "parse.c:9: abort: abort was called (fuzz.fuzz_parse, ")

	o = fuzzls(t, dir, "cover", "parse.c")
	// What a run reached that crashed is lost with the process.
	for _, line := range []string{" +        6 |   if (size < 4)", " -        9 |     abort();"} {
		wantContains(t, o.stdout, line)
	}
	lcov := fuzzls(t, dir, "cover", "--format", "lcov").stdout
	wantContains(t, lcov, "/parse.c\nFN:5,parse\n")
	if entries, err := os.ReadDir(filepath.Join(dir, "fuzz")); err != nil || len(entries) != 2 {
		t.Errorf("fuzzing has left something beside the harness: %v, %v", entries, err)
	}
}

// checkReplay runs a replay command, which must fail and name the place.
func checkReplay(t *testing.T, dir, command, place string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%s: it does not fail\n%s", command, out)
	}
	if !strings.Contains(string(out), place) && !strings.Contains(string(out), "abort") {
		t.Errorf("%s: no %s in\n%s", command, place, out)
	}
}

// Corpora are directories of plain inputs, which other fuzzers fill and read.
func TestNativeCorpus(t *testing.T) {
	needClang(t)
	dir := nativeProject(t)
	for _, input := range []string{"xaaa", "xbbb", "xccc", "yaaa", "long enough", "a"} {
		write(t, dir, filepath.Join("queue", "id-"+input), input)
	}
	write(t, dir, "queue/.state/skipped", "skipped")
	o := fuzzls(t, dir, "corpus", "import", "--from", "queue", "--run", "fuzz_parse")
	if want := "fuzz.fuzz_parse: 6 of 6 inputs imported, 0 were there already\n"; o.stdout != want {
		t.Errorf("import: %s%s", o.stdout, o.stderr)
	}
	o = fuzzls(t, dir, "corpus", "minimize", "-j", "1")
	if want := "fuzz.fuzz_parse: 2 inputs, 6 before\n"; o.status != statusOK || o.stdout != want {
		t.Errorf("minimize: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	kept, err := filepath.Glob(filepath.Join(dir, ".fuzzls", "tests", "fuzz", "fuzz_parse", "corpus", "*"))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept: %v, %v", kept, err)
	}
	for _, path := range kept {
		if data, err := os.ReadFile(path); err != nil || len(data) > 4 {
			t.Errorf("%s holds %q, %v", path, data, err)
		}
	}
	if o = fuzzls(t, dir, "corpus", "import", "--from", "queue", "--run", "nothing"); o.status != statusFailed {
		t.Errorf("import without a fuzz test: %+v", o)
	}
}

// The crashes of the programs that package crash has captured, from end to end: what the
// sanitizer and the runtime say, symbolized, told apart.
func TestNativeCrashKinds(t *testing.T) {
	needClang(t)
	const source = "../../fuzzcore/crash/testdata/native/src"
	// The stack ends in one of two functions that call each other, on one of these lines:
	// 79, 80, 84 or 85.
	const overflow = "stack overflow parse.c:"
	for sanitizer, bugs := range map[string]map[string]string{
		"address": {
			"hab": "heap-buffer-overflow parse.c:22", "uab": "heap-use-after-free parse.c:43", "sab": "stack-buffer-overflow parse.c:59",
			"oab": overflow, "Teabc": "uncaught exception throwing.cc:20", "xab": "exit parse.c:104",
			"lab": "memory leak parse.c:90", "nab": "signal parse.c:71",
		},
		"none": {
			"nab": "signal parse.c:71", "aab": "abort parse.c:98", "oab": overflow, "dab": "abort parse.c:157",
			"Teabc": "uncaught exception throwing.cc:20", "xab": "exit parse.c:104", "Fab": "hang parse.c:129",
		},
		"undefined": {"iab": "undefined behavior parse.c:109", "Bab": "undefined behavior parse.c:115", "aab": "abort parse.c:98"},
	} {
		t.Run(sanitizer, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"parse.c", "parse.h", "throwing.cc", "harness.c"} {
				data, err := os.ReadFile(filepath.Join(source, name))
				if err != nil {
					t.Fatal(err)
				}
				write(t, dir, name, string(data))
			}
			write(t, dir, "fuzzls.toml", "[[target]]\nname = \"parse\"\nsources = [\"harness.c\", \"parse.c\", \"throwing.cc\"]\nflags = [\"-w\"]\n")
			for input := range bugs {
				write(t, dir, "parse_seed_corpus/"+input, input)
			}
			report, o := campaign(t, dir, "--limit", "20", "-j", "1", "--timeout", "1s", "--sanitizer", sanitizer)
			var found []string
			for _, c := range report.Tests[0].Crashes {
				found = append(found, c.Kind+" "+c.Location)
			}
			for input, want := range bugs {
				if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, want) }) {
					t.Errorf("%s: no %q", input, want)
				}
			}
			if t.Failed() {
				t.Logf("found %q\n%s", found, o.stderr)
			}
		})
	}
}

// A workspace of Go with C beside it has the fuzz tests of both, and what is wrong with one
// does not hide the other.
func TestNativeBesideGo(t *testing.T) {
	needClang(t)
	dir := module(t, "m.go", "package m\n", "m_test.go", "package m\n\nimport \"testing\"\n\nfunc FuzzM(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, b []byte) {})\n}\n",
		"c/fuzz_c.c", "#include <stdint.h>\n#include <stddef.h>\n\nint LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return size > 1 && data[0] == 'x'; }\n")
	var listed struct {
		FuzzTests []target.FuzzTest `json:"fuzz_tests"`
	}
	o := fuzzls(t, dir, "targets", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &listed); err != nil || len(listed.FuzzTests) != 2 {
		t.Fatalf("%v, %+v", err, o)
	}
	if g, c := listed.FuzzTests[0], listed.FuzzTests[1]; g.Name != "FuzzM" || g.Language != target.Go || c.Name != "fuzz_c" || c.Language != target.C || c.Package != "c" {
		t.Errorf("found %+v", listed.FuzzTests)
	}
	report, o := campaign(t, dir, "--limit", "1K", "-j", "1")
	if o.status != statusOK || len(report.Tests) != 2 {
		t.Errorf("both: status %d, %+v\n%s", o.status, report, o.stderr)
	}
	if report, o = campaign(t, dir, "--limit", "1K", "-j", "1", "./c"); o.status != statusOK || len(report.Tests) != 1 {
		t.Errorf("C only: status %d, %+v\n%s", o.status, report, o.stderr)
	}
	write(t, dir, "m_test.go", "package m\n\nfunc Fuzz")
	if report, o = campaign(t, dir, "--limit", "1K", "-j", "1"); o.status != statusFailed || len(report.Tests) != 1 || report.Tests[0].Func != "fuzz_c" {
		t.Errorf("broken Go: status %d, %+v\n%s", o.status, report, o.stderr)
	}
	write(t, dir, "m_test.go", "package m\n\nimport \"testing\"\n\nfunc FuzzM(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, b []byte) {})\n}\n")
	write(t, dir, "c/fuzz_c.c", "int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return missing; }\n")
	if report, o = campaign(t, dir, "--limit", "1K", "-j", "1"); o.status != statusFailed || len(report.Tests) != 1 || report.Tests[0].Func != "FuzzM" {
		t.Errorf("broken C: status %d, %+v\n%s", o.status, report, o.stderr)
	}
	wantContains(t, o.stderr, "c/fuzz_c.c:1:75: use of undeclared identifier 'missing'")
}
