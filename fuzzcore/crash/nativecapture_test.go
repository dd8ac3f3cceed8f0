package crash

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/cruntime"
)

// This file makes the texts in testdata/native: `go test -run TestNativeCapture
// -capture-native ./fuzzcore/crash` compiles the programs in testdata/native/src with
// clang and each sanitizer, runs each of their bugs, and stores what they print and what
// the addresses in it stand for. Without a sanitizer, it is our runtime that prints, in an
// executor.

var captureNative = flag.Bool("capture-native", false, "run the crashing C programs and rewrite their texts")

// nativeSource is where the programs are; in the texts, it is /src.
const nativeSource = "testdata/native/src"

// nativeBug is a bug of the programs: input is the argument that runs it.
type nativeBug struct{ name, sanitizer, input string }

func (b nativeBug) file() string {
	return filepath.Join("testdata", "native", b.sanitizer+"-"+b.name+".txt")
}

var nativeBugs = []nativeBug{
	{"heap-overflow", "address", "hab"},
	{"heap-copy", "address", "Habcd"},
	{"use-after-free", "address", "uab"},
	{"double-free", "address", "dab"},
	{"bad-free", "address", "fab"},
	{"stack-overflow", "address", "sab"},
	{"use-after-return", "address", "rab"},
	{"global-overflow", "address", "gab"},
	{"null-write", "address", "nab"},
	{"wild-read", "address", "wab"},
	{"jump", "address", "jab"},
	{"recursion", "address", "oab"},
	{"leak", "address", "lab"},
	{"too-big", "address", "bab"},
	{"assert", "address", "aab"},
	{"abort", "address", "Aab"},
	{"divide", "address", "zab"},
	{"overlap", "address", "pab"},
	{"exception", "address", "Teabc"},
	{"vector", "address", "Tvabc"},
	{"at", "address", "Taabc"},
	{"throw-int", "address", "Tiabc"},
	{"mismatch", "address", "Tdabc"},
	{"lambda", "address", "Tlabc"},
	{"integer", "undefined", "iab"},
	{"shift", "undefined", "Sab"},
	{"misaligned", "undefined", "mabcdefgh"},
	{"bounds", "undefined", "Bab"},
	{"division", "undefined", "zab"},
	{"null-write", "undefined", "nab"},
	{"exception", "undefined", "Teabc"},
	{"uninitialized", "memory", "Uab"},
	{"null-write", "memory", "nab"},
	{"race", "thread", "Rab"},
	{"assert", "none", "aab"},
	{"abort", "none", "Aab"},
	{"double-free", "none", "dab"},
	{"exception", "none", "Teabc"},
	{"exit", "none", "xab"},
	{"null-write", "none", "nab"},
	{"wild-read", "none", "wab"},
	{"jump", "none", "jab"},
	{"divide", "none", "zab"},
	{"recursion", "none", "oab"},
	{"forever", "none", "Fab"},
}

func TestNativeCapture(t *testing.T) {
	if !*captureNative {
		t.Skip("only with -capture-native")
	}
	source, err := filepath.Abs(nativeSource)
	if err != nil {
		t.Fatal(err)
	}
	built := map[string]string{}
	for _, b := range nativeBugs {
		if built[b.sanitizer] == "" {
			built[b.sanitizer] = buildNative(t, source, b.sanitizer)
		}
		header, text := b.run(t, built[b.sanitizer])
		symbols := symbolsOf(text, built[b.sanitizer])
		neutral := strings.NewReplacer(source, "/src", built[b.sanitizer], "/build/target")
		data := txtar.Format(&txtar.Archive{Comment: []byte(header), Files: []txtar.File{
			{Name: "text", Data: []byte(neutral.Replace(text))},
			{Name: "symbols", Data: []byte(runtimeSource.ReplaceAllString(neutral.Replace(symbols), "/build/runtime"))},
		}})
		if err := os.WriteFile(b.file(), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runtimeSource matches the directory in which our runtime was compiled.
var runtimeSource = regexp.MustCompile(`/\S*/building-\d+`)

// clangCommand returns a clang, the newest that Debian packages.
func clangCommand(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"clang-19", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "clang is missing: `scripts/setup` installs it"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip("SKIPPED: " + missing)
	return ""
}

// buildNative compiles the programs and returns the executable.
func buildNative(t testing.TB, source, sanitizer string) string {
	t.Helper()
	dir := t.TempDir()
	clang := clangCommand(t)
	flags := []string{"-g", "-O1", "-w"}
	switch sanitizer {
	case "address":
		flags = append(flags, "-fsanitize=address", "-DLSAN")
	case "undefined":
		flags = append(flags, "-fsanitize=undefined", "-fno-sanitize-recover=undefined")
	case "memory", "thread":
		flags = append(flags, "-fsanitize="+sanitizer)
	case "none":
		flags = append(flags, "-fsanitize=fuzzer-no-link")
	}
	var objects []string
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = source
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	names := []string{"parse.c", "harness.c", "throwing.cc"}
	if sanitizer == "none" {
		library, err := cruntime.Build(t.Context(), cruntime.Compiler{Path: clang}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, library)
	} else {
		names = append(names, "main.c")
	}
	for _, name := range names {
		object := filepath.Join(dir, name+".o")
		run(clang, slices.Concat(flags, []string{"-c", name, "-o", object})...)
		objects = append([]string{object}, objects...)
	}
	exe := filepath.Join(dir, "target")
	run(strings.Replace(clang, "clang", "clang++", 1), slices.Concat(flags, objects, []string{"-o", exe, "-lpthread"})...)
	return exe
}

// run runs the bug and returns what is stored of its end, and what it printed.
func (b nativeBug) run(t testing.TB, exe string) (header, text string) {
	t.Helper()
	if b.sanitizer == "none" {
		return b.execute(t, exe)
	}
	cmd := exec.Command(exe, b.input)
	const options = "symbolize=0:handle_abort=1:print_stacktrace=1:halt_on_error=1:detect_stack_use_after_return=1"
	for _, name := range []string{"ASAN", "UBSAN", "MSAN", "TSAN", "LSAN"} {
		cmd.Env = append(cmd.Env, name+"_OPTIONS="+options)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("%s did not crash: %v\n%s", b.name, err, stderr.String())
	}
	status := exit.Sys().(syscall.WaitStatus)
	signal := 0
	if status.Signaled() {
		signal = int(status.Signal())
	}
	return nativeHeader(Exited, status.ExitStatus(), signal), stderr.String()
}

// nativeHeader is what is stored of a crash beside its text.
func nativeHeader(how How, exitCode, signal int) string {
	return fmt.Sprintf("how: %d\nexit: %d\nsignal: %d\n", how, exitCode, signal)
}

// execute lets an executor run the bug.
func (b nativeBug) execute(t testing.TB, exe string) (header, text string) {
	t.Helper()
	e, err := executor.Start(t.Context(), executor.Config{Exe: exe, Native: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	input := binary.LittleEndian.AppendUint32(nil, uint32(len(b.input)))
	e.Push(copy(e.Slot(), append(input, b.input...)), 0)
	e.Flush()
	r, err := e.Wait(t.Context())
	if err != nil || r.Crash == nil {
		t.Fatalf("%s did not crash: %v", b.name, err)
	}
	return nativeHeader(How(r.Crash.How), r.Crash.ExitCode, r.Crash.Signal), r.Crash.Text
}

// symbolsOf returns what the addresses in text stand for: a line "module offset" for
// each, followed by its frames.
func symbolsOf(text, exe string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		f, ok := parseNativeFrame(strings.TrimRight(line, "\n"))
		if key := fmt.Sprintf("%s %#x", filepath.Base(f.module), f.offset); ok && f.module != "" && !seen[key] {
			seen[key] = true
			fmt.Fprintln(&b, key)
			r := Raw{Native: &Native{Exe: exe}}
			for _, frame := range Symbolize(r.modulePath(f.module), []uint64{f.offset})[0] {
				fmt.Fprintf(&b, "\t%s\t%s:%d\n", frame.Func, frame.File, frame.Line)
			}
		}
	}
	return b.String()
}

// storedSymbols returns Native.Symbolize as symbolsOf has stored it.
func storedSymbols(t testing.TB, stored string) func(string, []uint64) [][]Frame {
	t.Helper()
	known := map[string][]Frame{}
	key := ""
	for line := range strings.Lines(stored) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, "\t") {
			key = line
			continue
		}
		name, place, _ := strings.Cut(line[1:], "\t")
		at := strings.LastIndexByte(place, ':')
		n, err := strconv.Atoi(place[at+1:])
		if err != nil {
			t.Fatal(err)
		}
		known[key] = append(known[key], Frame{Func: name, File: place[:at], Line: n})
	}
	return func(module string, offsets []uint64) [][]Frame {
		var frames [][]Frame
		for _, offset := range offsets {
			frames = append(frames, known[fmt.Sprintf("%s %#x", filepath.Base(module), offset)])
		}
		return frames
	}
}

// readNative reads a captured text.
func readNative(t testing.TB, file string) Raw {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw := Raw{Package: "src", Test: "harness", Dir: "/src", Source: nativeLine(t)}
	if _, err := fmt.Sscanf(string(archive.Comment), "how: %d\nexit: %d\nsignal: %d\n", &raw.How, &raw.ExitCode, &raw.Signal); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	raw.Text = string(archive.Files[0].Data)
	raw.Native = &Native{Exe: "/build/target", Sources: "/src", Foreign: "/build", Symbolize: storedSymbols(t, string(archive.Files[1].Data))}
	return raw
}

// nativeLine returns Raw.Source for files in /src.
func nativeLine(t testing.TB) func(string, int) string {
	return func(file string, line int) string {
		data, err := os.ReadFile(filepath.Join(nativeSource, strings.TrimPrefix(file, "/src/")))
		if err != nil {
			return ""
		}
		lines := strings.Split(string(data), "\n")
		if line < 1 || line > len(lines) {
			t.Errorf("%s has no line %d", file, line)
			return ""
		}
		return cmp.Or(lines[line-1], "")
	}
}
