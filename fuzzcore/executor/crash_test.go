package executor

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// crashes lists the inputs of FuzzCrash and what they must lead to.
var crashes = []struct {
	input  string
	how    How
	code   int
	signal int
	text   []string // in Text, in this order
	output string   // in Output
	setUp  func(*Config)
}{
	{input: "panic", how: Failed, code: -1, text: []string{"panic: told to panic\n\ngoroutine ", " [running]:\nexample.com/target.FuzzCrash.func1(", "crash_test.go:"}},
	{input: "panic-error", how: Failed, code: -1, text: []string{"panic: told to panic with an error\n"}},
	{input: "index", how: Failed, code: -1, text: []string{"panic: runtime error: ", "crash_test.go:"}},
	{input: "nil", how: Failed, code: -1, text: []string{"panic: runtime error: invalid memory address or nil pointer dereference\n", "example.com/target.Deref(", "target.go:"}},
	{input: "fatal", how: Failed, code: -1, text: []string{"crash_test.go:", ": told to fail"}},
	{input: "error", how: Failed, code: -1, text: []string{"crash_test.go:", ": told to err 1", ": and again"}},
	{input: "goexit", how: Failed, code: -1, text: []string{"runtime.Goexit", "[running]:\nexample.com/target.FuzzCrash.func1("}},
	{input: "exit0", how: Failed, code: -1, text: []string{"unexpected call to os.Exit(0) during test"}},
	{input: "exit3", how: Exited, code: 3, output: "printed before exit\n"},
	{input: "log", how: Exited, code: 1, text: []string{"told to log.Fatal"}},
	{input: "panic-elsewhere", how: Exited, code: 2, text: []string{"panic: told to panic elsewhere\n", "example.com/target.FuzzCrash.func1.1()"}},
	{input: "map", how: Exited, code: 2, text: []string{"fatal error: concurrent map writes"}, setUp: func(c *Config) { c.Processors = 4 }},
	// A gigabyte of stack is filled first, which takes long on a busy machine.
	{input: "stack", how: Exited, code: 2, text: []string{"stack overflow", "example.com/target.Recurse("}, setUp: func(c *Config) { c.Timeout = 5 * time.Minute }},
	{input: "memory", how: OverMemory, code: 2, text: []string{"SIGQUIT", "example.com/target.FuzzCrash.func1("}, setUp: func(c *Config) { c.MemoryLimit = 256 << 20 }},
	{input: "spin", how: TimedOut, code: 2, text: []string{"SIGQUIT", "example.com/target.FuzzCrash.func1("}, setUp: func(c *Config) { c.Timeout = time.Second }},
	{input: "deadlock", how: TimedOut, code: 2, text: []string{"SIGQUIT", "[chan receive]:\n", "example.com/target.FuzzCrash.func1("}, setUp: func(c *Config) { c.Timeout = time.Second }},
	{input: "sigsegv", how: Exited, code: 2, text: []string{"SIGSEGV"}},
	{input: "stop", how: Stopped, code: -1, signal: 9, setUp: func(c *Config) { c.Timeout = time.Second }},
	{input: "kill", how: Stopped, code: -1, signal: 9, text: []string{"killed"}},
	{input: "print-panic", how: Exited, code: 2, text: []string{"panic: after much noise"}, output: "said on stdout\n"},
}

// TestCrashes checks for each way to go wrong that the run that did is told apart
// from those around it, with the reason, and that the others run.
func TestCrashes(t *testing.T) {
	exe := buildTarget(t, "local")
	for _, c := range crashes {
		t.Run(c.input, func(t *testing.T) {
			t.Parallel()
			cfg := config(exe, "FuzzCrash")
			if c.setUp != nil {
				c.setUp(&cfg)
			}
			e := startTarget(t, cfg)
			inputs := []string{"before 1", "before 2", c.input, "after 1", c.input + " again", "after 2"}
			for _, input := range inputs {
				push(t, e, stream(input), 0)
			}
			for _, input := range inputs {
				r := wait(t, e)
				if !bytes.Equal(r.Data, stream(input)) {
					t.Fatalf("got the result of %q, want that of %q", r.Data, input)
				}
				if !strings.HasPrefix(input, c.input) {
					if r.Crash != nil {
						t.Fatalf("%q: %v: %s", input, r.Crash.How, r.Crash.Text)
					}
					continue
				}
				if r.Crash == nil {
					t.Fatalf("%q did not crash", input)
				}
				if r.Crash.How != c.how || r.Crash.ExitCode != c.code || r.Crash.Signal != c.signal {
					t.Errorf("%q %v, code %d, signal %d; want %v, %d, %d", input, r.Crash.How, r.Crash.ExitCode, r.Crash.Signal, c.how, c.code, c.signal)
				}
				rest := r.Crash.Text
				for _, want := range c.text {
					_, after, ok := strings.Cut(rest, want)
					if !ok {
						t.Fatalf("%q: no %q in its place in:\n%s", input, want, r.Crash.Text)
					}
					rest = after
				}
				if r.Crash.Output != c.output {
					t.Errorf("%q: output %q, want %q", input, r.Crash.Output, c.output)
				}
			}
		})
	}
}

// TestNoCrash runs inputs that misbehave without going wrong.
func TestNoCrash(t *testing.T) {
	exe := buildTarget(t, "local")
	for _, input := range []string{"print", "close", "close-all"} {
		t.Run(input, func(t *testing.T) {
			e := startTarget(t, config(exe, "FuzzCrash"))
			for range 3 {
				for _, input := range []string{"fine", input, "fine too"} {
					push(t, e, stream(input), 0)
				}
				for range 3 {
					if r := wait(t, e); r.Crash != nil {
						t.Fatalf("%q: %v: %s", r.Data, r.Crash.How, r.Crash.Text)
					}
				}
			}
			if r := runOne(t, e, 0, "fatal"); r.Crash == nil || !strings.Contains(r.Crash.Text, "told to fail") {
				t.Fatalf("after all that: %+v", r.Crash)
			}
		})
	}
}

// TestPanicLater has a goroutine that an input left behind end the process: some
// input at or after it gets the crash, and runs go on.
func TestPanicLater(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzCrash"))
	push(t, e, stream("later"), 0)
	r := wait(t, e)
	for i := 0; r.Crash == nil; i++ {
		r = runOne(t, e, 0, "fine")
	}
	if r.Crash.How != Exited || !strings.Contains(r.Crash.Text, "told to panic later") {
		t.Errorf("%v: %s", r.Crash.How, r.Crash.Text)
	}
	if r := runOne(t, e, 0, "fine"); r.Crash != nil {
		t.Errorf("after it: %s", r.Crash.Text)
	}
}

// TestSlowLeak lets memory grow over many runs: no run is to blame.
func TestSlowLeak(t *testing.T) {
	cfg := config(buildTarget(t, "local"), "FuzzCrash")
	cfg.MemoryLimit = 128 << 20
	e := startTarget(t, cfg)
	for i := range 600 {
		if r := runOne(t, e, 0, "leak-memory"); r.Crash != nil {
			t.Fatalf("run %d: %v", i, r.Crash.How)
		}
	}
}
