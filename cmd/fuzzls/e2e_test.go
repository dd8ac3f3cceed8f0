package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines what the end-to-end tests share: the real binary, modules
// made for a test, and the report that a campaign prints.

// binary is the fuzzls that the tests run; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fuzzls-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "fuzzls")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building fuzzls: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// outcome is how one run of the binary ended.
type outcome struct {
	stdout, stderr string
	status         int
}

// fuzzls runs the binary in dir until it ends.
func fuzzls(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	return finish(t, cmd)
}

func finish(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// campaign runs `fuzzls fuzz --json` and returns its report. Its seed is always the same,
// unless args have another, so that one worker finds what it found before.
func campaign(t *testing.T, dir string, args ...string) (*supervisor.Report, outcome) {
	t.Helper()
	o := fuzzls(t, dir, append([]string{"fuzz", "--json", "--seed=1"}, args...)...)
	report := new(supervisor.Report)
	if err := json.Unmarshal([]byte(o.stdout), report); err != nil {
		t.Fatalf("fuzzls fuzz %v: status %d: no report: %v\n%s%s", args, o.status, err, o.stdout, o.stderr)
	}
	return report, o
}

// module writes a module called example.com/m and returns its directory. Files are
// given as "name", "content" pairs.
func module(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.22\n")
	for i := 0; i < len(files); i += 2 {
		write(t, dir, files[i], files[i+1])
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// test returns the report of the fuzz test called name.
func testNamed(t *testing.T, report *supervisor.Report, name string) *supervisor.TestReport {
	t.Helper()
	for i := range report.Tests {
		if report.Tests[i].Func == name {
			return &report.Tests[i]
		}
	}
	t.Fatalf("no report of %s", name)
	return nil
}

func wantContains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("no %q in:\n%s", part, text)
	}
}
