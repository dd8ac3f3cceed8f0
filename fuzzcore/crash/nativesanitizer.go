package crash

import (
	"fmt"
	"regexp"
	"strings"
)

// This file reads the reports of the sanitizers, whose form is that of compiler-rt's
// lib/asan/asan_errors.cpp and its like.

// sanitizerReport reports what a sanitizer said: head is the rest of its headline, text
// what follows.
func (r *Raw) sanitizerReport(sanitizer, head, text string) Report {
	stack := firstStack(text)
	word := firstField(head)
	switch {
	case sanitizer == "LeakSanitizer":
		return r.leak(text, stack)
	case sanitizer == "ThreadSanitizer" && strings.HasPrefix(head, "data race"):
		return r.nativeRace(text)
	case strings.HasPrefix(head, "use-of-uninitialized-value"):
		return r.nativeStacked(Uninitialized, "", "", stack)
	case word == "stack-overflow":
		return r.nativeOverflow(stack)
	case word == "ABRT":
		return r.aborted(stack)
	case word == "out-of-memory", strings.HasPrefix(head, "hard rss limit exhausted"):
		return r.nativeStacked(OutOfMemory, lower(head), "", stack)
	case isSignalWord(word):
		return r.nativeSignal("SIG"+word, accessOf(head, text), stack)
	case strings.HasPrefix(head, "attempting "):
		// "attempting double-free on 0x… in thread T0:", "attempting free on address
		// which was not malloc()-ed: 0x…".
		what := withoutAddresses(strings.TrimPrefix(head, "attempting "))
		if strings.HasPrefix(what, "free on address") {
			return r.nativeStacked("bad-free", "free of an address that malloc did not return", "", stack)
		}
		kind, _, _ := strings.Cut(what, " ")
		return r.nativeStacked(Kind(kind), region(text), "", stack)
	case strings.Contains(head, "-param-overlap"):
		return r.nativeStacked(Kind(strings.TrimSuffix(word, ":")), "the memory that is copied from and to overlaps", "", stack)
	case strings.Contains(word, "-"):
		return r.nativeStacked(Kind(strings.TrimSuffix(word, ":")), accessed(text), "", stack)
	}
	// "requested allocation size 0x… exceeds maximum supported size", "CHECK failed: …",
	// "nested bug in the same thread, aborting.".
	kind, message := allocationKind(head)
	return r.nativeStacked(kind, message, "", stack)
}

// allocationKind returns the kind that a sanitizer's summary names for a report whose
// headline does not, and what to say of it.
func allocationKind(head string) (Kind, string) {
	switch {
	case strings.HasPrefix(head, "requested allocation size"):
		return "allocation-size-too-big", "more memory at once than the sanitizer allows"
	case strings.HasPrefix(head, "calloc parameters overflow"):
		return "calloc-overflow", "the product of calloc's arguments overflows"
	case strings.HasPrefix(head, "reallocarray parameters overflow"):
		return "reallocarray-overflow", "the product of reallocarray's arguments overflows"
	case strings.HasPrefix(head, "allocator is out of memory"):
		return OutOfMemory, withoutAddresses(head)
	}
	return Signal, withoutAddresses(head)
}

// isSignalWord reports whether a sanitizer calls a signal so: "SEGV", "FPE".
func isSignalWord(word string) bool {
	switch word {
	case "SEGV", "BUS", "FPE", "ILL", "TRAP":
		return true
	}
	return false
}

var (
	addressInText = regexp.MustCompile(` ?\(?0x[0-9a-f]+(?: bytes)?\)?`)
	accessLine    = regexp.MustCompile(`(?m)^(READ|WRITE) of size (\d+|-\d+) at `)
	regionLine    = regexp.MustCompile(`(?m)^(?:0x[0-9a-f]+|Address 0x[0-9a-f]+) is (located .*)$`)
	variableLine  = regexp.MustCompile(`(?m)^ +\[\d+, \d+\) ('.*?')(?: \(line \d+\))? <== `)
	causedLine    = regexp.MustCompile(`The signal is caused by a (READ|WRITE) memory access`)
)

// withoutAddresses leaves addresses out, and who was running.
func withoutAddresses(text string) string {
	text, _, _ = strings.Cut(text, " in thread T")
	text, _, _ = strings.Cut(text, " at pc ")
	return strings.TrimSuffix(addressInText.ReplaceAllString(text, ""), ":")
}

// accessOf says what access made a signal, if it is known: "a write to address 0x0".
func accessOf(head, text string) string {
	address := addressText(head)
	m := causedLine.FindStringSubmatch(text)
	if m == nil || address == "" {
		return address
	}
	return fmt.Sprintf("%s (%s)", address, strings.ToLower(m[1]))
}

// accessed says what memory was accessed and where that lies: "read of 1 byte, 0 bytes
// after 2-byte region".
func accessed(text string) string {
	m := accessLine.FindStringSubmatch(text)
	if m == nil {
		return region(text)
	}
	message := strings.ToLower(m[1]) + " of " + m[2] + " bytes"
	if m[2] == "1" {
		message = strings.ToLower(m[1]) + " of 1 byte"
	}
	if where := region(text); where != "" {
		message += ", " + where
	}
	return message
}

// region says where an address lies, without addresses.
func region(text string) string {
	if m := variableLine.FindStringSubmatch(text); m != nil {
		return "beside the variable " + m[1]
	}
	m := regionLine.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	where := strings.TrimPrefix(m[1], "located ")
	for _, end := range []string{" [0x", " defined in ", " in frame", " at offset ", " (0x"} {
		where, _, _ = strings.Cut(where, end)
	}
	return withoutAddresses(where)
}

var leakLine = regexp.MustCompile(`(?m)^Direct leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:$`)

// leak reports what LeakSanitizer found: the first of the leaks.
func (r *Raw) leak(text string, stack []nativeFrame) Report {
	message := "memory was not freed"
	if m := leakLine.FindStringSubmatchIndex(text); m != nil {
		message = fmt.Sprintf("%s bytes in %s allocations were not freed", text[m[2]:m[3]], text[m[4]:m[5]])
		stack = firstStack(text[m[1]:])
	}
	return r.nativeStacked(Leak, message, "", stack)
}

// nativeRace reports a data race that ThreadSanitizer found. Its signature does not
// depend on which of the two accesses came first.
func (r *Raw) nativeRace(text string) Report {
	report := r.nativeStacked(DataRace, "", "", firstStack(text))
	first, second := report.Top, Frame{}
	if _, previous, ok := strings.Cut(text, "\n  Previous "); ok {
		second = r.nativeStacked(DataRace, "", "", firstStack(previous)).Top
	}
	report.Message = "two threads access the same memory" + during(first)
	if second.Func != "" && second.Func != first.Func {
		report.Message += " and in " + second.Func
	}
	report.Signature = digest(string(DataRace), min(first.Func, second.Func), max(first.Func, second.Func))
	return report
}

// lower makes the first letter of a sentence small.
func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
