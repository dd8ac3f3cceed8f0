package crash

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
	"golang.org/x/tools/txtar"
)

// This file makes the traces in testdata/traces: `go test -run TestCapture
// -capture ./fuzzcore/crash` runs the fuzz tests of testdata/crashes.txtar with
// several releases of Go, under package testing and by an executor, and stores
// what they print.

var capture = flag.Bool("capture", false, "run the crashing programs and rewrite their traces")

// traces returns all captured traces: each program as it is and by an executor.
func traces() []program {
	var list []program
	for _, p := range programs {
		e := p
		e.mode = executed
		list = append(list, p)
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// captureVersions are the releases whose traces are kept: the oldest, a middle and
// the newest one.
var captureVersions = []string{"go1.22.12", "go1.24.13", "go1.26.8"}

// A program is one crash to capture.
type program struct {
	test string
	pkg  string // "parse", "native", or "race" for parse with -race
	mode captureMode
}

type captureMode string

const (
	failing captureMode = "failed"  // fuzz: package testing recovers it
	exiting captureMode = "exited"  // run the seeds: the process ends
	hanging captureMode = "timeout" // run the seeds, then SIGQUIT
)

// executed is the mode of all programs when an executor runs them.
const executed captureMode = "executor"

var programs = []program{
	{"FuzzIndex", "parse", failing},
	{"FuzzIndex", "parse", exiting},
	{"FuzzNil", "parse", failing},
	{"FuzzCustom", "parse", failing},
	{"FuzzRethrow", "parse", failing},
	{"FuzzGeneric", "parse", failing},
	{"FuzzHarness", "parse", failing},
	{"FuzzFatal", "parse", failing},
	{"FuzzHelper", "parse", failing},
	{"FuzzSubtest", "parse", failing},
	{"FuzzBackground", "parse", exiting},
	{"FuzzOverflow", "parse", exiting},
	{"FuzzConcurrentMap", "parse", exiting},
	{"FuzzMemory", "parse", exiting},
	{"FuzzLeave", "parse", failing},
	{"FuzzExit", "parse", exiting},
	{"FuzzExitZero", "parse", failing},
	{"FuzzLogFatal", "parse", exiting},
	// Of a goroutine that runs on another thread only an executor gets the stack.
	{"FuzzSpin", "parse", executed},
	{"FuzzSleep", "parse", hanging},
	{"FuzzLock", "parse", hanging},
	{"FuzzLock", "parse", exiting},
	{"FuzzChannel", "parse", hanging},
	{"FuzzRace", "race", exiting},
	{"FuzzStore", "native", exiting},
	{"FuzzAbort", "native", exiting},
}

func (p program) file(version string) string {
	minor := version[:strings.LastIndexByte(version, '.')]
	return filepath.Join("testdata", "traces", minor, p.test+"-"+string(p.mode)+".txt")
}

func TestCapture(t *testing.T) {
	if !*capture {
		t.Skip("only with -capture")
	}
	dir := t.TempDir()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "crashes.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range captureVersions {
		captureVersion(t, dir, version)
	}
}

func captureVersion(t *testing.T, dir, version string) {
	run := func(args ...string) string {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "GOWORK=off", "GOFLAGS=-buildvcs=false")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	goroot := run("env", "GOROOT")
	run("test", "-c", "-o", "parse.test", "./parse")
	run("test", "-c", "-race", "-o", "race.test", "./parse")
	run("test", "-c", "-o", "native.test", "./native")
	neutral := func(text string) []byte {
		text = strings.NewReplacer(dir, "/src", goroot, "/go").Replace(text)
		return []byte(linkedGOROOT.ReplaceAllString(text, "${1}/go/src/"))
	}
	save := func(p program, header, text, output string) {
		data := txtar.Format(&txtar.Archive{
			Comment: []byte(header),
			Files: []txtar.File{
				{Name: "text", Data: neutral(text)},
				{Name: "output", Data: neutral(output)},
			},
		})
		file := p.file(version)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	builds := t.TempDir()
	for _, p := range programs {
		if p.mode != executed {
			header, text, output := p.run(t, dir)
			save(p, header, text, output)
		}
		target, err := golang.Build(t.Context(), golang.BuildRequest{
			ImportPath: "example.com/crashes/" + p.dir(),
			Dir:        filepath.Join(dir, p.dir()),
			Root:       dir,
			BuildDir:   builds,
			Flags:      p.flags(),
			Env:        append(os.Environ(), "GOTOOLCHAIN="+version, "GOWORK=off", "GOFLAGS=-buildvcs=false"),
		})
		if err != nil {
			t.Fatal(err)
		}
		header, text, output := p.execute(t, target)
		p.mode = executed
		save(p, header, text, output)
	}
}

// linkedGOROOT matches the start of a standard library file's name under one of
// the links that builds make to a GOROOT. The go command's cache may hold objects
// that were compiled under another link than the present one.
var linkedGOROOT = regexp.MustCompile(`(?m)^(\s+)/\S*/(?:goroot|go1\.[^/\s]*)/src/`)

// dir is the directory of the program's package.
func (p program) dir() string { return strings.Replace(p.pkg, "race", "parse", 1) }

// flags are the build flags that the program needs.
func (p program) flags() []string {
	if p.pkg == "race" {
		return []string{"-race"}
	}
	return nil
}

// header is what is stored of a crash beside its texts.
func (p program) header(how How, exitCode, signal int) string {
	return fmt.Sprintf("how: %d\ntest: %s\npackage: %s\nexit: %d\nsignal: %d\n", how, p.test, p.dir(), exitCode, signal)
}

// execute lets an executor run the program and returns what it reports.
func (p program) execute(t *testing.T, target *golang.Target) (header, text, output string) {
	e, err := executor.Start(t.Context(), executor.Config{
		Exe:        target.Exe,
		Args:       goruntime.Args(p.test),
		Dir:        target.Dir,
		Timeout:    2 * time.Second,
		Processors: 2, // or concurrent map writes are not noticed
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.Push(copy(e.Slot(), "\x01\x00\x00\x00x"), 0)
	e.Flush()
	r, err := e.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Crash == nil {
		t.Fatalf("%s: no crash", p.test)
	}
	return p.header(How(r.Crash.How), r.Crash.ExitCode, r.Crash.Signal), r.Crash.Text, r.Crash.Output
}

// run runs the program and returns what it did.
func (p program) run(t *testing.T, dir string) (header, text, output string) {
	args := []string{"-test.timeout=1h", "-test.run=^" + p.test + "$"}
	if p.mode == failing {
		args = []string{"-test.run=^$", "-test.fuzz=^" + p.test + "$", "-test.fuzzcachedir=" + t.TempDir()}
	}
	if p.mode == exiting {
		args = args[1:] // with a timeout set the runtime does not look for deadlocks
	}
	cmd := exec.Command(filepath.Join(dir, p.pkg+".test"), append(args, "-test.paniconexit0")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTRACEBACK=all")
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if p.mode == hanging {
		ready := make([]byte, len("READY\n"))
		if _, err := io.ReadFull(pipe, ready); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // let it reach what it hangs in
		if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
			t.Fatal(err)
		}
	}
	io.Copy(&stderr, pipe)
	cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	signal := 0
	if status.Signaled() {
		signal = int(status.Signal())
	}
	how := map[captureMode]How{failing: Failed, exiting: Exited, hanging: TimedOut}[p.mode]
	header = p.header(how, status.ExitStatus(), signal)
	if p.mode == failing {
		return header, inner(stdout.String(), p.test), ""
	}
	return header, stderr.String(), stdout.String()
}

var failHeader = regexp.MustCompile(`(?m)^--- FAIL: .*\n`)

// inner returns the failure's text as package testing gives it to the one who
// runs the input: without the report of the fuzz test around it.
func inner(output, test string) string {
	at := failHeader.FindStringIndex(output)
	if at == nil {
		return output
	}
	var b strings.Builder
	for line := range strings.Lines(output[at[1]:]) {
		rest, ok := strings.CutPrefix(line, "    ")
		if !ok {
			break
		}
		b.WriteString(rest)
	}
	return b.String()
}
