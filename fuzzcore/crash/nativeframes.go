package crash

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// This file turns native stacks into frames: whose they are, which of them matter, and
// what they make the same bug.

// nativeCall is a frame of native code.
type nativeCall struct {
	Frame
	// system: it is in a library of the system or in our runtime, whose frames tell of a
	// crash at most.
	system bool
	// harness: it is the function that Zig's test runner gives the inputs.
	harness bool
}

// nativeStacked reports a native crash of a kind with a stack.
func (r *Raw) nativeStacked(kind Kind, message, class string, stack []nativeFrame) Report {
	calls := r.nativeCalls(stack)
	frames := framesOf(calls)
	return Report{
		Kind:      kind,
		Message:   message,
		Frames:    frames[:min(len(frames), maxFrames)],
		Top:       nativeTop(calls),
		Signature: r.nativeSignature(kind, class, calls),
	}
}

func framesOf(calls []nativeCall) []Frame {
	var frames []Frame
	for i := range calls {
		frames = append(frames, calls[i].Frame)
	}
	return frames
}

// nativeCalls symbolizes a stack and leaves out the calls that only report the crash, and
// those that called the harness.
func (r *Raw) nativeCalls(stack []nativeFrame) []nativeCall {
	calls := r.symbolized(stack)
	// The innermost: a harness that is called again is the fault of what it tests.
	if i := slices.IndexFunc(calls, isNativeHarness); i >= 0 {
		calls = calls[:i+1]
	}
	if first := slices.IndexFunc(calls, func(c nativeCall) bool { return !isReporter(c) }); first >= 0 {
		return calls[first:]
	}
	return calls
}

// symbolized returns the calls of a stack, those of inlined calls included.
func (r *Raw) symbolized(stack []nativeFrame) []nativeCall {
	offsets := map[string][]uint64{} // by module
	for _, f := range stack {
		if f.module != "" {
			offsets[f.module] = append(offsets[f.module], f.offset)
		}
	}
	known := map[string][][]Frame{}
	if r.Native.Symbolize != nil {
		for module, list := range offsets {
			known[module] = r.Native.Symbolize(r.modulePath(module), list)
		}
	}
	var calls []nativeCall
	for _, f := range stack {
		if f.symbolized != nil {
			calls = append(calls, r.callAt(*f.symbolized, ""))
			continue
		}
		var here []Frame
		if list := known[f.module]; len(list) > 0 {
			here, known[f.module] = list[0], list[1:]
		}
		for _, frame := range here {
			calls = append(calls, r.callAt(frame, f.module))
		}
		if len(here) == 0 && f.module != "" {
			calls = append(calls, nativeCall{Frame: Frame{Func: "in " + filepath.Base(f.module)}, system: isSystem(f.module)})
		}
	}
	return calls
}

// modulePath returns the path of a module that may be named without its directory.
func (r *Raw) modulePath(module string) string {
	if !strings.Contains(module, "/") && module == filepath.Base(r.Native.Exe) {
		return r.Native.Exe
	}
	return module
}

// callAt completes a frame in a module.
func (r *Raw) callAt(f Frame, module string) nativeCall {
	f.Func = nativeName(f.Func)
	f.Own = r.isOwnFile(f.File)
	return nativeCall{Frame: f, system: isSystem(module) || isInside(r.Native.Foreign, f.File)}
}

// isOwnFile reports whether a source file is the user's own.
func (r *Raw) isOwnFile(file string) bool {
	return isInside(r.Native.Sources, file) && !isInside(r.Native.Foreign, file)
}

// isNativeHarness reports whether c is the function that gets the inputs.
func isNativeHarness(c nativeCall) bool {
	return c.Func == "LLVMFuzzerTestOneInput" || c.Func == "rust_fuzzer_test_input" || strings.HasSuffix(c.Func, "::__libfuzzer_sys_run")
}

// reporters are functions of the sanitizers, of our runtime and of the languages'
// libraries: they tell of a crash, or carry it out, and are never its cause.
var reporters = regexp.MustCompile(`^(_{0,3}(interceptor|interception|asan|ubsan|msan|tsan|lsan|hwasan|sanitizer|fuzzls|cxa|assert|libc|chk|fortify)_|` +
	`fuzzls_|on_exit_call|libfuzzer_sys::|__?asan::|__(ubsan|msan|tsan|lsan|sanitizer|interception|cxxabiv1|gnu_cxx)::|std::|core::|alloc::|rust_|__rust|_start$|_IO_|` +
	`operator (new|delete)|(malloc|calloc|realloc|free|memcpy|memmove|memset|memcmp|strlen|strcpy|strcmp|abort|raise|exit|_exit|_Exit|main|scanf_common|printf_common)$)`)

// systemModules are the base names of the system's libraries: what crashes in them was
// called wrongly.
var systemModules = regexp.MustCompile(`^(lib(c|m|pthread|stdc\+\+|c\+\+|c\+\+abi|unwind|gcc_s|dl|rt|asan|ubsan|tsan|lsan|clang_rt[\w.-]*)(-[\d.]+)?\.so|ld-linux|ld-musl|linux-vdso|\[vdso\])`)

func isSystem(module string) bool { return systemModules.MatchString(filepath.Base(module)) }

// isReporter reports whether c only tells of a crash. A function in a file of the user's
// own is none, whatever it is called.
func isReporter(c nativeCall) bool {
	return !c.Own && (c.system || reporters.MatchString(c.Func) || strings.HasPrefix(c.Func, "<") && strings.Contains(c.Func, " as core::"))
}

// nativeTop returns the frame to point at: the innermost of the user's own that is not
// the harness, else a library's, else the harness.
func nativeTop(calls []nativeCall) Frame {
	if important := importantCalls(calls); len(important) > 0 {
		return important[0].Frame
	}
	if len(calls) > 0 {
		return calls[0].Frame
	}
	return Frame{}
}

// importantCalls returns those of the user's own functions, else those of libraries, else
// the harness.
func importantCalls(calls []nativeCall) []nativeCall {
	var own, foreign, harness []nativeCall
	for _, c := range calls {
		switch {
		case isNativeHarness(c):
			harness = append(harness, c)
		case c.Own:
			own = append(own, c)
		case !isReporter(c):
			foreign = append(foreign, c)
		}
	}
	for _, list := range [][]nativeCall{own, foreign} {
		if len(list) > 0 {
			return list
		}
	}
	return harness
}

// nativeSignature is signatureOf for native code: by the user's own functions, without
// the harness if there are others.
func (r *Raw) nativeSignature(kind Kind, class string, calls []nativeCall) string {
	return r.importantSignature(kind, class, importantCalls(calls))
}

// importantSignature is nativeSignature of the calls that matter.
func (r *Raw) importantSignature(kind Kind, class string, calls []nativeCall) string {
	list := framesOf(calls)
	var names []string
	for _, f := range list {
		if !slices.Contains(names, f.Func) {
			names = append(names, f.Func)
		}
	}
	switch kind {
	case StackOverflow:
		if again := recurring(list); len(again) > 0 {
			names = again
		}
	case OutOfMemory:
		names = nil
	case Hang:
		names = names[max(0, len(names)-hangFrames):]
	default:
		names = names[:min(len(names), signatureFrames)]
		if text := r.lineIn(list); text != "" {
			names = append(names[:min(len(names), lineFrames)], text)
		}
	}
	if len(names) == 0 {
		names = []string{r.Package + "." + r.Test}
	}
	return digest(append([]string{string(kind), class}, names...)...)
}

// lineIn returns the source text of the innermost of frames.
func (r *Raw) lineIn(frames []Frame) string {
	if len(frames) == 0 {
		return ""
	}
	return r.sourceOf(&frames[0])
}

// sourceOf returns the source text of a frame's line, "" if it is not known.
func (r *Raw) sourceOf(f *Frame) string {
	if r.Source == nil || f.File == "" {
		return ""
	}
	return strings.TrimSpace(r.Source(f.File, f.Line))
}
