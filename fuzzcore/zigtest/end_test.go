package zigtest

import (
	"strings"
	"testing"
)

func TestRunnerFailure(t *testing.T) {
	for text, says := range map[string]string{
		"thread 7 panic: failed to write corpus file '1': NoSpaceLeft\n/x/lib/fuzzer.zig:3:4: 0x1 in f (fuzzer)\n":                              "free some space",
		"Bus error at address 0x1\n???:?:?: 0x114b8e3 in fuzzer.Executable.getCoverageMap (x)\n":                                                "free some space",
		"thread 7 panic: corpus of 'a' is in use by another fuzzer\n/x/lib/fuzzer.zig:3:4: 0x1 in f (fuzzer)\n":                                 "end the process",
		"thread 7 panic: incompatible existing coverage file 'a' (differing lengths: 100 != 77256)\n/x/lib/fuzzer.zig:1:1: 0x1 in f (fuzzer)\n": "delete that file",
		"thread 7 panic: fuzz test a no longer exists\n/x/lib/compiler/test_runner.zig:1:1: 0x1 in f (test)\n":                                  "build it again",
		"thread 7 panic: boom\n/home/me/src/x.zig:1:1: 0x1 in f (test)\n":                                                                       "",
		"thread 7 panic: failed to write corpus file\n/home/me/src/x.zig:1:1: 0x1 in f (test)\n":                                                "",
		"thread 7 panic: too much smith data requested\n/x/lib/fuzzer.zig:3:4: 0x1 in f (fuzzer)\n":                                             "",
		"": "",
	} {
		err := RunnerFailure(text)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}
