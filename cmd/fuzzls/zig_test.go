package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests the commands with the example package in Zig, with the real compiler.

// zigExample copies examples/script and returns the directory and the flags that name the
// compiler and the mode which builds fastest.
func zigExample(t *testing.T) (dir string, flags []string) {
	t.Helper()
	compiler, err := programs.Zig()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: ", err)
	}
	dir = t.TempDir()
	for _, name := range []string{"build.zig", "build.zig.zon", "src/root.zig", "src/deque.zig", "src/tokenizer.zig"} {
		content, err := os.ReadFile(filepath.Join("../../examples/script", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, name, string(content))
	}
	return dir, []string{"--zig", compiler, "--zig-optimize", programs.Debug}
}

// The whole way in a terminal: what there is to fuzz, a campaign that finds a bug, the
// values that show it, replaying it before and after it was fixed.
func TestZigCommands(t *testing.T) {
	dir, flags := zigExample(t)
	o := fuzzls(t, dir, "targets")
	for _, line := range []string{"deque.test.agrees with a list  (bytes)  src/deque.zig:", "tokenizer.test.reads anything  (bytes)  src/tokenizer.zig:"} {
		wantContains(t, o.stdout, line)
	}

	report, o := campaign(t, dir, append(flags, "--run", "agrees", "--limit", "20K", "-j", "1")...)
	if o.status != statusCrashes || len(report.Tests) != 1 || len(report.Tests[0].Crashes) == 0 {
		t.Fatalf("status %d, report %+v\n%s", o.status, report, o.stderr)
	}
	test := &report.Tests[0]
	if test.Runs.After < 20_000 || test.Points.After == 0 || test.TotalPoints > 1000 || test.Lines.After < 20 {
		t.Errorf("%+v runs, %+v of %d points, %+v lines: want figures of the user's own code", test.Runs, test.Points, test.TotalPoints, test.Lines)
	}
	c := test.Crashes[0]
	if c.Kind != "panic" || !strings.HasPrefix(c.Message, "index out of bounds: index ") || !strings.HasPrefix(c.Location, "src/deque.zig:") {
		t.Errorf("the crash is %+v", c)
	}

	listed := fuzzls(t, dir, "crashes").stdout
	for _, part := range []string{c.Location + ": panic: index out of bounds", ": value(deque.Operation) = .rotate\n", ": eos() = false\n", "  replay: fuzzls replay " + c.Signature + "\n"} {
		wantContains(t, listed, part)
	}
	wantContains(t, fuzzls(t, dir, "cover", "src/deque.zig").stdout, "pub fn pushBack")
	wantContains(t, fuzzls(t, dir, "cover", "--format", "lcov").stdout, "/src/deque.zig\n")

	replay := append([]string{"replay", c.Signature[:8]}, flags...)
	if o = fuzzls(t, dir, replay...); o.status != statusCrashes {
		t.Errorf("replay: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	wantContains(t, o.stdout, "panic: index out of bounds")
	wantContains(t, o.stdout, "src/deque.zig:")
	source, err := os.ReadFile(filepath.Join(dir, "src/deque.zig"))
	if err != nil {
		t.Fatal(err)
	}
	fixed := strings.Replace(string(source), "d.head += n % d.len;", "d.head = d.place(n % d.len);", 1)
	if fixed == string(source) {
		t.Fatal("the example's bug is not where it was")
	}
	write(t, dir, "src/deque.zig", fixed)
	if o = fuzzls(t, dir, replay...); o.status != statusOK || o.stdout != "no longer crashes\n" {
		t.Errorf("replay after the fix: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	if o = fuzzls(t, dir, "replay", "no such crash"); o.status != statusFailed || !strings.Contains(o.stderr, "there is no crash") {
		t.Errorf("replay of nothing: status %d\n%s", o.status, o.stderr)
	}
	checkZigCorpus(t, dir, flags)
}

// checkZigCorpus checks that inputs are imported and judged as for other languages, and
// that plain Zig is not disturbed by what fuzzing left.
func checkZigCorpus(t *testing.T, dir string, flags []string) {
	t.Helper()
	write(t, dir, "old/f/0", strings.Repeat("\x00", 9)+"\x07")
	o := fuzzls(t, dir, "corpus", "import", "--from", "old/f", "--run", "agrees")
	wantContains(t, o.stdout, "deque.test.agrees with a list: 1 of 1 inputs imported")
	o = fuzzls(t, dir, append([]string{"corpus", "minimize", "--run", "agrees"}, flags...)...)
	if o.status != statusOK {
		t.Errorf("corpus minimize: status %d\n%s%s", o.status, o.stdout, o.stderr)
	}
	wantContains(t, o.stdout, "deque.test.agrees with a list: ")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 { // .fuzzls, build.zig, build.zig.zon, old, src
		t.Errorf("fuzzing has left something in the package: %v, %v", entries, err)
	}
	cmd := exec.Command(flags[1], "test", "src/root.zig")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ZIG_LOCAL_CACHE_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("zig test: %v\n%s", err, out)
	}
}
