package executor

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file tests what becomes of runs of C targets.

var behaviours = nativeBuild{source: "behaviours.c"}

func sanitized(sanitizer string) nativeBuild {
	return nativeBuild{source: "behaviours.c", flags: []string{"-fsanitize=" + sanitizer}}
}

func TestNativeRuns(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	if r := runOne(t, e, 0, "first"); !r.New || r.Edges == 0 || r.Crash != nil {
		t.Errorf("first run: %+v", r)
	}
	path := runOne(t, e, 0, "again").Path
	if r := runOne(t, e, 0, "third"); r.New || r.Path != path {
		t.Errorf("the same again: %+v, want path %x", r, path)
	}
	if r := runOne(t, e, 0, "often"); !r.New || r.Path == path {
		t.Errorf("other code: %+v", r)
	}
	if r := runOne(t, e, 0, "often more often"); !r.New {
		t.Errorf("a loop that runs more often: %+v", r)
	}
	if r := runOne(t, e, 0, "reject"); !r.Skipped || r.New || r.Crash != nil {
		t.Errorf("rejected: %+v", r)
	}
	if r := runOne(t, e, 0, ""); r.Crash != nil || string(r.Data) != "\x00\x00\x00\x00" {
		t.Errorf("empty input: %+v", r)
	}
}

func TestNativeRecords(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	r := runOne(t, e, engine.WantCounters|engine.WantCompares|engine.WantBlocks, "hello, wor")
	hit := 0
	for _, n := range r.Counters {
		if n != 0 {
			hit++
		}
	}
	if hit != int(r.Edges) || len(r.Counters) != e.Edges() {
		t.Errorf("%d of %d counters are set, %d edges were hit", hit, len(r.Counters), r.Edges)
	}
	found := false
	for _, c := range r.Compares {
		found = found || string(c.TextA[:c.LenA]) == "hello, wo" && string(c.TextB[:c.LenB]) == "handlers" || string(c.TextB[:c.LenB]) == "overflow" && string(c.TextA[:c.LenA]) == "hello, w"
	}
	if !found {
		t.Errorf("the comparison with \"overflow\" is not among %d", len(r.Compares))
	}
}

// nativeCrashes are inputs that end the process, with what is said about them.
var nativeCrashes = []struct {
	input  string
	code   int
	signal syscall.Signal
	text   string
}{
	{"segv", -1, syscall.SIGSEGV, "fuzzls: SIGSEGV on address 0x10\n    #0 0x"},
	{"abort", -1, syscall.SIGABRT, "fuzzls: SIGABRT (abort)\n    #0 0x"},
	{"trap", -1, syscall.SIGILL, "fuzzls: SIGILL on address 0x"},
	{"exit3", 3, 0, "fuzzls: the fuzz test called exit(3)\n    #0 0x"},
	{"exit0", 0, 0, "fuzzls: the fuzz test called exit(0)\n    #0 0x"},
	{"_exit4", 4, 0, "fuzzls: the process ended with exit status 4, without a call of exit"},
	{"overflow", -1, syscall.SIGSEGV, "fuzzls: stack overflow: SIGSEGV on address 0x"},
	{"raise segv", -1, syscall.SIGSEGV, "fuzzls: SIGSEGV, sent by a process"},
}

func TestNativeCrashes(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	server := e.process
	for range 2 {
		for _, want := range nativeCrashes {
			push(t, e, stream(want.input), 0)
			push(t, e, stream("fine"), 0)
			c := wait(t, e).Crash
			if c == nil {
				t.Fatalf("%s: no crash", want.input)
			}
			if c.How != Exited || c.ExitCode != want.code || c.Signal != int(want.signal) || !strings.HasPrefix(c.Text, want.text) {
				t.Errorf("%s: %+v\nwant status %d, signal %d, %q", want.input, c, want.code, want.signal, want.text)
			}
			if frames := strings.Count(c.Text, "(/"); want.signal != 0 && frames < 2 {
				t.Errorf("%s: %d frames in\n%s", want.input, frames, c.Text)
			}
			if r := wait(t, e); r.Crash != nil {
				t.Errorf("behind %s: %+v", want.input, r.Crash)
			}
		}
	}
	if e.process != server {
		t.Error("a crash has ended the process that forks")
	}
}

func TestNativeHangs(t *testing.T) {
	cfg := nativeConfig(buildNative(t, behaviours))
	cfg.Timeout = 300 * time.Millisecond
	e := startTarget(t, cfg)
	for _, input := range []string{"hang", "sleep"} {
		push(t, e, stream(input), 0)
		push(t, e, stream("fine"), 0)
		c := wait(t, e).Crash
		if c == nil || c.How != TimedOut || !strings.Contains(c.Text, "the run was ended; it was here:\n    #0 0x") {
			t.Errorf("%s: %+v", input, c)
		}
		if r := wait(t, e); r.Crash != nil {
			t.Errorf("behind %s: %+v", input, r.Crash)
		}
	}
}

func TestNativeMemory(t *testing.T) {
	cfg := nativeConfig(buildNative(t, behaviours))
	cfg.MemoryLimit = 256 << 20
	e := startTarget(t, cfg)
	c := runOne(t, e, 0, "memory").Crash
	if c == nil || c.How != OverMemory {
		t.Errorf("memory: %+v", c)
	}
	if r := runOne(t, e, 0, "fine"); r.Crash != nil {
		t.Errorf("behind memory: %+v", r.Crash)
	}
}

// TestNativeSurvives checks that what targets may do does no harm to runs.
func TestNativeSurvives(t *testing.T) {
	for _, input := range []string{"fork", "background", "threads", "print", "close", "handlers"} {
		t.Run(input, func(t *testing.T) {
			e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
			for range 3 {
				if r := runOne(t, e, 0, input); r.Crash != nil {
					t.Fatalf("%s: %+v", input, r.Crash)
				}
				if r := runOne(t, e, 0, "fine"); r.Crash != nil {
					t.Fatalf("behind %s: %+v", input, r.Crash)
				}
			}
		})
	}
}

func TestNativeOwnHandler(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	runOne(t, e, 0, "handlers")
	if c := runOne(t, e, 0, "segv").Crash; c == nil || c.ExitCode != 9 {
		t.Errorf("its handler calls _exit(9): %+v", c)
	}
	if c := runOne(t, e, 0, "segv").Crash; c == nil || c.Signal != int(syscall.SIGSEGV) {
		t.Errorf("the next process has no such handler: %+v", c)
	}
}

func TestNativeServerKilled(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	if c := runOne(t, e, 0, "killparent").Crash; c == nil || c.How != Stopped {
		t.Errorf("killparent: %+v", c)
	}
	if r := runOne(t, e, 0, "fine"); r.Crash != nil {
		t.Errorf("behind it: %+v", r.Crash)
	}
}

func TestNativeOutput(t *testing.T) {
	cfg := nativeConfig(buildNative(t, behaviours))
	cfg.Output = true
	e := startTarget(t, cfg)
	push(t, e, stream("print"), 0)
	push(t, e, stream("segv"), 0)
	wait(t, e)
	c := wait(t, e).Crash
	if c == nil || !strings.Contains(c.Output, "to stdout\n") || !strings.Contains(c.Text, "to stderr\n") {
		t.Errorf("%+v", c)
	}
}

func TestNativeStart(t *testing.T) {
	exe := buildNative(t, behaviours)
	for env, want := range map[string]string{
		"INITIALIZE_EXITS=1":   "exited with status 5 before the first run",
		"INITIALIZE_CRASHES=1": "fuzzls: SIGABRT (abort)",
	} {
		e, err := Start(t.Context(), nativeConfig(exe, env))
		if err == nil {
			e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", env, err, want)
		}
	}
	e := startTarget(t, nativeConfig(exe, "EMPTY_CRASHES=1"))
	if r := runOne(t, e, 0, ""); r.Crash == nil || r.Crash.Signal != int(syscall.SIGILL) {
		t.Errorf("empty input: %+v", r.Crash)
	}
}

func TestNativePark(t *testing.T) {
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	path := runOne(t, e, 0, "first").Path
	if !e.Park() {
		t.Fatal("not parked")
	}
	if r := runOne(t, e, 0, "again"); r.New || r.Path != path || r.Crash != nil {
		t.Errorf("after parking: %+v", r)
	}
}

func TestNativeSanitizers(t *testing.T) {
	for _, c := range []struct {
		sanitizer, input, text string
	}{
		{"address", "overread", "AddressSanitizer: heap-buffer-overflow"},
		{"address", "segv", "AddressSanitizer: SEGV"},
		{"address", "abort", "AddressSanitizer: ABRT"},
		{"address", "overflow", "AddressSanitizer: stack-overflow"},
		{"address", "leak", "LeakSanitizer: detected memory leaks"},
		{"address", "malloc", "fuzzls: out of memory: malloc(3221225472)"},
		{"address", "exit3", "fuzzls: the fuzz test called exit(3)"},
		{"undefined", "integer!", "runtime error: signed integer overflow"},
		{"leak", "leak", "LeakSanitizer: detected memory leaks"},
		{"thread", "abort", "ThreadSanitizer: ABRT"},
		{"thread", "threads", "ThreadSanitizer: data race"},
		{"memory", "uninitialized", "MemorySanitizer: use-of-uninitialized-value"},
	} {
		t.Run(c.sanitizer+"/"+c.input, func(t *testing.T) {
			e := startTarget(t, nativeConfig(buildNative(t, sanitized(c.sanitizer))))
			for range 2 {
				if r := runOne(t, e, 0, "fine"); r.Crash != nil {
					t.Fatalf("%+v", r.Crash)
				}
				crash := runOne(t, e, 0, c.input).Crash
				if crash == nil || crash.How != Exited || !strings.Contains(crash.Text, c.text) {
					t.Errorf("%+v, want %q", crash, c.text)
				}
			}
			for _, input := range []string{"fork", "threads", "print", "close", "often"} {
				if c.sanitizer == "thread" && input == "threads" {
					continue // they do race
				}
				if r := runOne(t, e, 0, input); r.Crash != nil {
					t.Errorf("%s: %+v", input, r.Crash)
				}
			}
		})
	}
}

func TestDescribeNative(t *testing.T) {
	d, err := DescribeNative(t.Context(), nativeConfig(buildNative(t, behaviours)))
	if err != nil {
		t.Fatal(err)
	}
	functions := 0
	for _, pc := range d.PCs {
		if pc.Func {
			functions++
		}
	}
	if len(d.Modules) != 1 || d.Modules[0].Count != len(d.PCs) || functions < 5 || d.Entry == 0 || !d.Traces || !d.Hooks.Initialize {
		t.Errorf("%d functions, %+v", functions, d)
	}
}

// TestDescribeNativeRefuses checks what is said about targets that cannot be fuzzed.
func TestDescribeNativeRefuses(t *testing.T) {
	for _, c := range []struct {
		build nativeBuild
		want  string
	}{
		{nativeBuild{source: "library.c", plain: true}, "no LLVMFuzzerTestOneInput"},
		{nativeBuild{source: "uses_library.c", plain: true, libraries: []string{"library.c"}}, "it is not instrumented: compile everything"},
		{nativeBuild{source: "extra.c", plain: true, flags: []string{"-fsanitize-coverage=inline-8bit-counters"}}, "without a table of its edges' addresses"},
		{nativeBuild{source: "extra.c", plain: true, flags: []string{"-fsanitize-coverage=trace-pc-guard"}}, "instrumented with trace-pc-guard, which cannot be used"},
		{nativeBuild{source: "unequal.c", plain: true}, "has 10 edge counters, and a table of 4 addresses"},
	} {
		d, err := DescribeNative(t.Context(), nativeConfig(buildNative(t, c.build)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, %v; want %q", c.build.source, c.build.flags, d, err, c.want)
		}
	}
}

func TestNativeLibrary(t *testing.T) {
	exe := buildNative(t, nativeBuild{source: "uses_library.c", libraries: []string{"library.c"}})
	d, err := DescribeNative(t.Context(), nativeConfig(exe))
	if err != nil {
		t.Fatal(err)
	}
	// Shared objects come up first.
	if len(d.Modules) != 2 || !strings.HasSuffix(d.Modules[0].Path, "/liblibrary.so") || d.Modules[1].Path != exe {
		t.Fatalf("%+v", d.Modules)
	}
	e := startTarget(t, nativeConfig(exe))
	if e.Edges() != len(d.PCs) {
		t.Errorf("%d edges, %d are described", e.Edges(), len(d.PCs))
	}
	runOne(t, e, 0, "")
	r := runOne(t, e, engine.WantCounters|engine.WantCompares, "axb")
	inLibrary := r.Counters[d.Modules[0].First:][:d.Modules[0].Count]
	if !r.New || strings.Count(string(inLibrary), "\x00") == len(inLibrary) {
		t.Errorf("new %v, counters %v", r.New, r.Counters)
	}
	sites := sitesOf(r)
	again := startTarget(t, nativeConfig(exe))
	if r := runOne(t, again, engine.WantCounters|engine.WantCompares, "axb"); sitesOf(r) != sites || len(r.Compares) == 0 {
		t.Errorf("other sites in another process: %v, want %v", sitesOf(r), sites)
	}
	if c := runOne(t, e, 0, "xxx").Crash; c == nil || c.Signal != int(syscall.SIGABRT) {
		t.Errorf("%+v", c)
	}
}

// sitesOf returns where a run compared, in order.
func sitesOf(r *Result) string {
	var b strings.Builder
	for _, c := range r.Compares {
		fmt.Fprintf(&b, "%x ", c.Site)
	}
	return b.String()
}

func TestNativeExtraCounters(t *testing.T) {
	exe := buildNative(t, nativeBuild{source: "extra.c"})
	d, err := DescribeNative(t.Context(), nativeConfig(exe))
	if err != nil {
		t.Fatal(err)
	}
	last := d.Modules[len(d.Modules)-1]
	if d.Hooks.ExtraCounters != 10 || !d.Hooks.CustomMutator || !d.Hooks.CustomCrossOver || d.Hooks.Initialize || last.Path != "" || last.Count != 10 {
		t.Errorf("%+v", d)
	}
	e := startTarget(t, nativeConfig(exe))
	runOne(t, e, 0, "a")
	for _, c := range []struct {
		input string
		isNew bool
	}{{"b", true}, {"a", false}, {"c", true}, {"b", false}} {
		if r := runOne(t, e, 0, c.input); r.New != c.isNew {
			t.Errorf("%s: new is %v", c.input, r.New)
		}
	}
}

func TestNativeCPlusPlus(t *testing.T) {
	exe := buildNative(t, nativeBuild{source: "cplusplus.cc"})
	for _, env := range []string{"ANY=1", "INITIALIZE_STARTS_THREAD=1"} {
		e := startTarget(t, nativeConfig(exe, env))
		if r := runOne(t, e, 0, "caught"); r.Crash != nil {
			t.Errorf("%s: %+v", env, r.Crash)
		}
		c := runOne(t, e, 0, "thrown").Crash
		if c == nil || c.Signal != int(syscall.SIGABRT) || !strings.Contains(c.Text, "nobody catches this") || !strings.Contains(c.Text, "fuzzls: SIGABRT") {
			t.Errorf("%s: %+v", env, c)
		}
		if r := runOne(t, e, 0, "caught"); r.Crash != nil {
			t.Errorf("%s: %+v", env, r.Crash)
		}
	}
}

// TestNativeClangs runs targets of each clang that there is.
func TestNativeClangs(t *testing.T) {
	for _, clang := range clangs {
		for _, flags := range [][]string{nil, {"-fsanitize=address"}, {"-O2", "-no-pie"}, {"-gdwarf-4", "-O2"}} {
			t.Run(clang+strings.Join(flags, ""), func(t *testing.T) {
				needClang(t, clang)
				e := startTarget(t, nativeConfig(buildNativeWith(t, clang, nativeBuild{source: "behaviours.c", flags: flags})))
				if r := runOne(t, e, engine.WantCompares, "fine"); !r.New || len(r.Compares) == 0 {
					t.Errorf("%+v", r)
				}
				for _, input := range []string{"segv", "abort", "exit3"} {
					if c := runOne(t, e, 0, input).Crash; c == nil || c.How != Exited {
						t.Errorf("%s: %+v", input, c)
					}
				}
				if r := runOne(t, e, 0, "fine"); r.Crash != nil || r.New {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}
