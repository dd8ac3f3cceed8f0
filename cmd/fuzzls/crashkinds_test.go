package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests crashes of every kind: what the report says of them, what is
// kept, and that the printed command shows the same under plain `go test`.

// crashKind is a fuzz test of the module crashModule, and what is expected of it.
type crashKind struct {
	name    string // of the fuzz test, without Fuzz; the input that crashes is its lower case
	body    string // what the fuzz test does with that input
	kind    string // in the report
	message string // part of the report's message
	replay  string // part of what plain `go test` prints
}

// crashKinds are told apart without the race detector. The line of each body that
// has to be reported ends with "// here".
var crashKinds = []crashKind{
	{"Panic", `panic("told to panic") // here`, "panic", "told to panic", "panic: told to panic"},
	{"Elsewhere", "done := make(chan bool)\n\tgo func() {\n\t\tpanic(\"told to panic elsewhere\") // here\n\t}()\n\t<-done",
		"panic in a goroutine", "told to panic elsewhere", "panic: told to panic elsewhere"},
	{"Fatal", `t.Fatal("told to fail") // here`, "failure", "told to fail", "told to fail"},
	{"Exit0", `os.Exit(0) // here`, "exit", "os.Exit(0)", "os.Exit(0)"},
	{"Exit3", `os.Exit(3)`, "exit", "os.Exit(3)", "FAIL"},
	{"Maps", `writeAtOnce()`, "fatal error", "concurrent map", "fatal error: concurrent map"},
	{"Stack", `recurse(0)`, "stack overflow", "recursion without end", "goroutine stack exceeds"},
	{"Memory", `grow()`, "out of memory", "memory limit", "out of memory"},
	{"Hang", "for { // here\n\t}", "hang", "time limit", "panic: test timed out"},
	{"Deadlock", `<-make(chan bool) // here`, "deadlock", "all goroutines wait", "panic: test timed out"},
	{"Nil", `var p *pair; fmt.Sprint(p.b) // here`, "panic", "nil pointer dereference", "nil pointer dereference"},
}

// crashHelpers are the functions that the fuzz tests of crashModule call.
const crashHelpers = `
type pair struct{ a, b int }

var kept [][]byte

func grow() {
	for {
		page := make([]byte, 1<<20)
		for i := 0; i < len(page); i += os.Getpagesize() {
			page[i] = 1
		}
		kept = append(kept, page)
	}
}

// recurse has large frames: few calls fill the stack.
func recurse(n int) int {
	var frame [1 << 16]byte
	frame[n%len(frame)] = 1
	return recurse(n+1) + int(frame[n/2%len(frame)])
}

func writeAtOnce() {
	m := map[int]int{}
	for i := 0; i < 8; i++ {
		go func() {
			for j := 0; ; j++ {
				m[j%10]++
				if j%1000 == 0 {
					runtime.Gosched()
				}
			}
		}()
	}
	select {}
}
`

// crashModule is a module with a fuzz test for each kind, one that fails on half of
// its inputs, one that has nothing wrong, and one with a data race.
func crashModule(t *testing.T) string {
	var b strings.Builder
	b.WriteString("package m\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"runtime\"\n\t\"testing\"\n)\n\n")
	b.WriteString("var _ = fmt.Sprint\nvar _ = os.Exit\n")
	b.WriteString(crashHelpers)
	for _, k := range crashKinds {
		fmt.Fprintf(&b, "\nfunc Fuzz%s(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, s string) {\n\t\tif s == %q {\n\t%s\n\t\t}\n\t})\n}\n",
			k.name, strings.ToLower(k.name), k.body)
	}
	b.WriteString(`
func FuzzMany(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		if len(b)%2 == 1 {
			panic(fmt.Sprintf("%x of %d", b, n))
		}
	})
}

func FuzzFine(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {})
}
`)
	dir := module(t, "m_test.go", b.String(), "race/race_test.go", `package race

import "testing"

func FuzzRace(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if s != "race" {
			return
		}
		n := 0
		done := make(chan bool)
		go func() {
			n++ // here
			close(done)
		}()
		n++ // here
		<-done
	})
}
`)
	return dir
}

// linesHere returns "file:line" of the lines of file that end with "// here" between
// the fuzz test name and the next one.
func linesHere(t *testing.T, dir, file, name string) (places []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "func ") {
			inside = strings.HasPrefix(line, "func Fuzz"+name+"(")
		}
		if inside && strings.HasSuffix(line, "// here") {
			places = append(places, fmt.Sprintf("%s:%d", file, i+1))
		}
	}
	return places
}

// crashCampaigns fuzz crashModule: what ends by a limit has that one made small.
var crashCampaigns = []struct {
	args  []string
	kinds []string
}{
	{[]string{"--run=Many|Fine|Panic|Elsewhere|Fatal|Exit|Maps|Nil"}, []string{"Panic", "Elsewhere", "Fatal", "Exit0", "Exit3", "Maps", "Nil"}},
	{[]string{"--run=Hang|Deadlock|Fine", "--timeout=1s"}, []string{"Hang", "Deadlock"}},
	{[]string{"--run=Memory|Fine", "--memory=300MiB"}, []string{"Memory"}},
	{[]string{"--run=Stack|Fine"}, []string{"Stack"}},
}

func TestCrashKinds(t *testing.T) {
	dir := crashModule(t)
	all := new(supervisor.Report)
	for _, c := range crashCampaigns {
		// One worker: its executor may run user code on all processors at once.
		report, o := campaign(t, dir, append([]string{"-j=1", "--limit=1K", "--seed=1", "."}, c.args...)...)
		if o.status != statusCrashes {
			t.Errorf("status %d, want %d\n%s", o.status, statusCrashes, o.stderr)
		}
		for _, r := range report.Tests {
			if r.Runs.After-r.Runs.Before < report.Limit {
				t.Errorf("%s: runs %v of %d: a crash has ended it", r.Func, r.Runs, report.Limit)
			}
			if r.Func == "FuzzFine" && len(r.Crashes) > 0 {
				t.Errorf("FuzzFine: %+v", r.Crashes)
			}
		}
		for _, name := range c.kinds {
			t.Run(name, func(t *testing.T) { checkCrash(t, dir, name, testNamed(t, report, "Fuzz"+name), o.stderr) })
		}
		all.Tests = append(all.Tests, report.Tests...)
	}
	checkManyInputs(t, dir, testNamed(t, all, "FuzzMany"))
	checkHangReport(t, dir, testNamed(t, all, "FuzzHang"))
	checkKnown(t, dir, all)
	checkCrashList(t, dir, all)
}

// checkCrash looks at the one crash of a fuzz test and replays it.
func checkCrash(t *testing.T, dir, name string, r *supervisor.TestReport, progress string) {
	k := crashKinds[slices.IndexFunc(crashKinds, func(k crashKind) bool { return k.name == name })]
	c := onlyCrash(t, r)
	if c.Kind != k.kind || !strings.Contains(c.Message, k.message) {
		t.Errorf("%s: %s, want %s: %s", c.Kind, c.Message, k.kind, k.message)
	}
	if places := linesHere(t, dir, "m_test.go", k.name); places != nil && !slices.Contains(places, c.Location) {
		t.Errorf("at %s, want %v", c.Location, places)
	}
	wantFile(t, filepath.Join(dir, c.Reproducer), fmt.Sprintf("go test fuzz v1\nstring(%q)\n", strings.ToLower(k.name)))
	wantContains(t, progress, c.Location)
	wantReplay(t, dir, c.Replay, k.replay)
}

// checkManyInputs looks at a bug that half of all inputs run into.
func checkManyInputs(t *testing.T, dir string, r *supervisor.TestReport) {
	many := onlyCrash(t, r)
	if many.Inputs < 50 {
		t.Errorf("FuzzMany: %d inputs of its crash, want many", many.Inputs)
	}
	wantFile(t, filepath.Join(dir, many.Reproducer), "go test fuzz v1\n[]byte(\"\\x00\")\nint(0)\n")
	if entries, err := os.ReadDir(filepath.Join(dir, "testdata", "fuzz", "FuzzMany")); err != nil || len(entries) != 1 {
		t.Errorf("reproducers of FuzzMany: %v, %v, want one", entries, err)
	}
}

// checkHangReport looks for the stacks of all goroutines.
func checkHangReport(t *testing.T, dir string, r *supervisor.TestReport) {
	text := crashText(t, dir, onlyCrash(t, r))
	if n := strings.Count("\n"+text, "\ngoroutine "); n < 2 {
		t.Errorf("stacks of %d goroutines, want all of them:\n%s", n, text)
	}
	wantContains(t, text, "m_test.go")
}

// checkKnown fuzzes again: crashes of the first campaign are known.
func checkKnown(t *testing.T, dir string, report *supervisor.Report) {
	again, o := campaign(t, dir, "--limit=1K", "--seed=1", "--run=Panic|Exit3|Fine", ".")
	if o.status != statusCrashes {
		t.Errorf("the second campaign: status %d\n%s", o.status, o.stderr)
	}
	for _, name := range []string{"FuzzPanic", "FuzzExit3"} {
		first, second := onlyCrash(t, testNamed(t, report, name)), onlyCrash(t, testNamed(t, again, name))
		if !second.Known || second.Signature != first.Signature || second.Reproducer != first.Reproducer {
			t.Errorf("%s: %+v, want what was known: %+v", name, second, first)
		}
	}
}

// checkCrashList compares `fuzzls crashes` with the reports.
func checkCrashList(t *testing.T, dir string, report *supervisor.Report) {
	o := fuzzls(t, dir, "crashes", "--replay")
	for _, r := range report.Tests {
		for _, c := range r.Crashes {
			wantContains(t, o.stdout, c.Replay+"\n")
		}
	}
	if n := strings.Count(o.stdout, "\n"); n != report.CrashCount() {
		t.Errorf("%d lines, want one for each of %d crashes:\n%s", n, report.CrashCount(), o.stdout)
	}
}

func TestDataRace(t *testing.T) {
	dir := crashModule(t)
	report, o := campaign(t, dir, "--limit=5K", "--seed=1", "--race", "./race")
	if o.status != statusCrashes {
		t.Errorf("status %d, want %d\n%s", o.status, statusCrashes, o.stderr)
	}
	r := testNamed(t, report, "FuzzRace")
	if r.Runs.After < report.Limit {
		t.Errorf("%d runs of %d", r.Runs.After, report.Limit)
	}
	c := onlyCrash(t, r)
	if places := linesHere(t, dir, "race/race_test.go", "Race"); c.Kind != "data race" || !slices.Contains(places, c.Location) {
		t.Errorf("%s at %s, want a data race at one of %v", c.Kind, c.Location, places)
	}
	wantFile(t, filepath.Join(dir, c.Reproducer), "go test fuzz v1\nstring(\"race\")\n")
	wantReplay(t, dir, c.Replay, "WARNING: DATA RACE")
}

// onlyCrash returns the crash of a fuzz test that has one.
func onlyCrash(t *testing.T, r *supervisor.TestReport) *supervisor.CrashReport {
	t.Helper()
	if len(r.Crashes) != 1 {
		t.Fatalf("%s: %d crashes, want 1: %+v", r.Func, len(r.Crashes), r.Crashes)
	}
	return &r.Crashes[0]
}

// crashText returns the report that is kept of a crash.
func crashText(t *testing.T, dir string, c *supervisor.CrashReport) string {
	t.Helper()
	var found string
	err := filepath.WalkDir(filepath.Join(dir, ".fuzzls"), func(path string, entry os.DirEntry, err error) error {
		if filepath.Base(path) == "report.txt" && strings.Contains(path, c.Signature) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(found)
	if err != nil {
		t.Fatalf("report of crash %s: %v", c.Signature, err)
	}
	return string(data)
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
		return
	}
	if string(data) != want {
		t.Errorf("%s holds %q, want %q", path, data, want)
	}
}

// replayMemory bounds a replay's address space in KiB, so that memory without end
// does not take the machine's: room for the go command, its linker and some.
const replayMemory = 3 << 20

// wantReplay runs a replay command as a user would paste it: it must fail and say
// part.
func wantReplay(t *testing.T, dir, replay, part string) {
	t.Helper()
	shell := replay
	if !strings.Contains(replay, "-race") { // its shadow memory is address space
		shell = fmt.Sprintf("ulimit -v %d; %s", replayMemory, replay)
	}
	cmd := exec.Command("sh", "-c", shell)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("%s passes:\n%s", replay, out)
	}
	if !strings.Contains(string(out), part) {
		t.Errorf("%s: %v: no %q in\n%.3000s", replay, err, part, out)
	}
}
