package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"golang.org/x/sys/unix"
)

func TestWantMatchesRing(t *testing.T) {
	if engine.WantCounters != abi.RingWantCounters || engine.WantCompares != abi.RingWantCompares || engine.WantBlocks != abi.RingWantBlocks {
		t.Error("engine.Want and abi.RingWant differ")
	}
}

func TestDescribe(t *testing.T) {
	exe := buildTarget(t, "local")
	d, err := Describe(context.Background(), config(exe, "FuzzSeeds"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Seed{
		{"seed#0", stream("added", uint64(1))},
		{"testdata/fuzz/FuzzSeeds/good", stream("from a file", ^uint64(6))},
	}
	if !reflect.DeepEqual(d.Seeds, want) {
		t.Errorf("seeds %q, want %q", d.Seeds, want)
	}
	if got := strings.Join(d.Types, " "); got != "string int" {
		t.Errorf("types %s", got)
	}
	wantSchema := engine.Schema{{UID: 0, Kind: engine.Bytes, Text: true}, {UID: 1, Kind: engine.Int, Bits: 64, Signed: true}}
	if !reflect.DeepEqual(d.Schema, wantSchema) {
		t.Errorf("schema %+v", d.Schema)
	}
	problems := strings.Join(d.Problems, "\n")
	for _, want := range []string{"f.Add", "FuzzSeeds/bad", "FuzzSeeds/mismatch"} {
		if !strings.Contains(problems, want) {
			t.Errorf("no problem with %s is told:\n%s", want, problems)
		}
	}
	if len(d.Problems) != 3 {
		t.Errorf("%d problems, want 3:\n%s", len(d.Problems), problems)
	}
	if d.Edges == 0 || d.Cells == 0 || functionAt(t, exe, d.Entry) != "example.com/target.FuzzSeeds.func1" {
		t.Errorf("%d edges, %d cells, entry %#x", d.Edges, d.Cells, d.Entry)
	}
}

// functionAt returns the name of the function whose entry is pc.
func functionAt(t *testing.T, exe string, pc uint64) string {
	out, err := exec.Command("go", "tool", "nm", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if addr, err := strconv.ParseUint(fields[0], 16, 64); err == nil && addr == pc && len(fields) == 3 {
			return fields[2]
		}
	}
	return ""
}

func TestDescribeWithoutFuzz(t *testing.T) {
	_, err := Describe(context.Background(), config(buildTarget(t, "local"), "FuzzNoFuzz"))
	if err == nil || !strings.Contains(err.Error(), "without coming to f.Fuzz") {
		t.Errorf("got %v", err)
	}
}

func TestTargetThatDoesNotStart(t *testing.T) {
	cfg := config(buildTarget(t, "local"), "FuzzNothing")
	cfg.Env = append(os.Environ(), "TARGET_DIES=1")
	_, err := Start(context.Background(), cfg)
	var start *StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "no database here") || !strings.Contains(err.Error(), "status 4") {
		t.Errorf("got %v", err)
	}
	cfg = config(buildTarget(t, "local"), "FuzzNoFuzz")
	if _, err := Start(context.Background(), cfg); !errors.As(err, &start) {
		t.Errorf("a fuzz test without f.Fuzz: %v", err)
	}
	cfg.Exe = filepath.Join(t.TempDir(), "missing")
	if _, err := Start(context.Background(), cfg); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing executable: %v", err)
	}
	if _, err := Start(context.Background(), Config{Exe: "x", Slots: 3}); err == nil {
		t.Error("3 slots are accepted")
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cfg := config(buildTarget(t, "local"), "FuzzCrash")
	e := startTarget(t, cfg)
	if _, err := e.Wait(ctx); err == nil {
		t.Error("Wait for nothing returns")
	}
	push(t, e, stream("deadlock"), 0)
	cancel()
	if _, err := e.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v", err)
	}
}

// TestArguments has each type of argument come through, and gone without.
func TestArguments(t *testing.T) {
	exe := buildTarget(t, "local")
	e := startTarget(t, config(exe, "FuzzAll"))
	d, err := Describe(context.Background(), config(exe, "FuzzAll"))
	if err != nil {
		t.Fatal(err)
	}
	const all = `"b" "s" true 1 114 3fc00000 fff0000000000000 -1 -2 -3 -4 -5 6 7 8 9 10`
	push(t, e, d.Seeds[0].Data, 0)
	if r := wait(t, e); r.Crash == nil || !strings.HasSuffix(r.Crash.Text, ": "+all+"\n") {
		t.Errorf("got %+v", r.Crash)
	}
	// Wide values are cut, odd booleans and signalling NaNs come through, and what
	// is missing is zero.
	push(t, e, stream("\x00", "\xff", uint64(2), uint64(0x1ff), ^uint64(0), uint64(0x7f800001), uint64(0x7ff0000000000001), uint64(1)<<63), 0)
	const odd = `"\x00" "\xff" false 255 -1 7f800001 7ff0000000000001 -9223372036854775808 0 0 0 0 0 0 0 0 0`
	if r := wait(t, e); r.Crash == nil || !strings.HasSuffix(r.Crash.Text, ": "+odd+"\n") {
		t.Errorf("got %+v", r.Crash)
	}
	for _, input := range []string{"", "\x05\x00\x00\x00ab", "\xff\xff\xff\xff", "\x01"} {
		push(t, e, []byte(input), 0)
		if r := wait(t, e); r.Crash == nil || r.Crash.How != Failed {
			t.Errorf("%q: got %+v", input, r.Crash)
		}
	}
}

func TestBytesAreFresh(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzBytes"))
	for i := range 200 {
		if r := runOne(t, e, 0, strings.Repeat("x", i%5)); r.Crash != nil {
			t.Fatalf("run %d: %s", i, r.Crash.Text)
		}
	}
}

// TestSeen checks what counts as new.
func TestSeen(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzBuckets"))
	for i, c := range []struct {
		n     uint64
		how   string
		isNew bool
	}{
		{0, "", true}, {0, "", false}, {1, "", true}, {1, "", false}, {2, "", true}, {3, "", true},
		// Rejected and failed runs leave what they hit for others to be new.
		{4, "skip", false}, {4, "fail", false}, {4, "", true}, {5, "", false}, {7, "", false},
		{8, "", true}, {15, "", false}, {16, "", true}, {31, "", false}, {32, "", true}, {100, "", false}, {127, "", false},
		{128, "", true}, {255, "", false},
	} {
		r := runOne(t, e, 0, c.n, c.how)
		if r.New != c.isNew || r.Skipped != (c.how == "skip") || (r.Crash != nil) != (c.how == "fail") {
			t.Errorf("%d: %d times %q: new %v, skipped %v, crash %v", i, c.n, c.how, r.New, r.Skipped, r.Crash)
		}
	}
}

// TestPath checks that Path and Edges stand for the set of edges.
func TestPath(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzString"))
	paths := map[uint64]string{}
	for _, input := range []string{"", "abcd", "goxy", "gomagic word", "go\xbe\xefxx", "gofolded"} {
		r := *runOne(t, e, 0, input)
		again := *runOne(t, e, 0, input)
		if r.Path != again.Path || r.Edges != again.Edges || r.Edges == 0 {
			t.Errorf("%q: %x with %d edges, then %x with %d", input, r.Path, r.Edges, again.Path, again.Edges)
		}
		if other, ok := paths[r.Path]; ok {
			t.Errorf("%q and %q have the same path", input, other)
		}
		paths[r.Path] = input
	}
}

// TestRecords asks for everything there is about a run.
func TestRecords(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzString"))
	all := engine.WantCounters | engine.WantCompares | engine.WantBlocks
	r := *runOne(t, e, all, "goxxxxxxxxxx")
	hit := 0
	for _, c := range r.Counters {
		if c != 0 {
			hit++
		}
	}
	if len(r.Counters) != e.Edges() || hit != int(r.Edges) {
		t.Errorf("%d counters, %d hit; want %d, %d", len(r.Counters), hit, e.Edges(), r.Edges)
	}
	var found []string
	for _, c := range r.Compares {
		switch {
		case c.Kind == abi.CompareString && string(c.TextB[:c.LenB]) == "magic word" && string(c.TextA[:c.LenA]) == "xxxxxxxxxx",
			c.Kind == abi.CompareString && string(c.TextA[:c.LenA]) == "magic word" && string(c.TextB[:c.LenB]) == "xxxxxxxxxx":
			found = append(found, "string")
		case c.Kind == abi.CompareFold:
			found = append(found, "fold")
		case c.Kind == abi.Compare16|abi.CompareConst && c.A == 0xbeef && c.B == 'x'<<8|'x':
			found = append(found, "const")
		}
	}
	if got := strings.Join(found, " "); got != "const string fold" {
		t.Errorf("compares %q in %+v", got, r.Compares)
	}
	blocks := countBits(r.Blocks)
	if blocks == 0 || len(r.Blocks) != (e.Cells()+63)/64 {
		t.Errorf("%d blocks in %d words, of %d cells", blocks, len(r.Blocks), e.Cells())
	}
	short := runOne(t, e, engine.WantBlocks, "")
	if n := countBits(short.Blocks); n == 0 || n >= blocks || short.Counters != nil || short.Compares != nil {
		t.Errorf("%d blocks of a short run, %d of a long one", n, blocks)
	}
	if r := runOne(t, e, 0, ""); r.Counters != nil || r.Blocks != nil || r.Compares != nil {
		t.Error("records that were not asked for")
	}
	if countBits(e.Baseline()) == 0 || len(bytes.Trim(e.BaselineCounters(), "\x00")) == 0 {
		t.Error("init functions have executed nothing")
	}
}

func countBits(words []uint64) (n int) {
	for _, w := range words {
		for ; w != 0; w &= w - 1 {
			n++
		}
	}
	return n
}

// TestCompareLimits runs a loop that compares a lot.
func TestCompareLimits(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzBuckets"))
	r := runOne(t, e, engine.WantCompares, uint64(255), "")
	if len(r.Compares) == 0 || len(r.Compares) > 64 {
		t.Errorf("%d compares of a loop", len(r.Compares))
	}
}

// TestFullRing fills ring and arena, again and again.
func TestFullRing(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzBuckets"))
	all := engine.WantCounters | engine.WantCompares | engine.WantBlocks
	var pushed, waited uint64
	for round := range 20 {
		want := engine.Want(0)
		if round%2 == 1 {
			want = all
		}
		for slot := e.Slot(); slot != nil; slot = e.Slot() {
			e.Push(copy(slot, stream(pushed%256, "")), want)
			pushed++
		}
		if n := pushed - waited; round%2 == 0 && round == 0 && n != 64 || n < 16 {
			t.Fatalf("round %d: %d runs fit", round, n)
		}
		// Leave some behind, so that pieces wrap around.
		for pushed-waited > uint64(round%7) {
			r := wait(t, e)
			if string(r.Data) != string(stream(waited%256, "")) || r.Crash != nil {
				t.Fatalf("run %d: %q, %v", waited, r.Data, r.Crash)
			}
			if r.Counters != nil && len(r.Counters) != e.Edges() {
				t.Fatalf("run %d: %d counters", waited, len(r.Counters))
			}
			waited++
		}
	}
}

// semantics lists inputs of FuzzSemantics in order and what becomes of them: "" to
// pass, "skip", or text of the failure.
var semantics = []struct{ input, want string }{
	{"name", ""}, {"plain", ""},
	{"skip", "skip"}, {"skipf", "skip"}, {"skipnow", "skip"}, {"plain", ""},
	{"fail-skip", "failed first"}, {"plain", ""},
	{"log", ""}, {"plain", ""}, {"log-fail", "semantics_test.go:N: to be seen\n    semantics_test.go:N: failed in a helper"}, {"plain", ""},
	{"cleaned 0", ""}, {"cleanup", ""}, {"cleaned 1", ""}, {"cleanup-skip", "skip"}, {"cleaned 2", ""}, {"cleaned 1", "cleaned 2 times, not 1"},
	{"cleanup-panic", "panic: in clean-up"}, {"plain", ""}, {"cleanup-fail", "in clean-up"}, {"plain", ""},
	{"sub", ""}, {"sub fail", "--- FAIL: FuzzSemantics/name (0.00s)\n        semantics_test.go:N: sub failed"}, {"sub panic", "panic: sub panicked"}, {"sub skip", ""}, {"plain", ""},
	{"sub-parallel", ""}, {"sub-parallel fail", "parallel sub failed"}, {"parallel", ""}, {"plain", ""},
	{"tempdir", ""}, {"tempdir-gone", ""}, {"tempdir", ""}, {"tempdir-gone", ""},
	{"setenv x", ""}, {"unset", ""}, {"plain", ""},
	{"goroutine", ""}, {"goroutine fail", "failed in a helper goroutine"}, {"plain", ""},
	{"leak", ""}, {"plain", ""}, {"leaked-fails", ""}, {"plain", ""},
	{"helper", "by a helper"}, {"plain", ""},
	{"command", ""}, {"plain", ""},
}

var lineNumber = regexp.MustCompile(`_test\.go:\d+:`)

var semantics124 = []struct{ input, want string }{
	{"context", ""}, {"context-done", ""}, {"context", ""}, {"plain", ""}, {"context-done", ""},
	{"chdir /", ""}, {"chdir-back", ""}, {"skip", "skip"}, {"plain", ""},
}

// TestSemantics checks that package testing does for each input what it does under
// "go test", whatever the inputs before it did.
func TestSemantics(t *testing.T) {
	for _, toolchain := range []string{"go1.22.12", "go1.24.13", "local"} {
		t.Run(toolchain, func(t *testing.T) {
			exe := buildTarget(t, toolchain)
			cases := semantics
			if toolchain != "go1.22.12" {
				cases = append(cases[:len(cases):len(cases)], semantics124...)
			}
			for _, processors := range []int{1, 3} {
				cfg := config(exe, "FuzzSemantics")
				cfg.Processors = processors
				e := startTarget(t, cfg)
				for _, c := range cases {
					push(t, e, stream(c.input), 0)
				}
				for _, c := range cases {
					r := wait(t, e)
					got := ""
					if r.Skipped {
						got = "skip"
					} else if r.Crash != nil {
						got = lineNumber.ReplaceAllString(r.Crash.Text, "_test.go:N:")
					}
					if c.want == "" && got != "" || !strings.Contains(got, c.want) {
						t.Errorf("%d processors: %q: got %q, want %q", processors, c.input, got, c.want)
					}
				}
			}
		})
	}
}

// TestFastPath checks that clean inputs stay on the fast path.
func TestFastPath(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzSemantics"))
	for _, input := range []string{"plain", "skip", "log", "goroutine", "skipf", "plain"} {
		runOne(t, e, 0, input)
	}
	if n := e.memory.header.Slow; n > 1 {
		t.Errorf("%d runs took the slow path", n)
	}
	runOne(t, e, 0, "cleanup")
	runOne(t, e, 0, "plain")
	if n := e.memory.header.Slow; n == 0 {
		t.Error("clean-up took the fast path")
	}
}

// TestKilledFromOutside kills the target while it is idle and while it is at work.
func TestKilledFromOutside(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzCrash"))
	if r := runOne(t, e, 0, "fine"); r.Crash != nil {
		t.Fatal(r.Crash.Text)
	}
	p := e.process
	unix.Kill(p.cmd.Process.Pid, unix.SIGKILL)
	<-p.exited
	if r := runOne(t, e, 0, "fine"); r.Crash == nil || r.Crash.How != Stopped || !strings.Contains(r.Crash.Text, "ended before this run") {
		t.Errorf("idle: %+v", r.Crash)
	}
	if r := runOne(t, e, 0, "fine"); r.Crash != nil {
		t.Errorf("then: %s", r.Crash.Text)
	}
}

// TestTeardown checks that an idle target ends by itself.
func TestTeardown(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	cfg := config(buildTarget(t, "local"), "FuzzNothing")
	cfg.Env = append(os.Environ(), "TARGET_TEARDOWN="+mark)
	e := startTarget(t, cfg)
	runOne(t, e, 0, "")
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("TestMain did not get to its end: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

// hostEnv makes the test executable be a host that is killed.
const hostEnv = "FUZZLS_TEST_HOST"

// nativePrefix precedes the path of a C target in hostEnv.
const nativePrefix = "native:"

// beHost starts the target that hostEnv names, prints the id of the process that runs
// inputs and waits to be killed. A C target does not come back from its run.
func beHost() {
	cfg := config(os.Getenv(hostEnv), "FuzzNothing")
	exe, native := strings.CutPrefix(cfg.Exe, nativePrefix)
	if native {
		cfg = nativeConfig(exe)
	}
	e, err := Start(context.Background(), cfg)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if native {
		e.Push(copy(e.Slot(), stream("fine")), 0)
		e.Wait(context.Background())
		e.Push(copy(e.Slot(), stream("hang")), 0)
		e.Flush()
		e.process.listen()
	}
	fmt.Println(e.process.runner())
	select {}
}

// TestHostKilled kills the host: the target dies with it.
func TestHostKilled(t *testing.T) { killHost(t, buildTarget(t, "local")) }

// TestNativeHostKilled does the same with a C target: the server and its child die.
func TestNativeHostKilled(t *testing.T) { killHost(t, nativePrefix+buildNative(t, behaviours)) }

func killHost(t *testing.T, target string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), hostEnv+"="+target)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	cmd.Process.Kill()
	cmd.Wait()
	// A pidfd becomes readable when its process ends.
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(poll, int((30 * time.Second).Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			unix.Kill(pid, unix.SIGKILL)
			t.Fatalf("the target lives on: %v", err)
		}
		return
	}
}

// TestPriority checks that the target runs at a low priority and this process does
// not.
func TestPriority(t *testing.T) {
	e := startTarget(t, config(buildTarget(t, "local"), "FuzzNothing"))
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", e.process.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		tid, _ := strconv.Atoi(entry.Name())
		if n, err := unix.Getpriority(unix.PRIO_PROCESS, tid); err != nil || 20-n < proc.Nice {
			t.Errorf("thread %d has priority %d, %v", tid, 20-n, err)
		}
	}
}
