package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNativeGolden(t *testing.T) {
	for _, b := range nativeBugs {
		file := b.file()
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := golden(Analyze(readNative(t, file)))
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

// Different bugs have different signatures; one that different tools see has one, if they
// give it the same name.
func TestNativeSignatures(t *testing.T) {
	bugs := map[string]string{} // by signature
	signatures := map[string]map[Kind]string{}
	for _, b := range nativeBugs {
		report := Analyze(readNative(t, b.file()))
		if other, ok := bugs[report.Signature]; ok && other != b.name {
			t.Errorf("%s and %s have the same signature", b.name, other)
		}
		bugs[report.Signature] = b.name
		if signatures[b.name] == nil {
			signatures[b.name] = map[Kind]string{}
		}
		if seen := signatures[b.name][report.Kind]; seen != "" && seen != report.Signature {
			t.Errorf("%s is one %s, but has two signatures", b.name, report.Kind)
		}
		signatures[b.name][report.Kind] = report.Signature
	}
}

// A stack that is compiled anew, at other addresses, gives the same signature, and equal
// texts of it need not be analyzed twice.
func TestTextKey(t *testing.T) {
	raw := readNative(t, nativeBug{"heap-overflow", "address", ""}.file())
	again := strings.NewReplacer("==ERROR", "==ERROR", "0x502000000", "0x503000000", "T0", "T0").Replace(raw.Text)
	if again == raw.Text || TextKey(again) != TextKey(raw.Text) {
		t.Error("the same crash at another address has another key")
	}
	other := readNative(t, nativeBug{"use-after-free", "address", ""}.file())
	if TextKey(other.Text) == TextKey(raw.Text) {
		t.Error("different crashes have the same key")
	}
}

func TestNativeText(t *testing.T) {
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
		{"memory", Raw{How: OverMemory}, "out of memory: the memory limit was reached", ":0"},
		{"broken off", Raw{How: Exited, ExitCode: 1, Text: "==1==ERROR: AddressSanitizer: heap-buffer-ov"}, "heap-buffer-ov", ":0"},
		{"symbolized", Raw{How: Exited, Text: "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000 (pc 0x1 bp 0x2 sp 0x3 T0)\n" +
			"==1==The signal is caused by a READ memory access.\n    #0 0x5 in ns::T<int>::f(char const*) const /src/a.cc:7:3\n    #1 0x6 in LLVMFuzzerTestOneInput /src/h.cc:2:1\n"},
			"signal: SIGSEGV: access to address 0x0 (read)", "/src/a.cc:7"},
		{"undefined without a stack", Raw{How: Exited, Dir: "/src", Text: "a.c:3:9: runtime error: division by zero\nSUMMARY: UndefinedBehaviorSanitizer: undefined-behavior a.c:3:9\n"},
			"undefined behavior: division by zero", "/src/a.c:3"},
		{"Rust", Raw{How: Exited, Signal: 6, Text: "thread '<unnamed>' panicked at src/lib.rs:9:5:\nindex out of bounds: the len is 3 but the index is 3\nnote: run with `RUST_BACKTRACE=1`\nfuzzls: SIGABRT (abort)\n"},
			"panic: index out of bounds: the len is 3 but the index is 3", ":0"},
		{"old Rust", Raw{How: Exited, Signal: 6, Text: "thread 'main' panicked at 'no', src/lib.rs:9:5\nfuzzls: SIGABRT (abort)\n"}, "panic: no", ":0"},
		{"libc++", Raw{How: Exited, Signal: 6, Text: "libc++abi: terminating due to uncaught exception of type E: why\nfuzzls: SIGABRT (abort)\n"}, "uncaught exception: E: why", ":0"},
		{"musl", Raw{How: Exited, Signal: 6, Text: "Assertion failed: n > 0 (a.c: f: 12)\nfuzzls: SIGABRT (abort)\n"}, "abort: Assertion failed: n > 0 (a.c: f: 12)", ":0"},
		{"stack protector", Raw{How: Exited, Signal: 6, Text: "*** stack smashing detected ***: terminated\nfuzzls: SIGABRT (abort)\n"}, "abort: stack smashing detected", ":0"},
		{"sent", Raw{How: Exited, Signal: 11, Text: "fuzzls: SIGSEGV, sent by a process\n"}, "signal: SIGSEGV", ":0"},
		{"memory limit of ASan", Raw{How: Exited, Text: "==1==ERROR: AddressSanitizer: allocator is out of memory trying to allocate 0x10 bytes\n"}, "out of memory: allocator is out of memory trying to allocate", ":0"},
	} {
		test.raw.Native = &Native{Sources: "/src"}
		report := Analyze(test.raw)
		if got := report.String(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if got := fmt.Sprintf("%s:%d", report.Top.File, report.Top.Line); got != test.top {
			t.Errorf("%s: top at %s, want %s", test.name, got, test.top)
		}
	}
}

func TestNativeName(t *testing.T) {
	for name, want := range map[string]string{
		"main":                                                      "main",
		"ns::f(int, char const*)":                                   "ns::f",
		"void ns::f<int>(std::vector<int>&)":                        "ns::f",
		"ns::T<int>::operator()(int) const":                         "ns::T::operator()",
		"ns::T<int>::operator<(ns::T const&)":                       "ns::T<int>::operator<",
		"ns::T::operator()":                                         "ns::T::operator()",
		"(anonymous namespace)::f(int)":                             "(anonymous namespace)::f",
		"query::decode[abi:cxx11](int)":                             "query::decode",
		"f(int) [clone .cold]":                                      "f",
		"std::vector<int, std::allocator<int> >::at(unsigned long)": "std::vector::at",
		"crate::parse::<u8>":                                        "crate::parse",
		"<crate::T as core::fmt::Debug>::fmt":                       "<crate::T as core::fmt::Debug>::fmt",
		"":                                                          "",
	} {
		if got := nativeName(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Any text gets a kind, a signature and one line.
func FuzzNative(f *testing.F) {
	for _, b := range nativeBugs {
		f.Add(readNative(f, b.file()).Text, 1)
	}
	f.Add("fuzzls: the fuzz test called exit(7)\n    #0 0x1  (/a+0x1)\n", 0)
	f.Fuzz(func(t *testing.T, text string, code int) {
		raw := Raw{How: Exited, ExitCode: code, Text: text, Native: &Native{Sources: "/src"}}
		report := Analyze(raw)
		if report.Kind == "" || len(report.Signature) != 16 || strings.Contains(report.Message, "\n") {
			t.Errorf("%q: %+v", text, report)
		}
		TextKey(text)
	})
}
