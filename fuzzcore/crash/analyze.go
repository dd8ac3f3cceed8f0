package crash

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// This file defines Analyze: which kind of crash it was.

// Analyze makes a report of a crash. It takes any text, broken off or mixed with
// other output, and always returns a kind and a signature.
func Analyze(raw Raw) Report {
	r := &raw
	var report Report
	switch {
	case r.Native != nil:
		report = r.native()
	case r.Zig != nil:
		report = r.zig()
	case r.wasDying():
		report = r.exited()
	case r.How == Failed:
		report = r.failed()
	case r.How == TimedOut:
		report = r.timedOut()
	case r.How == OverMemory:
		report = r.overMemory()
	case r.How == Stopped:
		report = r.stacked(Signal, "the process was stopped from outside", "stopped", nil)
	default:
		report = r.exited()
	}
	report.Message = oneLine(report.Message)
	return report
}

// wasDying reports whether a process was ended from outside while it was about to
// end by itself: printing the trace of a stack that has overflown takes seconds.
func (r *Raw) wasDying() bool {
	if r.How != TimedOut && r.How != OverMemory {
		return false
	}
	message, ok := lineAfter(r.Text, "fatal error: ")
	return ok && (message == "stack overflow" || strings.Contains(message, "out of memory"))
}

// failed reports a run that ended with a failed test.
func (r *Raw) failed() Report {
	if report, ok := r.race(); ok {
		return report
	}
	list := parseGoroutines(r.Text)
	if message, ok := panicMessage(r.Text); ok && len(list) > 0 {
		return r.panicked(message, list)
	}
	if i := strings.Index(r.Text, goexitText); i >= 0 && len(list) > 0 {
		return r.stacked(Panic, goexitText, "", list[0].frames)
	}
	at, message := r.failureText()
	return Report{
		Kind:      Failure,
		Message:   message,
		Top:       at,
		Signature: r.failureSignature(at),
	}
}

// goexitText is what package testing says of a test that ended its goroutine.
const goexitText = "test executed panic(nil) or runtime.Goexit"

// failureLine matches what t.Error and its like print: the base name of the file
// and the message, indented by four for each level of subtests.
var failureLine = regexp.MustCompile(`^((?: {4})*)([^\s:][^:]*\.go):(\d+): (.*)$`)

// failureText finds the failure's place and message. Of several lines with a
// place it takes the last: t.Fatal comes after what t.Log has printed.
func (r *Raw) failureText() (Frame, string) {
	var at Frame
	message := ""
	continued := ""   // the indentation of the message's further lines
	wantMore := false // the message's first line was empty
	for line := range strings.Lines(r.Text) {
		line = strings.TrimRight(line, "\r\n")
		if m := failureLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[3]) // 0 is right for too many digits
			at = Frame{File: m[2], Line: n, Own: true}
			message, continued = m[4], m[1]+"    "
			wantMore = strings.TrimSpace(message) == ""
			continue
		}
		if rest, ok := strings.CutPrefix(line, continued); ok && wantMore {
			message = rest
			wantMore = strings.TrimSpace(message) == ""
		}
	}
	if at.File == "" {
		return at, r.firstOtherLine()
	}
	if r.Dir != "" && !filepath.IsAbs(at.File) {
		// Only the base name is printed; helpers in other packages are rare.
		at.File = filepath.Join(r.Dir, at.File)
	}
	return at, message
}

// firstOtherLine returns the first line of the text that is not package testing's.
func (r *Raw) firstOtherLine() string {
	for line := range strings.Lines(r.Text) {
		line = strings.TrimSpace(line)
		if line != "" && line != "FAIL" && !strings.HasPrefix(line, "--- FAIL: ") {
			return line
		}
	}
	return "the test failed without a message"
}

// exited reports a process that ended.
func (r *Raw) exited() Report {
	if report, ok := r.sanitized(); ok {
		return report
	}
	if report, ok := r.race(); ok {
		return report
	}
	// The user's code may print such lines, too; only the runtime goes on to
	// print goroutines.
	list := parseGoroutines(r.Text)
	if message, ok := lineAfter(r.Text, "fatal error: "); ok && len(list) > 0 {
		return r.fatal(message, list)
	}
	if message, ok := signalMessage(r.Text); ok {
		return r.stacked(Signal, message, firstWord(message), r.crashed(list))
	}
	if message, ok := panicMessage(r.Text); ok && len(list) > 0 {
		return r.panicked(message, list)
	}
	if r.Signal != 0 {
		return r.signaled(list)
	}
	message := fmt.Sprintf("os.Exit(%d)", r.ExitCode)
	if text := lastLine(r.Text); text != "" {
		message = fmt.Sprintf("os.Exit(%d) after printing %q", r.ExitCode, text)
	}
	return r.stacked(Exit, message, strconv.Itoa(r.ExitCode), nil)
}

// fatal reports an error of the runtime.
func (r *Raw) fatal(message string, list []goroutine) Report {
	switch {
	case strings.HasPrefix(message, "all goroutines are asleep"),
		strings.HasPrefix(message, "no goroutines (main called runtime.Goexit)"):
		return r.deadlock(list)
	case message == "stack overflow":
		return r.overflow(r.crashed(list))
	case strings.Contains(message, "out of memory"), strings.Contains(message, "cannot allocate memory"):
		return r.stacked(OutOfMemory, message, "", r.crashed(list))
	case strings.HasPrefix(message, "unexpected signal during runtime execution"):
		if s, ok := lineAfter(r.Text, "[signal "); ok {
			message = strings.TrimSuffix(s, "]")
		}
		return r.stacked(Signal, message, firstWord(message), r.crashed(list))
	}
	return r.stacked(FatalError, message, "", r.crashed(list))
}

// overflow reports recursion without end. It points at the own function that
// recurs most.
func (r *Raw) overflow(stack []Frame) Report {
	report := r.stacked(StackOverflow, "", "", stack)
	count := make(map[string]int)
	for _, f := range report.Frames {
		count[f.Func]++
	}
	best := -1
	for i := range report.Frames {
		f := &report.Frames[i]
		if !f.Own || best >= 0 && count[f.Func] <= count[report.Frames[best].Func] {
			continue
		}
		best = i
	}
	if best >= 0 {
		report.Top = report.Frames[best]
	}
	report.Message = "recursion without end"
	if names := recurring(report.Frames); len(names) > 0 {
		report.Message += " in " + strings.Join(names, ", ")
	}
	return report
}

// panicked reports a panic with the trace list.
func (r *Raw) panicked(message string, list []goroutine) Report {
	if code, ok := strings.CutPrefix(message, "unexpected call to os.Exit("); ok {
		code, _, _ = strings.Cut(code, ")")
		return r.stacked(Exit, "os.Exit("+code+")", code, below(r.crashed(list), "os.Exit"))
	}
	kind := Panic
	if len(list) > 0 && r.How == Exited && !list[0].isTest() && list[0].creator != "" {
		kind = GoroutinePanic
	}
	return r.stacked(kind, message, class(message), r.crashed(list))
}

// below returns the frames that called the function, or all if none did.
func below(frames []Frame, function string) []Frame {
	i := slices.IndexFunc(frames, func(f Frame) bool { return f.Func == function })
	return frames[i+1:]
}

// crashed returns the stack of the goroutine that crashed: the first running one
// that is not the scheduler's.
func (r *Raw) crashed(list []goroutine) []Frame {
	for _, running := range []bool{true, false} {
		for i := range list {
			g := &list[i]
			if (!running || g.state == "running") && r.hasUserCode(g) {
				return g.frames
			}
		}
	}
	if len(list) > 0 {
		return list[0].frames
	}
	return nil
}

// hasUserCode reports whether g runs anything but the standard library.
func (r *Raw) hasUserCode(g *goroutine) bool {
	return slices.ContainsFunc(g.frames, func(f Frame) bool { return r.origin(&f) != standard })
}

// stacked reports a crash of a kind with a stack.
func (r *Raw) stacked(kind Kind, message, class string, stack []Frame) Report {
	frames := r.cut(stack)
	return Report{
		Kind:      kind,
		Message:   message,
		Frames:    frames[:min(len(frames), maxFrames)],
		Top:       r.top(frames),
		Signature: r.signatureOf(kind, class, frames),
	}
}

// overMemory reports a process that was ended for its use of memory.
func (r *Raw) overMemory() Report {
	g := r.interrupted(parseGoroutines(r.Text))
	if g.elided > endless {
		return r.overflow(g.frames)
	}
	report := r.stacked(OutOfMemory, "", "", g.frames)
	report.Message = "the memory limit was reached" + during(report.Top)
	return report
}

// signaled reports a process that a signal ended, silently.
func (r *Raw) signaled(list []goroutine) Report {
	name := unix.SignalName(unix.Signal(r.Signal))
	if name == "" {
		name = fmt.Sprintf("signal %d", r.Signal)
	}
	message := "the process was ended by " + name
	if unix.Signal(r.Signal) == unix.SIGKILL {
		message += ": perhaps the system was out of memory"
	}
	return r.stacked(Signal, message, name, r.crashed(list))
}

// signalLine matches what the runtime prints first of a signal that it cannot
// turn into a panic.
var signalLine = regexp.MustCompile(`(?m)^(SIG[A-Z]+: .*)\nPC=`)

func signalMessage(text string) (string, bool) {
	m := signalLine.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	if strings.Contains(text, "\nsignal arrived during cgo execution") {
		return m[1] + " in C code", true
	}
	return m[1], true
}

// panicLine matches the line that reports a panic; package testing puts its own
// place before it.
var panicLine = regexp.MustCompile(`(?m)^\s*(?:testing\.go:\d+: )?panic: (.*)$`)

// recovered matches what follows the value of a panic that was recovered and
// raised again.
var recovered = regexp.MustCompile(` \[recovered(?:, repanicked)?\]$`)

// panicMessage returns the value of the first panic that text reports.
func panicMessage(text string) (string, bool) {
	m := panicLine.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	return recovered.ReplaceAllString(strings.TrimRight(m[1], "\r"), ""), true
}

// lineAfter returns the rest of the first line that begins with prefix.
func lineAfter(text, prefix string) (string, bool) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, ":")
	return word
}

// during says in which function something happened, if that is known.
func during(at Frame) string {
	if at.Func == "" {
		return ""
	}
	return " in " + at.Func
}
