package crash

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	zigprograms "github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file makes the texts in testdata/zig: `go test -run TestZigCapture -capture-zig
// ./fuzzcore/crash` builds the program in testdata/zig/src with Zig 0.16, in ReleaseSafe
// and in Debug, runs each of its bugs, and stores what they print, and what of the
// addresses in it debug information tells.

var captureZig = flag.Bool("capture-zig", false, "run the crashing Zig program and rewrite its texts")

// zigSource is where the program is; in the texts, it is /src, and Zig's library is
// /zig/lib.
const zigSource = "testdata/zig/src"

// zigModes are the ways to build, with the arguments that each needs.
var zigModes = map[string][]string{
	"safe":  {"-OReleaseSafe"},
	"debug": {"-ODebug", "-fllvm", "-fno-error-tracing"},
}

// zigBug is a bug of the program: choice is its number in the enum Bug, n the byte that it
// is given.
type zigBug struct {
	name   string
	choice uint64
	n      uint64
}

var zigBugs = []zigBug{
	{"panic", 1, 4}, {"index", 2, 4}, {"overflow", 3, 6}, {"unwrap", 4, 4}, {"reached", 5, 4}, {"union-field", 6, 4},
	{"segfault", 7, 4}, {"null-write", 8, 4}, {"use-after-free", 9, 4}, {"double-free", 10, 4},
	{"returned", 11, 4}, {"returned-deep", 12, 4}, {"expected", 13, 4},
	{"leak", 14, 4}, {"leak-two", 15, 4}, {"log", 16, 4}, {"log-scope", 17, 4},
	{"recursion", 18, 4}, {"forever", 19, 4}, {"exit", 20, 4}, {"divide", 21, 4}, {"misaligned", 22, 4},
	{"thread", 23, 4}, {"error-unwrap", 24, 4}, {"slices", 25, 4}, {"abort", 26, 4}, {"harness", 27, 4},
}

func (b zigBug) file(mode string) string {
	return filepath.Join("testdata", "zig", mode+"-"+b.name+".txt")
}

func TestZigCapture(t *testing.T) {
	if !*captureZig {
		t.Skip("only with -capture-zig")
	}
	source, err := filepath.Abs(zigSource)
	if err != nil {
		t.Fatal(err)
	}
	zig, err := zigprograms.Zig()
	if err != nil {
		t.Fatal(err)
	}
	for mode, flags := range zigModes {
		exe := filepath.Join(t.TempDir(), "target")
		args := slices.Concat([]string{"test", "-ffuzz", "--test-no-exec", "-femit-bin=" + exe}, flags, []string{"bugs.zig"})
		cmd := exec.Command(zig, args...)
		cmd.Dir = source
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", zig, args, err, out)
		}
		for _, b := range zigBugs {
			header, text := b.run(t, exe)
			neutral := strings.NewReplacer(source, "/src", filepath.Join(filepath.Dir(zig), "lib"), "/zig/lib")
			data := txtar.Format(&txtar.Archive{Comment: []byte(header), Files: []txtar.File{
				{Name: "text", Data: []byte(neutral.Replace(text))},
				{Name: "symbols", Data: []byte(neutral.Replace(zigSymbols(text, exe)))},
			}})
			if err := os.WriteFile(b.file(mode), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// run runs the bug as the only input of a corpus, and returns what is stored of its end,
// and what it printed. A run that goes on for ever is sent the signal that makes it print
// its stack.
func (b zigBug) run(t testing.TB, exe string) (header, text string) {
	t.Helper()
	const test = "bugs.test.one of many bugs"
	cache := t.TempDir()
	var name [8]byte
	binary.LittleEndian.PutUint64(name[:], abi.Wyhash(0, []byte(test)))
	corpus := filepath.Join(cache, "f", hex.EncodeToString(name[:]))
	for _, dir := range []string{corpus, filepath.Join(cache, "tmp")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	input := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, b.choice), b.n)
	if err := os.WriteFile(filepath.Join(corpus, "0"), input, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "--listen=-", "--cache-dir="+cache, "--seed=0x0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	start := abi.StartFuzzing{Kind: abi.LimitIterations, Amount: 1, Names: []string{test}}.Append(nil)
	if err := abi.WriteMessage(stdin, abi.TagStartFuzzing, start); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(10*time.Second, func() { cmd.Process.Signal(syscall.SIGSEGV) })
	_ = cmd.Wait() // it always fails
	how := Exited
	if !hung.Stop() {
		how = TimedOut
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	signal := 0
	if status.Signaled() {
		signal = int(status.Signal())
	}
	return nativeHeader(how, status.ExitStatus(), signal), firstLines(stderr.String(), 600)
}

// firstLines returns the first n lines of text: recursion without end prints megabytes.
func firstLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:min(len(lines), n)], "")
}

// zigSymbols returns what debug information tells of the addresses in text, as symbolsOf
// does, where that is more than what is printed.
func zigSymbols(text, exe string) string {
	var b strings.Builder
	seen := map[uint64]bool{}
	for line := range strings.Lines(text) {
		m := zigFrame.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		offset := zigFrameOf(m).offset
		list := Symbolize(exe, []uint64{offset})[0]
		if seen[offset] || len(list) < 2 {
			continue
		}
		seen[offset] = true
		fmt.Fprintf(&b, "target %#x\n", offset)
		for _, frame := range list {
			fmt.Fprintf(&b, "\t%s\t%s:%d\n", frame.Func, frame.File, frame.Line)
		}
	}
	return b.String()
}

// readZig reads a captured text.
func readZig(t testing.TB, file string) Raw {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw := Raw{Package: "src", Test: "bugs.test.one of many bugs", Dir: "/src"}
	raw.Source = func(file string, line int) string {
		data, err := os.ReadFile(filepath.Join(zigSource, strings.TrimPrefix(file, "/src/")))
		if err != nil {
			return ""
		}
		return strings.Split(string(data), "\n")[line-1]
	}
	if _, err := fmt.Sscanf(string(archive.Comment), "how: %d\nexit: %d\nsignal: %d\n", &raw.How, &raw.ExitCode, &raw.Signal); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	raw.Text = string(archive.Files[0].Data)
	raw.Zig = &Zig{Exe: "/build/target", Sources: "/src", Foreign: "/src/.fuzzls", Symbolize: storedSymbols(t, string(archive.Files[1].Data))}
	return raw
}
