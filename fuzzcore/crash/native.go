package crash

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// This file tells crashes of C, C++ and Rust apart: by the reports of the sanitizers, by
// what our runtime says of a signal or an exit, and by what the C and C++ libraries and
// Rust say before they abort.

// Native is what is known of a fuzz test of C, C++ or Rust that crashed.
type Native struct {
	// Exe is the executable; ThreadSanitizer names modules without their directories.
	Exe string
	// Sources is the directory whose files are the user's own, absolute; Foreign a
	// directory in it whose files are ours, "" if there is none.
	Sources, Foreign string
	// Symbolize returns, for each offset in a module, the frames that are there: the
	// innermost of inlined calls first, none if nothing is known.
	Symbolize func(module string, offsets []uint64) [][]Frame
}

// The kinds of crash that only native code has. A sanitizer's other kinds are in its own
// words, such as "heap-buffer-overflow".
const (
	// Abort is a call of abort, a failed assertion included.
	Abort Kind = "abort"
	// Exception is an exception of C++ that nothing caught.
	Exception Kind = "uncaught exception"
	// Undefined is what UndefinedBehaviorSanitizer reports.
	Undefined Kind = "undefined behavior"
	// Leak is memory that was not freed.
	Leak Kind = "memory leak"
	// Uninitialized is a decision that depends on memory that was never set.
	Uninitialized Kind = "use of uninitialized memory"
)

var (
	// sanitizerHead matches the headline of a report of any sanitizer. ThreadSanitizer
	// leaves the process id out.
	sanitizerHead = regexp.MustCompile(`(?m)^(?:==\d+==\s*)?(?:ERROR|WARNING): (\w+Sanitizer): (.*)$`)
	// runtimeHead matches what our runtime says of a crash.
	runtimeHead = regexp.MustCompile(`(?m)^fuzzls: (.*)$`)
	// exitCall matches what it says of a fuzz test that called exit.
	exitCall = regexp.MustCompile(`called exit\((\d+)\)$`)
	// undefinedHead matches a report of UndefinedBehaviorSanitizer.
	undefinedHead = regexp.MustCompile(`(?m)^(\S.*?):(\d+):(\d+): runtime error: (.*)$`)
)

// native reports a crash of native code.
func (r *Raw) native() Report {
	switch r.How {
	case Stopped:
		return r.nativeStacked(Signal, "the process was stopped from outside", "stopped", nil)
	case TimedOut:
		return r.nativeHang()
	case OverMemory:
		report := r.nativeStacked(OutOfMemory, "", "", firstStack(r.Text))
		report.Message = "the memory limit was reached" + during(report.Top)
		return report
	}
	undefined := undefinedHead.FindStringSubmatchIndex(r.Text)
	sanitizer := sanitizerHead.FindStringSubmatchIndex(r.Text)
	if undefined != nil && (sanitizer == nil || undefined[0] < sanitizer[0]) {
		return r.undefined(undefined)
	}
	if sanitizer != nil {
		return r.sanitizerReport(r.Text[sanitizer[2]:sanitizer[3]], r.Text[sanitizer[4]:sanitizer[5]], r.Text[sanitizer[1]:])
	}
	if m := runtimeHead.FindStringSubmatchIndex(r.Text); m != nil {
		return r.runtimeReport(r.Text[m[2]:m[3]], r.Text[m[1]:])
	}
	stack := firstStack(r.Text)
	if r.Signal != 0 {
		return r.nativeSignal(signalName(r.Signal), "", stack)
	}
	return r.nativeExit(r.ExitCode, stack)
}

// nativeHang reports a run that took too long. Its stack, if the runtime could print one,
// is where it was interrupted.
func (r *Raw) nativeHang() Report {
	report := r.nativeStacked(Hang, "", "", firstStack(r.Text))
	report.Message = "no result within the time limit" + during(report.Top)
	return report
}

// undefined reports what UndefinedBehaviorSanitizer found; m is a match of undefinedHead.
func (r *Raw) undefined(m []int) Report {
	message := withoutAddresses(r.Text[m[8]:m[9]])
	report := r.nativeStacked(Undefined, message, undefinedClass(message), firstStack(r.Text[m[1]:]))
	if len(report.Frames) == 0 { // it was not asked for a stack
		line, _ := strconv.Atoi(r.Text[m[4]:m[5]])
		at := Frame{File: r.Text[m[2]:m[3]], Line: line}
		if !filepath.IsAbs(at.File) {
			at.File = filepath.Join(r.Dir, at.File) // as the compiler was called, most likely
		}
		at.Own = r.isOwnFile(at.File)
		report.Top, report.Frames = at, []Frame{at}
		report.Signature = digest(string(Undefined), undefinedClass(message), at.File, r.sourceOf(&at))
	}
	return report
}

// undefinedClass returns what is the same in all messages of one kind of undefined
// behavior: "signed integer overflow", "shift exponent  is too large for -bit type".
func undefinedClass(message string) string {
	text, _, _ := strings.Cut(message, ":")
	text, _, _ = strings.Cut(text, "'")
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '-' {
			return -1
		}
		return c
	}, text))
}

// runtimeReport reports what our runtime said: head is the rest of its line, rest what
// follows.
func (r *Raw) runtimeReport(head, rest string) Report {
	stack := firstStack(rest)
	if m := exitCall.FindStringSubmatch(head); m != nil {
		code, _ := strconv.Atoi(m[1]) // 0 is right for too many digits
		return r.nativeExit(code, stack)
	}
	name := strings.TrimSuffix(firstField(head), ",")
	switch {
	case strings.HasPrefix(head, "stack overflow"):
		return r.nativeOverflow(stack)
	case strings.HasPrefix(name, "SIG"):
		return r.nativeSignal(name, addressText(head), stack)
	}
	return r.nativeStacked(Signal, head, "", stack)
}

// addressText returns "on address 0x0" of a line that says so, if the address is so low
// that it tells something: others differ from run to run.
func addressText(line string) string {
	_, address, ok := strings.Cut(line, "address 0x")
	if !ok {
		return ""
	}
	address = strings.TrimLeft(address, "0")
	end := strings.IndexFunc(address, func(c rune) bool { return !strings.ContainsRune("0123456789abcdef", c) })
	if end >= 0 {
		address = address[:end]
	}
	if len(address) > 3 { // beyond the first page
		return ""
	}
	if address == "" {
		address = "0"
	}
	return "address 0x" + address
}

// nativeSignal reports a process that a signal ended, which where describes.
func (r *Raw) nativeSignal(name, where string, stack []nativeFrame) Report {
	if name == "SIGABRT" {
		return r.aborted(stack)
	}
	if name == "SIGSEGV" && isEndless(framesOf(r.nativeCalls(stack))) {
		return r.nativeOverflow(stack)
	}
	message := name
	switch {
	case name == "SIGFPE":
		message = "SIGFPE: a division by zero or one that overflows"
	case name == "SIGKILL":
		message = "the process was ended by SIGKILL: perhaps the system was out of memory"
	case where != "":
		message += ": access to " + where
	}
	return r.nativeStacked(Signal, message, name, stack)
}

// isEndless reports whether a stack is that of recursion without end: our runtime and the
// sanitizers print at most some hundred calls, and recursion with an end is seldom as deep.
func isEndless(frames []Frame) bool {
	const deep = 100
	if len(frames) < deep {
		return false
	}
	return len(recurring(frames[:deep])) > 0
}

// nativeOverflow reports recursion without end.
func (r *Raw) nativeOverflow(stack []nativeFrame) Report {
	report := r.nativeStacked(StackOverflow, "recursion without end", "", stack)
	if names := recurring(report.Frames); len(names) > 0 {
		report.Message += " in " + strings.Join(names, ", ")
	}
	return report
}

// nativeExit reports a call of exit.
func (r *Raw) nativeExit(code int, stack []nativeFrame) Report {
	message := fmt.Sprintf("exit(%d)", code)
	if text := lastLine(plainText(r.Text)); text != "" {
		message = fmt.Sprintf("exit(%d) after printing %q", code, text)
	}
	return r.nativeStacked(Exit, message, strconv.Itoa(code), stack)
}

// plainText returns the lines before a report of our runtime.
func plainText(text string) string {
	if m := runtimeHead.FindStringIndex(text); m != nil {
		return text[:m[0]]
	}
	return text
}

// firstField returns s up to its first space.
func firstField(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

func signalName(number int) string {
	if name := unix.SignalName(unix.Signal(number)); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", number)
}
