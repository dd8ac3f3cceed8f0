package crash

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// This file tells crashes of Zig apart: by what the standard library prints of a panic or a
// signal, by what the test runner prints of an error that a fuzz test returned or logged,
// and by what the testing allocator prints of memory.

// Zig is what is known of a fuzz test of Zig that crashed.
type Zig struct {
	// Exe is the executable.
	Exe string
	// Sources is the directory whose files are the user's own, absolute; Foreign a
	// directory in it whose files are ours, "" if there is none.
	Sources, Foreign string
	// Symbolize is as in Native. Zig prints one line for each call that was not inlined;
	// debug information has the others. nil if there is none.
	Symbolize func(module string, offsets []uint64) [][]Frame
}

// The kinds of crash that only Zig has; what the testing allocator finds but leaks is in
// its own words, such as "double free".
const (
	// ErrorReturned is a fuzz test that returned an error.
	ErrorReturned Kind = "returned error"
	// ErrorLogged is a fuzz test that logged an error and went on.
	ErrorLogged Kind = "logged error"
)

var (
	// zigPanic matches the headline of a panic; programs without threads print no number.
	zigPanic = regexp.MustCompile(`(?m)^(?:thread \d+ )?panic: (.*)$`)
	// zigFault matches that of a signal.
	zigFault = regexp.MustCompile(`(?m)^(Segmentation fault|Illegal instruction|Bus error|Arithmetic exception|General protection exception) (?:at address 0x([0-9a-f]+)|\(no address available\))`)
	// zigReturned matches what the test runner says of an error that was returned,
	// zigLogged an error that was logged, with its scope.
	zigReturned = regexp.MustCompile(`(?m)^failed with error\.(.+)$`)
	zigLogged   = regexp.MustCompile(`(?m)^\[([^\]]*)\] \(err\): (.*)$`)
	// zigLeak matches what the testing allocator logs of memory that was not freed.
	zigLeak = regexp.MustCompile(`^memory address 0x[0-9a-f]+ leaked:`)
)

// zigRunnerPanics are panics of Zig's test runner. They tell that whoever had started the
// process has gone, or of something that was wrong before any input ran.
var zigRunnerPanics = []string{"unexpected end of stdin", "internal test runner failure"}

// zig reports a crash of Zig.
func (r *Raw) zig() Report {
	fault := zigFault.FindStringSubmatchIndex(r.Text)
	if r.How == Stopped {
		return r.zigStacked(Signal, "the process was stopped from outside", "stopped", nil)
	}
	if panicked := zigPanicIn(r.Text); panicked != nil {
		return r.zigPanicked(r.Text[panicked[2]:panicked[3]], r.Text[panicked[1]:])
	}
	// A process that hangs is sent a signal to make it print its stack.
	var stack []nativeFrame
	if fault != nil {
		stack = zigStack(r.Text[fault[1]:])
	}
	switch {
	case (r.How == TimedOut || r.How == OverMemory) && isEndless(framesOf(r.zigCalls(stack))):
		return r.zigOverflow(stack) // printing its trace takes longer than the limit
	case r.How == TimedOut:
		report := r.zigStacked(Hang, "", "", stack)
		report.Message = "no result within the time limit" + during(report.Top)
		return report
	case r.How == OverMemory:
		report := r.zigStacked(OutOfMemory, "", "", stack)
		report.Message = "the memory limit was reached" + during(report.Top)
		return report
	case fault != nil:
		return r.zigFaulted(fault, stack)
	}
	if all := zigReturned.FindAllStringSubmatchIndex(r.Text, -1); all != nil {
		return r.zigFailed(all[len(all)-1])
	}
	if logged := zigLogged.FindAllStringSubmatchIndex(r.Text, -1); logged != nil {
		return r.zigLoggedError(logged)
	}
	switch {
	case signalName(r.Signal) == "SIGABRT":
		return r.zigStacked(Abort, "abort was called", "", nil)
	case r.Signal != 0:
		message := "the process was ended by " + signalName(r.Signal)
		if signalName(r.Signal) == "SIGKILL" {
			message += ": perhaps the system was out of memory"
		}
		return r.zigStacked(Signal, message, signalName(r.Signal), nil)
	}
	message := fmt.Sprintf("exit(%d)", r.ExitCode)
	if text := lastLine(r.Text); text != "" {
		message = fmt.Sprintf("exit(%d) after printing %q", r.ExitCode, text)
	}
	return r.zigStacked(Exit, message, strconv.Itoa(r.ExitCode), nil)
}

// zigPanicIn returns the match of zigPanic that is the fuzz test's; nil if there is none.
func zigPanicIn(text string) []int {
	for _, m := range zigPanic.FindAllStringSubmatchIndex(text, -1) {
		runners := false
		for _, prefix := range zigRunnerPanics {
			runners = runners || strings.HasPrefix(text[m[2]:m[3]], prefix)
		}
		if !runners {
			return m
		}
	}
	return nil
}

// zigPanicked reports a panic; rest is what follows its headline.
func (r *Raw) zigPanicked(message, rest string) Report {
	return r.zigStacked(Panic, message, zigClass(message), zigStack(rest))
}

// zigSafety are the messages of Zig's safety checks that go on with values of the run.
var zigSafety = []string{"index out of bounds", "attempt to unwrap error", "sentinel mismatch", "start index", "access of union field", "slice length"}

// zigClass returns what is the same in all messages of one safety check, "" for messages
// of the user's own, which may depend on the input.
func zigClass(message string) string {
	for _, check := range zigSafety {
		if strings.HasPrefix(message, check) {
			return check
		}
	}
	return ""
}

// zigFaulted reports a signal; m is a match of zigFault.
func (r *Raw) zigFaulted(m []int, stack []nativeFrame) Report {
	name := map[string]string{
		"Segmentation fault": "SIGSEGV", "Illegal instruction": "SIGILL", "Bus error": "SIGBUS",
		"Arithmetic exception": "SIGFPE", "General protection exception": "SIGSEGV",
	}[r.Text[m[2]:m[3]]]
	if isEndless(framesOf(r.zigCalls(stack))) {
		return r.zigOverflow(stack)
	}
	message := name
	if m[4] >= 0 && name != "SIGILL" {
		if where := addressText("address 0x" + r.Text[m[4]:m[5]]); where != "" {
			message += ": access to " + where
		}
	}
	return r.zigStacked(Signal, message, name, stack)
}

// zigOverflow reports recursion without end.
func (r *Raw) zigOverflow(stack []nativeFrame) Report {
	report := r.zigStacked(StackOverflow, "recursion without end", "", stack)
	if names := recurring(report.Frames); len(names) > 0 {
		report.Message += " in " + strings.Join(names, ", ")
	}
	return report
}

// zigFailed reports an error that the fuzz test returned; m is a match of zigReturned.
// Only programs with error tracing print where it came from; without that, what is known
// is the fuzz test.
func (r *Raw) zigFailed(m []int) Report {
	name, before := strings.TrimSpace(r.Text[m[2]:m[3]]), r.Text[:m[0]]
	message, class := name, name
	if why, shape := zigExpectation(name, before); why != "" {
		message, class = name+": "+why, name+" "+shape
	}
	return r.zigStacked(ErrorReturned, message, class, zigStack(before))
}

// zigDifferences begin what std.testing prints of long values that differ.
var zigDifferences = []string{"slices differ.", "First difference occurs"}

// zigExpectation returns what std.testing printed before it returned one of its errors,
// "expected 0, found 4", and what is the same in all messages of its kind.
func zigExpectation(name, before string) (why, shape string) {
	if !strings.HasPrefix(name, "Test") {
		return "", ""
	}
	for _, difference := range zigDifferences {
		if i := strings.LastIndex(before, difference); i >= 0 {
			return oneLine(before[i:]), difference
		}
	}
	for line := range strings.Lines(before) {
		if text := strings.TrimSpace(line); text != "" && !isZigFrame(line) {
			why = text
		}
	}
	return why, ""
}

// zigLoggedError reports an error that the fuzz test logged, or that the testing allocator
// did; logged are the matches of zigLogged.
func (r *Raw) zigLoggedError(logged [][]int) Report {
	leaks := 0
	for _, m := range logged {
		scope, message := r.Text[m[2]:m[3]], strings.TrimSpace(r.Text[m[4]:m[5]])
		switch {
		case scope != "DebugAllocator" && scope != "gpa":
			if scope != "default" {
				message = scope + ": " + message
			}
			return r.zigStacked(ErrorLogged, message, scope, zigStack(r.Text[m[1]:]))
		case zigLeak.MatchString(message):
			leaks++
		default:
			return r.zigMisused(message, r.Text[m[1]:])
		}
	}
	report := r.zigStacked(Leak, "", "", zigStack(r.Text[logged[0][1]:]))
	report.Message = "an allocation was not freed" + during(report.Top)
	if leaks > 1 {
		report.Message = fmt.Sprintf("%d allocations were not freed, the first%s", leaks, during(report.Top))
	}
	return report
}

// zigMisused reports memory that was freed wrongly, as the testing allocator found; rest
// is what follows its message. The first trace is that of the allocation, the last that of
// the call which is wrong.
func (r *Raw) zigMisused(message, rest string) Report {
	message, _, _ = strings.Cut(message, ". Allocation:")
	message = strings.TrimSuffix(message, ".")
	kind := Kind("wrong free")
	if strings.HasPrefix(message, "Double free") {
		kind = "double free"
	}
	if i := strings.Index(rest, "error logs detected"); i >= 0 {
		rest = rest[:i]
	}
	for _, last := range []string{"Second free:", "Free:"} {
		if i := strings.LastIndex(rest, last); i >= 0 {
			rest = rest[i+len(last):]
			break
		}
	}
	return r.zigStacked(kind, message, "", zigStack(rest))
}
