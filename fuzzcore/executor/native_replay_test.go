package executor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// This file tests the executables of C targets as people start them: by hand, with
// libFuzzer's command line.

// replay runs an executable and returns its exit status, -1 for a signal, and what it
// wrote.
func replay(t *testing.T, exe string, args ...string) (status int, output string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

func TestReplay(t *testing.T) {
	exe := buildNative(t, behaviours)
	dir := t.TempDir()
	files := map[string]string{}
	for _, input := range []string{"fine", "print", "segv", "exit3", "exit0", "hang", "print!segv", "memory"} {
		files[input] = filepath.Join(dir, input)
		if err := os.WriteFile(files[input], []byte(input), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	corpus := filepath.Join(dir, "corpus")
	if err := os.MkdirAll(filepath.Join(corpus, "deeper"), 0o777); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{"b": "fine", "a": "", "deeper/c": "often"} {
		if err := os.WriteFile(filepath.Join(corpus, path), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{files["fine"], 0, "Running: " + files["fine"] + "\nExecuted " + files["fine"] + " in "},
		{files["print"], 0, "to stdout\n"},
		{files["segv"], -1, "fuzzls: SIGSEGV on address 0x10\n    #0 0x"},
		{files["exit3"], 3, "fuzzls: the fuzz test called exit(3)"},
		{files["exit0"], 0, "fuzzls: the fuzz test called exit(0)"},
		{corpus, 0, "Running: " + corpus + "/a\n"},
		{corpus, 0, "Running: " + corpus + "/deeper/c\n"},
		{"-runs=3 -print_final_stats=1 " + files["fine"], 0, "number_of_executed_units: 3\n"},
		{"-seed=1 -dict=x -artifact_prefix=a/ -close_fd_mask=3 " + files["fine"], 0, "fuzzing was not performed"},
		{"-max_len=5 " + files["print!segv"], 0, "to stdout"},
		{"-timeout=1 " + files["hang"], 70, "timeout: the run takes more than 1 seconds"},
		{"-rss_limit_mb=100 " + files["memory"], 71, "out of memory"},
		{"-merge=1 " + corpus, 1, "-merge is not for this executable: use \"fuzzls corpus minimize\""},
		{"-merge=0 " + corpus, 0, "fuzzing was not performed"},
		{"-minimize_crash=1 " + files["segv"], 1, "use \"fuzzls fuzz\""},
		{"-no_such_flag=1 " + files["fine"], 1, "there is no flag -no_such_flag"},
		{"-runs=many " + files["fine"], 1, "-runs: many is not a number"},
		{"--runs=3 " + files["fine"], 0, "did you mean '-runs=3'"},
		{dir + "/none", 1, "reading " + dir + "/none: No such file"},
		{"-help=1", 0, "Usage: "},
		{"", 1, "To fuzz,\nrun \"fuzzls fuzz\""},
	} {
		status, output := replay(t, exe, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(output, c.want) {
			t.Errorf("%s: status %d, want %d and %q:\n%s", c.args, status, c.status, c.want, output)
		}
	}
}

func TestReplaySanitized(t *testing.T) {
	exe := buildNative(t, sanitized("address"))
	for input, want := range map[string]string{
		"overread": "heap-buffer-overflow",
		"leak":     "LeakSanitizer: detected memory leaks",
	} {
		path := filepath.Join(t.TempDir(), input)
		if err := os.WriteFile(path, []byte(input), 0o666); err != nil {
			t.Fatal(err)
		}
		if status, output := replay(t, exe, path); status == 0 || !strings.Contains(output, want) {
			t.Errorf("%s: status %d\n%s", input, status, output)
		}
	}
}
