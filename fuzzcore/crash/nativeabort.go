package crash

import (
	"regexp"
	"strings"
)

// This file tells why a native process called abort: the C and C++ libraries and Rust say
// so just before.

// abortReasons are the messages before an abort, and what kind of crash they stand for.
// The first group is the message; parts of a message that differ from input to input are
// not in the class.
var abortReasons = []struct {
	kind    Kind
	class   string
	pattern *regexp.Regexp
}{
	// assert() of glibc and musl.
	{Abort, "assert", regexp.MustCompile("(?m)^.*?(?:: )?(Assertion [`'].*' failed|Assertion failed: .*)")},
	// libstdc++ and libc++.
	{Exception, "", regexp.MustCompile(`(?m)^terminate called after throwing an instance of ('.*'(?:\n +what\(\): +.*)?)`)},
	{Exception, "", regexp.MustCompile(`(?m)^libc\+\+abi: terminating due to uncaught exception of type (.*)$`)},
	{Exception, "", regexp.MustCompile(`(?m)^(terminate called without an active exception|terminate called recursively)`)},
	// Rust, from 1.73 on and before.
	{Panic, "", regexp.MustCompile(`(?m)^thread '.*'(?: \(\d+\))? panicked at .*:\d+:\d+:\n(.*)$`)},
	{Panic, "", regexp.MustCompile(`(?m)^thread '.*' panicked at '(.*)', \S+:\d+:\d+$`)},
	// glibc's checks of the heap and of the stack.
	{Abort, "heap", regexp.MustCompile(`(?m)^((?:free|malloc|realloc|calloc|munmap_chunk|malloc_consolidate)\(\): .*|double free or corruption.*|corrupted (?:size|double-linked list).*)$`)},
	{Abort, "stack", regexp.MustCompile(`(?m)^\*\*\* (.* detected) \*\*\*`)},
}

// aborted reports a call of abort.
func (r *Raw) aborted(stack []nativeFrame) Report {
	for _, reason := range abortReasons {
		all := reason.pattern.FindAllStringSubmatch(r.Text, -1)
		if len(all) > 0 { // the last one: the fuzz test itself may have printed such lines
			return r.nativeStacked(reason.kind, abortMessage(all[len(all)-1][1]), reason.class, stack)
		}
	}
	return r.nativeStacked(Abort, "abort was called", "", stack)
}

// abortMessage puts the type of an exception and what() in one line, without quotes.
func abortMessage(text string) string {
	kind, what, ok := strings.Cut(text, "\n")
	if !ok {
		return strings.Trim(text, "'")
	}
	_, what, _ = strings.Cut(what, "what():")
	return strings.Trim(kind, "'") + ": " + strings.TrimSpace(what)
}
