package crash

import (
	"path/filepath"
	"slices"
	"strings"
)

// This file turns the stacks that Zig prints into frames: whose they are, which of them
// matter, and what they make the same bug.

// zigStacked reports a crash of a kind with a stack.
func (r *Raw) zigStacked(kind Kind, message, class string, stack []nativeFrame) Report {
	calls := r.zigCalls(stack)
	frames := framesOf(calls)
	important := zigImportant(calls)
	report := Report{
		Kind:      kind,
		Message:   message,
		Frames:    frames[:min(len(frames), maxFrames)],
		Signature: r.importantSignature(kind, class, important),
	}
	if len(important) > 0 {
		report.Top = important[0].Frame
	}
	return report
}

// zigCalls returns the calls of a stack, those that were inlined included, down to the
// function that the fuzz test gave to std.testing.fuzz.
func (r *Raw) zigCalls(stack []nativeFrame) []nativeCall {
	library := zigLibrary(stack)
	var calls []nativeCall
	for i, list := range r.zigInlined(stack) {
		if len(list) == 0 {
			list = []Frame{*stack[i].symbolized}
		}
		for _, f := range list {
			f.Func = zigName(f.Func)
			system := isZigLibrary(library, f.File)
			f.Own = !system && r.isOwnZig(f.File)
			calls = append(calls, nativeCall{Frame: f, system: system})
		}
	}
	if i := slices.IndexFunc(calls, isZigRunner); i >= 0 {
		calls = calls[:i]
		if i > 0 {
			calls[i-1].harness = true
		}
	}
	return calls
}

// zigInlined returns, for each call of a stack, what debug information has of it if that
// agrees with what was printed: the innermost of inlined calls first.
func (r *Raw) zigInlined(stack []nativeFrame) [][]Frame {
	inlined := make([][]Frame, len(stack))
	if r.Zig.Symbolize == nil || len(stack) == 0 {
		return inlined
	}
	offsets := make([]uint64, len(stack))
	for i := range stack {
		offsets[i] = stack[i].offset
	}
	known := r.Zig.Symbolize(r.Zig.Exe, offsets)
	for i := range min(len(known), len(stack)) {
		printed := stack[i].symbolized
		if list := known[i]; len(list) > 0 && list[0].File == printed.File && list[0].Line == printed.Line {
			inlined[i] = list
		}
	}
	return inlined
}

// zigRunnerFile is the file of Zig's test runner in its library directory.
const zigRunnerFile = "/compiler/test_runner.zig"

// zigLibrary returns the directory of Zig's library, "" if the stack does not tell it.
func zigLibrary(stack []nativeFrame) string {
	for _, f := range stack {
		if dir, ok := strings.CutSuffix(f.symbolized.File, zigRunnerFile); ok {
			return dir
		}
	}
	return ""
}

// isZigLibrary reports whether a file is in Zig's library directory.
func isZigLibrary(library, file string) bool {
	if library == "" {
		return strings.Contains(file, "/lib/std/") || strings.HasSuffix(file, "/lib/compiler_rt.zig")
	}
	return isInside(library, file)
}

// zigForeign are directories in a package whose files are not the user's: those that
// Zig's build generates, and the packages that it fetched.
var zigForeign = []string{".zig-cache", "zig-cache", "zig-pkg"}

// isOwnZig reports whether a source file outside of Zig's library is the user's own.
func (r *Raw) isOwnZig(file string) bool {
	if !isInside(r.Zig.Sources, file) || isInside(r.Zig.Foreign, file) {
		return false
	}
	rest := file[len(r.Zig.Sources):]
	return !slices.ContainsFunc(strings.Split(filepath.ToSlash(rest), "/"), func(dir string) bool {
		return slices.Contains(zigForeign, dir)
	})
}

// isZigRunner reports whether c is the function of Zig's test runner that calls what the
// fuzz test gave it.
func isZigRunner(c nativeCall) bool {
	return c.system && c.Func == "test_one" && strings.HasSuffix(c.File, zigRunnerFile)
}

// zigImportant returns the calls of the user's own functions but the one that gets the
// inputs; else those of other packages, else that one, else all.
func zigImportant(calls []nativeCall) []nativeCall {
	var own, foreign, harness []nativeCall
	for _, c := range calls {
		switch {
		case c.harness:
			harness = append(harness, c)
		case c.Own:
			own = append(own, c)
		case !c.system:
			foreign = append(foreign, c)
		}
	}
	for _, list := range [][]nativeCall{own, foreign, harness} {
		if len(list) > 0 {
			return list
		}
	}
	return calls
}
