package crash

import (
	"strings"
	"unicode"
)

// This file defines what is known of a crash, and what is made of it.

// How tells how a run came to its bad end, as seen from outside of the target.
type How int

// The bad ends, numbered as package executor does and as crashes are told to the
// supervisor.
const (
	// Failed: the fuzz test failed or panicked and the target lived on.
	Failed How = iota + 1
	// Exited: the process ended, by itself or by a signal.
	Exited
	// TimedOut: the run took too long and the process was ended; Text holds the
	// stacks of its goroutines if it could still print them.
	TimedOut
	// OverMemory: the process was ended because it used too much memory.
	OverMemory
	// Stopped: somebody else ended the process. It says nothing about the input.
	Stopped
)

// Module is one of the user's own modules.
type Module struct {
	// Path is the module's path, Dir its directory, absolute.
	Path string
	Dir  string
}

// Raw is a crash as it was observed.
type Raw struct {
	How How
	// ExitCode and Signal are those of the process, if it ended. Signal is the number
	// of the signal that ended it, or 0.
	ExitCode int
	Signal   int
	// Text is the failure's text, or the process's standard error; Output is what
	// the fuzz test printed on standard output.
	Text   string
	Output string
	// Package is the import path of the package with the fuzz test, Dir its
	// directory, Test the fuzz test's function.
	Package string
	Dir     string
	Test    string
	// Modules are the user's own modules.
	Modules []Module
	// Native is set for a fuzz test of C, C++ or Rust.
	Native *Native
	// Zig is set for a fuzz test of Zig.
	Zig *Zig
	// Source, if set, returns the text of a source line, "" if it cannot be read.
	Source func(file string, line int) string
}

// Kind is a kind of crash. Its text is for people.
type Kind string

// The kinds of crash.
const (
	// Failure is a fuzz test that failed: t.Error, t.Fatal and their like.
	Failure Kind = "failure"
	// Panic is a panic on the fuzz test's goroutine, GoroutinePanic one on another.
	Panic          Kind = "panic"
	GoroutinePanic Kind = "panic in a goroutine"
	// Exit is a call of os.Exit, or of what calls it, like log.Fatal.
	Exit Kind = "exit"
	// FatalError is an error of the Go runtime that cannot be recovered from, like
	// concurrent map writes.
	FatalError Kind = "fatal error"
	// StackOverflow is recursion without end.
	StackOverflow Kind = "stack overflow"
	// OutOfMemory is an allocation that the system or the limit refused.
	OutOfMemory Kind = "out of memory"
	// Hang is a run that takes too long and could go on, Deadlock one in which all
	// goroutines wait for each other.
	Hang     Kind = "hang"
	Deadlock Kind = "deadlock"
	// DataRace is a report of the race detector.
	DataRace Kind = "data race"
	// Signal is a crash outside of Go code: in C, or by a signal from outside. A
	// sanitizer's report counts as one.
	Signal Kind = "signal"
)

// Frame is one call in a stack.
type Frame struct {
	// Func is the function's full name: import path, dot, name, with the receiver
	// ("example.com/m.(*T).Parse") and with ".func1" and so on for closures. In C++ and
	// Rust it is the qualified name without parameters and template arguments; "in
	// libz.so.1" if only the module is known.
	Func string `json:"func"`
	// File is absolute if the target was not built with -trimpath or the file is in
	// one of the user's modules; Line is 1-based. "" and 0 if unknown.
	File string `json:"file"`
	Line int    `json:"line"`
	// Own: the function belongs to one of the user's modules; of other languages, its
	// file is below the workspace's root.
	Own bool `json:"own"`
}

// Report is what Analyze makes of a crash.
type Report struct {
	Kind Kind `json:"kind"`
	// Message is one line, without the kind; it may hold parts of the input.
	Message string `json:"message"`
	// Frames is the stack at the crash, innermost call first, without the calls that
	// only report the crash and without what called the fuzz test. Of a data race,
	// it is that of the later access.
	Frames []Frame `json:"frames,omitempty"`
	// Top is where to point: the innermost frame in the user's own code. It is a
	// dependency's frame if the fuzz test itself is all that is the user's own, and
	// the zero Frame if nothing is known.
	Top Frame `json:"top"`
	// Signature is 16 hex digits; equal for crashes that seem to be the same bug.
	Signature string `json:"signature"`
}

// String returns the kind and the message.
func (r Report) String() string {
	if r.Message == "" {
		return string(r.Kind)
	}
	return string(r.Kind) + ": " + r.Message
}

// maxMessage is the greatest length of a message in bytes: a line or two on a
// terminal.
const maxMessage = 200

// oneLine returns the first line of s that says something, shortened. What a
// terminal would take for a command is replaced: a message may hold parts of the
// input.
func oneLine(s string) string {
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(line, "\uFFFD")))
		if line == "" {
			continue
		}
		if len(line) > maxMessage {
			line = strings.ToValidUTF8(line[:maxMessage], "") + "…"
		}
		return line
	}
	return ""
}

func printable(r rune) rune {
	switch {
	case r == '\t', unicode.IsSpace(r):
		return ' '
	case unicode.IsPrint(r):
		return r
	}
	return '\uFFFD'
}
