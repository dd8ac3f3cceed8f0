package zigtest

import (
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"github.com/fuzzls/fuzzls/fuzzcore/executor"
)

// This file tells what the end of a child says about the input that it was running.

// ownTrace matches the first lines of a panic, or of a fault in mapped memory, whose
// innermost frame is in Zig's fuzzer or test runner: not the fuzz test has failed, but
// what runs it.
var ownTrace = regexp.MustCompile(`(?m)^(?:(?:thread \d+ )?panic: (.*)|(Bus error) at address .*)\n(?:\S*[/\\](?:fuzzer|test_runner)\.zig:\d+:\d+: |\?\?\?:\?:\?: 0x[0-9a-f]+ in (?:fuzzer|test_runner)\.)`)

// ofTheTest are panics of Zig's fuzzer and test runner that are the fuzz test's doing.
var ofTheTest = []string{"too much smith data requested", "missed call to std.testing.fuzz", "error logs detected", "OOM"}

// RunnerFailure returns why Zig's fuzzer itself gave up, as what a child has printed tells
// it, with what the user can do; nil if it did not.
func RunnerFailure(text string) error {
	found := ownTrace.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	for _, own := range ofTheTest {
		if strings.HasPrefix(found[1], own) {
			return nil
		}
	}
	switch message := found[1]; {
	case found[2] != "", strings.Contains(message, "NoSpaceLeft"):
		return fmt.Errorf("the fuzzer of Zig cannot write its files: %w: free some space on that disk", syscall.ENOSPC)
	case strings.Contains(message, "in use by another fuzzer"):
		return fmt.Errorf("the fuzzer of Zig gave up: %s: end the process that has locked it", message)
	case strings.Contains(message, "incompatible existing coverage file"):
		return fmt.Errorf("the fuzzer of Zig gave up: %s: delete that file", message)
	case strings.Contains(message, "no longer exists"):
		return fmt.Errorf("%s: build it again", message)
	default:
		return fmt.Errorf("the fuzzer of Zig gave up: %s", message)
	}
}

// crashing matches the first lines of what Zig prints of crashes.
var crashing = regexp.MustCompile(`(?m)^(?:thread \d+ )?panic: |^(?:Segmentation fault|Illegal instruction|Bus error|Arithmetic exception) at address |^\[DebugAllocator\] \(err\): |^failed with error\.|^error logs detected$`)

// Crashing reports whether a process that has printed this is about to end with a crash.
func Crashing(text string) bool { return crashing.MatchString(text) }

// returned matches the panic of Zig's test runner after a fuzz test that has returned,
// where that cannot be: in infinite mode.
var returned = regexp.MustCompile(`(?m)panic: reached unreachable code\n(?:.*\n){0,6}?.*(?:test_runner\.mainServer|in mainServer) `)

// Returned reports whether a process that was to fuzz for ever has printed that its fuzz
// test has returned: that did nothing, as one that returns error.SkipZigTest.
func Returned(text string) bool { return returned.MatchString(text) }

// CrashOf returns the crash that a child's end means for the input that it was running,
// nil if the end says nothing about it: it has done what it was told (finished), or
// somebody else has ended it. The error says that it could not do its work.
func CrashOf(c *Child) (crash *executor.Crash, finished bool, err error) {
	code, signal, err := c.End()
	if err != nil {
		return nil, false, err
	}
	text := c.Text()
	switch {
	case code == 0:
		return nil, true, nil
	case signal == int(syscall.SIGKILL) || signal == int(syscall.SIGTERM) || signal == int(syscall.SIGINT):
		return nil, false, nil
	}
	if err := RunnerFailure(text); err != nil {
		return nil, false, err
	}
	return &executor.Crash{How: executor.Exited, ExitCode: code, Signal: signal, Text: text}, false, nil
}
