package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestZigGolden(t *testing.T) {
	for mode := range zigModes {
		for _, b := range zigBugs {
			file := b.file(mode)
			t.Run(filepath.Base(file), func(t *testing.T) {
				got := golden(Analyze(readZig(t, file)))
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
			})
		}
	}
}

// Different bugs have different signatures, and one bug has the same in Debug and in
// ReleaseSafe, so that what one has found is known to the other.
func TestZigSignatures(t *testing.T) {
	bugs := map[string]string{} // by signature
	for _, b := range zigBugs {
		safe, debug := Analyze(readZig(t, b.file("safe"))), Analyze(readZig(t, b.file("debug")))
		if b.name == "overflow" && safe.Signature != debug.Signature {
			continue // LLVM makes one call of the panics of equal checks, and gives it a place of its own
		}
		if safe.Signature != debug.Signature {
			t.Errorf("%s: %v in ReleaseSafe and %v in Debug have different signatures", b.name, safe, debug)
		}
		if b.name == "thread" || b.name == "leak-two" {
			continue // the same bug, reached in another way
		}
		if other, ok := bugs[safe.Signature]; ok {
			t.Errorf("%s and %s have the same signature", b.name, other)
		}
		bugs[safe.Signature] = b.name
	}
}

// Without debug information, what Zig prints has to do.
func TestZigWithoutSymbols(t *testing.T) {
	for _, b := range zigBugs {
		raw := readZig(t, b.file("debug"))
		whole := Analyze(raw)
		raw.Zig.Symbolize = nil
		if got := Analyze(raw); got.Top != whole.Top || got.Signature != whole.Signature {
			t.Errorf("%s: %+v without symbols, %+v with them", b.name, got, whole)
		}
	}
}

func TestZigTextKey(t *testing.T) {
	raw := readZig(t, zigBug{name: "divide"}.file("safe"))
	again := strings.NewReplacer("thread ", "thread 1", ": 0x1", ": 0x55001").Replace(raw.Text)
	if again == raw.Text || TextKey(again) != TextKey(raw.Text) {
		t.Error("the same crash of another process has another key")
	}
	other := strings.Replace(raw.Text, "parse.zig:95:", "parse.zig:96:", 1)
	if other == raw.Text || TextKey(other) == TextKey(raw.Text) {
		t.Error("crashes at different lines have the same key")
	}
}

func TestZigText(t *testing.T) {
	const frame = "/src/a.zig:7:3: 0x10 in parse__anon_12 (test)\n    x();\n    ^\n"
	for _, test := range []struct {
		name string
		raw  Raw
		want string
		top  string // file:line
	}{
		{"nothing", Raw{How: Exited}, "exit: exit(0)", ":0"},
		{"killed", Raw{How: Exited, Signal: 9}, "signal: the process was ended by SIGKILL: perhaps the system was out of memory", ":0"},
		{"stopped", Raw{How: Stopped, Signal: 15}, "signal: the process was stopped from outside", ":0"},
		{"hang", Raw{How: TimedOut}, "hang: no result within the time limit", ":0"},
		{"hang with a stack", Raw{How: TimedOut, Text: "Segmentation fault at address 0x3e8\n" + frame}, "hang: no result within the time limit in parse", "/src/a.zig:7"},
		{"memory", Raw{How: OverMemory}, "out of memory: the memory limit was reached", ":0"},
		{"a panic whose trace took too long", Raw{How: TimedOut, Text: "thread 7 panic: no\n" + frame}, "panic: no", "/src/a.zig:7"},
		{"without threads", Raw{How: Exited, Signal: 6, Text: "panic: no\n" + frame}, "panic: no", "/src/a.zig:7"},
		{"broken off", Raw{How: Exited, Signal: 6, Text: "thread 7 panic: index out of bounds: index 4, len 3\n/src/a.z"}, "panic: index out of bounds: index 4, len 3", ":0"},
		{"no debug information", Raw{How: Exited, Signal: 6, Text: "thread 7 panic: no\n???:?:?: 0x12 in ??? (???)\n"}, "panic: no", ":0"},
		{"the supervisor's end", Raw{How: Exited, Signal: 6, Text: "thread 7 panic: unexpected end of stdin\n"}, "abort: abort was called", ":0"},
		{"not a fuzz test", Raw{How: Exited, Signal: 6, Text: "thread 7 panic: missed call to std.testing.fuzz\n"}, "panic: missed call to std.testing.fuzz", ":0"},
		{"error trace", Raw{How: Exited, ExitCode: 1, Text: frame + "/src/b.zig:1:1: 0x20 in one (test)\nfailed with error.NoRule\n"}, "returned error: NoRule", "/src/a.zig:7"},
		{"expectation", Raw{How: Exited, ExitCode: 1, Text: "expected 1, found 2\nfailed with error.TestExpectedEqual\n"}, "returned error: TestExpectedEqual: expected 1, found 2", ":0"},
		{"strings", Raw{How: Exited, ExitCode: 1, Text: "\n====== expected this output: =========\na␃\n\nFirst difference occurs on line 1:\nexpected:\na\nfailed with error.TestExpectedEqual\n"},
			"returned error: TestExpectedEqual: First difference occurs on line 1:", ":0"},
		{"double free", Raw{How: Exited, ExitCode: 1, Text: "[DebugAllocator] (err): Double free detected. Allocation: \n" + frame + " First free: \n/src/b.zig:2:1: 0x30 in f (test)\n Second free: \n/src/c.zig:3:1: 0x40 in g (test)\nerror logs detected\n"},
			"double free: Double free detected", "/src/c.zig:3"},
		{"wrong size", Raw{How: Exited, ExitCode: 1, Text: "[DebugAllocator] (err): Allocation size 4 bytes does not match free size 5. Allocation: \n" + frame + " Free: \n/src/c.zig:3:1: 0x40 in g (test)\nerror logs detected\n"},
			"wrong free: Allocation size 4 bytes does not match free size 5", "/src/c.zig:3"},
		{"generated", Raw{How: Exited, Signal: 6, Text: "thread 7 panic: no\n/src/.zig-cache/o/1/options.zig:1:1: 0x10 in f (test)\n/src/zig-pkg/dep/x.zig:2:1: 0x10 in g (test)\n" + frame}, "panic: no", "/src/a.zig:7"},
	} {
		test.raw.Zig = &Zig{Sources: "/src"}
		report := Analyze(test.raw)
		if got := report.String(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if got := fmt.Sprintf("%s:%d", report.Top.File, report.Top.Line); got != test.top {
			t.Errorf("%s: top at %s, want %s", test.name, got, test.top)
		}
	}
}

func TestZigName(t *testing.T) {
	for name, want := range map[string]string{
		"one":                              "one",
		"parse.inner":                      "inner",
		"array_list.Aligned(u8,null).grow": "array_list.Aligned(u8,null).grow",
		"free__anon_33576":                 "free",
		"mem.eql__anon_12":                 "eql",
		"two.test.fuzz alpha":              "test.fuzz alpha",
		"":                                 "",
	} {
		if got := zigName(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Any text gets a kind, a signature and one line.
func FuzzZig(f *testing.F) {
	for _, b := range zigBugs {
		f.Add(firstLines(readZig(f, b.file("safe")).Text, 40), int(Exited), 6)
	}
	f.Add("[DebugAllocator] (err): memory address 0x7 leaked: \n", int(Exited), 0)
	f.Fuzz(func(t *testing.T, text string, how, signal int) {
		raw := Raw{How: How(how), Signal: signal, Text: text, Zig: &Zig{Sources: "/src"}}
		report := Analyze(raw)
		if report.Kind == "" || len(report.Signature) != 16 || strings.Contains(report.Message, "\n") {
			t.Errorf("%q: %+v", text, report)
		}
		TextKey(text)
	})
}
