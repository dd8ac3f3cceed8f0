package crash

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden reports")

// readTrace reads a captured trace; see capture_test.go.
func readTrace(t testing.TB, file string) Raw {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	raw := Raw{Modules: []Module{{Path: "example.com/crashes", Dir: "/src"}}}
	var pkg string
	if _, err := fmt.Sscanf(string(archive.Comment), "how: %d\ntest: %s\npackage: %s\nexit: %d\nsignal: %d\n",
		&raw.How, &raw.Test, &pkg, &raw.ExitCode, &raw.Signal); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	raw.Package, raw.Dir = "example.com/crashes/"+pkg, "/src/"+pkg
	raw.Text, raw.Output = string(archive.Files[0].Data), string(archive.Files[1].Data)
	return raw
}

// golden is the text of a report in a golden file.
func golden(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\nsignature %s\n", r, r.Signature)
	frame := func(f Frame) string {
		own := ""
		if f.Own {
			own = " (own)"
		}
		return fmt.Sprintf("%s %s:%d%s", f.Func, f.File, f.Line, own)
	}
	fmt.Fprintf(&b, "top: %s\n", frame(r.Top))
	for _, f := range r.Frames {
		fmt.Fprintf(&b, "\t%s\n", frame(f))
	}
	return b.String()
}

func TestAnalyze(t *testing.T) {
	for _, p := range traces() {
		signatures := make(map[string]string)
		for _, version := range captureVersions {
			file := p.file(version)
			t.Run(strings.TrimPrefix(file, "testdata/traces/"), func(t *testing.T) {
				report := Analyze(readTrace(t, file))
				got := golden(report)
				name := strings.TrimSuffix(file, ".txt") + ".golden"
				if *update {
					if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
				signatures[report.Signature] = version
			})
		}
		if len(signatures) != 1 {
			t.Errorf("%s-%s: signatures differ between versions of Go: %v", p.test, p.mode, signatures)
		}
	}
}

// Different bugs have different signatures; one bug seen in two ways has one.
func TestSignaturesTellApart(t *testing.T) {
	seen := make(map[string]string)
	for _, p := range traces() {
		name := p.test
		signature := Analyze(readTrace(t, p.file("go1.26.8"))).Signature
		if other, ok := seen[signature]; ok && other != name {
			t.Errorf("%s and %s have the same signature", name, other)
		}
		seen[signature] = name
	}
	if a, b := seenAs("FuzzIndex", seen), seenAs("FuzzLock", seen); a != 1 || b != 1 {
		t.Errorf("FuzzIndex, failed and exited, has %d signatures, FuzzLock, timed out and detected, %d; want 1, 1", a, b)
	}
}

func seenAs(name string, seen map[string]string) int {
	n := 0
	for _, other := range seen {
		if other == name {
			n++
		}
	}
	return n
}

func TestAnalyzeText(t *testing.T) {
	raw := Raw{
		Package: "example.com/m", Dir: "/src", Test: "FuzzX",
		Modules: []Module{{Path: "example.com/m", Dir: "/src"}},
	}
	for _, tc := range []struct {
		name string
		raw  Raw
		want string // Report.String
		top  string // file:line
	}{
		{"nothing", Raw{How: Failed}, "failure: the test failed without a message", ":0"},
		{"unknown", Raw{How: 99}, "exit: os.Exit(0)", ":0"},
		{"stopped", Raw{How: Stopped, Signal: 9}, "signal: the process was stopped from outside", ":0"},
		{"killed", Raw{How: Exited, ExitCode: -1, Signal: 9},
			"signal: the process was ended by SIGKILL: perhaps the system was out of memory", ":0"},
		{"hang without a trace", Raw{How: TimedOut}, "hang: no result within the time limit", ":0"},
		{"memory without a trace", Raw{How: OverMemory}, "out of memory: the memory limit was reached", ":0"},
		{"empty first line", Raw{How: Failed, Text: "    x_test.go:7: \n        got  1\n        want 2\n"},
			"failure: got  1", "/src/x_test.go:7"},
		{"the user's own panic text", Raw{How: Exited, ExitCode: 1, Text: "panic: not really\n"},
			`exit: os.Exit(1) after printing "panic: not really"`, ":0"},
		{"the user's own fatal error", Raw{How: TimedOut, Text: "fatal error: mine\n"},
			"hang: no result within the time limit", ":0"},
		{"running on another thread", Raw{How: TimedOut, Text: `SIGQUIT: quit
PC=0x474bc1 m=0 sigcode=0

goroutine 6 gp=0xc000007500 m=nil [chan receive]:
testing.(*F).Fuzz(0xc0000c0000, {0x5d4900, 0x626f78})
	/go/src/testing/fuzz.go:408 +0xab8
example.com/m.FuzzX(0xc0000c0000?)
	/src/x_test.go:9 +0x1a
created by testing.runFuzzTests in goroutine 1
	/go/src/testing/fuzz.go:537 +0x8d3

goroutine 7 gp=0xc0000076c0 m=3 mp=0xc000047008 [running]:
	goroutine running on other thread; stack unavailable
created by testing.(*F).Fuzz.func1 in goroutine 6
	/go/src/testing/fuzz.go:322 +0x574
`}, "hang: no result within the time limit", ":0"},
		{"trimmed paths", Raw{How: Failed, Text: `panic: no

goroutine 8 [running]:
gopkg.in/yaml%2ev3.Unmarshal(...)
	gopkg.in/yaml.v3@v3.0.1/yaml.go:12
example.com/m/sub.(*T[...]).Do.func1({0x1, 0x2})
	example.com/m/sub/t.go:14 +0x1d
example.com/m.FuzzX.func1(0x0?, {0x0?, 0x0?})
	example.com/m/x_test.go:9 +0x10
created by testing.fuzzlsCall in goroutine 7
	testing/zz.go:86 +0x2a5
`}, "panic: no", "/src/sub/t.go:14"},
		{"only a dependency", Raw{How: Failed, Text: `panic: no

goroutine 8 [running]:
gopkg.in/yaml%2ev3.Unmarshal(...)
	/mod/gopkg.in/yaml.v3@v3.0.1/yaml.go:12
example.com/m_test.FuzzX.func1(0x0?, {0x0?, 0x0?})
	/src/x_test.go:9 +0x10
`}, "panic: no", "/mod/gopkg.in/yaml.v3@v3.0.1/yaml.go:12"},
		{"address sanitizer", Raw{How: Exited, ExitCode: 1, Text: `=================================================================
==4242==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55 bp 0x7f sp 0x7f
READ of size 1 at 0x602000000010 thread T0
    #0 0x55d0c1 in peek /src/c/peek.c:3:9
    #1 0x55d0c2 in _cgo_123_Cfunc_peek cgo-gcc-prolog:49

0x602000000010 is located 0 bytes inside of 1-byte region
freed by thread T0 here:
    #0 0x49f3c1 in free (/x.test+0x49f3c1)
`}, "signal: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55 bp 0x7f sp 0x7f", "/src/c/peek.c:3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := raw
			r.How, r.ExitCode, r.Signal, r.Text = tc.raw.How, tc.raw.ExitCode, tc.raw.Signal, tc.raw.Text
			got := Analyze(r)
			if top := fmt.Sprintf("%s:%d", got.Top.File, got.Top.Line); got.String() != tc.want || top != tc.top {
				t.Errorf("got %q at %s, want %q at %s", got, top, tc.want, tc.top)
			}
		})
	}
}

func TestPackageOf(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":                        "main",
		"example.com/m.(*T).F.func1":       "example.com/m",
		"example.com/m.F[...]":             "example.com/m",
		"example.com/m.F[example.com/n.T]": "example.com/m",
		"gopkg.in/yaml.v3.(*parser).parse": "gopkg.in/yaml.v3",
		"gopkg.in/yaml.v3.Unmarshal.func1": "gopkg.in/yaml.v3",
		"internal/runtime/maps.fatal":      "internal/runtime/maps",
		"panic":                            "panic",
		"":                                 "",
	} {
		if got := packageOf(name); got != want {
			t.Errorf("packageOf(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestSignatureTellsLinesApart checks that two bugs in one function are two crashes,
// and that a bug stays itself when the file is edited above it.
func TestSignatureTellsLinesApart(t *testing.T) {
	text := func(line string) string {
		return "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\n" +
			"example.com/m.parse(...)\n\t/m/m.go:" + line + " +0x1d\nexample.com/m.FuzzX.func1(0x0)\n\t/m/m_test.go:5 +0x1d\n"
	}
	signature := func(line string, source map[int]string) string {
		raw := Raw{How: Exited, ExitCode: 2, Text: text(line), Package: "example.com/m", Dir: "/m", Test: "FuzzX",
			Modules: []Module{{"example.com/m", "/m"}}, Source: func(_ string, n int) string { return source[n] }}
		return Analyze(raw).Signature
	}
	before := map[int]string{7: "\tswitch s[i] {", 9: "\t\treturn s[i+1]"}
	after := map[int]string{17: "\tswitch s[i] {", 19: "\t\treturn s[i+1]"}
	if signature("7", before) == signature("9", before) {
		t.Error("two lines have one signature")
	}
	if signature("7", before) != signature("17", after) {
		t.Error("a line that moved has another signature")
	}
}
