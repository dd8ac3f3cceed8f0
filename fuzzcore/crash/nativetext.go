package crash

import (
	"regexp"
	"strconv"
	"strings"
)

// This file reads what native processes print about their end: reports of the sanitizers
// and of our runtime, and the stacks in them.

// nativeFrame is one line of a stack: "#0 0x55d0c0ffee  (/dir/target+0x10f6cf) (BuildId: …)",
// or "#0 0x55d0c0ffee in parse /dir/parse.c:5:3" where it was symbolized.
type nativeFrame struct {
	module string // "" if unknown
	// offset is that of the call in the module, as the linker numbers it: sanitizers and
	// our runtime have taken one off return addresses.
	offset uint64
	// symbolized is set if the line tells itself what the frame is.
	symbolized *Frame
}

var (
	// addressFrame matches a line of a stack without names, lostFrame one of an address
	// outside of all modules.
	addressFrame = regexp.MustCompile(`^ {2,}#\d+ 0x[0-9a-f]+ +\((.+)\+0x([0-9a-f]+)\)`)
	lostFrame    = regexp.MustCompile(`^ {2,}#\d+ 0x[0-9a-f]+ +\(<unknown module>\)`)
	// namedFrame matches a line with a name, namedPlace the place at its end.
	namedFrame = regexp.MustCompile(`^ {2,}#\d+ 0x[0-9a-f]+ in (.+)$`)
	namedPlace = regexp.MustCompile(`^(.+) (/\S+?|\S+\.\w+):(\d+)(?::\d+)?$`)
	// namedModule matches the end of a line with a name and a module.
	namedModule = regexp.MustCompile(` \((.+)\+0x([0-9a-f]+)\)(?: \(BuildId: [0-9a-f]+\))?$`)
	// threadFrame matches ThreadSanitizer's lines, which have no address.
	threadFrame = regexp.MustCompile(`^ {2,}#\d+ (.+?) \((.+)\+0x([0-9a-f]+)\)`)
)

// parseNativeFrame returns the frame in a line of a stack.
func parseNativeFrame(line string) (nativeFrame, bool) {
	if m := addressFrame.FindStringSubmatch(line); m != nil {
		return frameAt(m[1], m[2])
	}
	if lostFrame.MatchString(line) {
		return nativeFrame{}, true
	}
	if m := namedFrame.FindStringSubmatch(line); m != nil {
		return parseNamedFrame(m[1])
	}
	if m := threadFrame.FindStringSubmatch(line); m != nil {
		return frameAt(m[2], m[3])
	}
	return nativeFrame{}, false
}

func frameAt(module, offset string) (nativeFrame, bool) {
	n, err := strconv.ParseUint(offset, 16, 64)
	return nativeFrame{module: module, offset: n}, err == nil
}

// parseNamedFrame reads what follows "in ".
func parseNamedFrame(text string) (nativeFrame, bool) {
	if m := namedModule.FindStringSubmatch(text); m != nil {
		return frameAt(m[1], m[2])
	}
	frame := Frame{Func: text}
	if m := namedPlace.FindStringSubmatch(text); m != nil {
		frame.Func, frame.File = m[1], m[2]
		frame.Line, _ = strconv.Atoi(m[3]) // 0 is right for too many digits
	}
	return nativeFrame{symbolized: &frame}, true
}

// firstStack returns the first stack in text.
func firstStack(text string) []nativeFrame {
	var frames []nativeFrame
	for line := range strings.Lines(text) {
		frame, ok := parseNativeFrame(strings.TrimRight(line, "\r\n"))
		switch {
		case ok:
			frames = append(frames, frame)
		case len(frames) > 0:
			return frames
		}
	}
	return frames
}

// nativeName leaves the parameters of a function out of its name, and the arguments of
// templates: a name is for people and for signatures, which the next build must give
// again.
func nativeName(name string) string {
	if strings.HasPrefix(name, "<") {
		return name // Rust's <T as Trait>::f
	}
	name, _, _ = strings.Cut(name, " [clone ")
	name = strings.TrimSuffix(name, " const")
	name = abiTag.ReplaceAllString(withoutBrackets(name, '<', '>'), "")
	if strings.HasSuffix(name, ")") {
		if at := openingOf(name); at > 0 && !strings.HasSuffix(name[:at], "operator") {
			name = name[:at]
		}
	}
	// A template's name comes with the type that it returns.
	if at := strings.LastIndexByte(name, ' '); at >= 0 && !strings.Contains(name, "operator") && !strings.Contains(name[at:], "namespace)") {
		name = name[at+1:]
	}
	return name
}

// abiTag matches what GNU's library adds to names, "[abi:cxx11]".
var abiTag = regexp.MustCompile(`\[abi:\w+\]`)

// openingOf returns where the parenthesis opens that the last byte of s closes.
func openingOf(s string) int {
	depth := 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// withoutBrackets leaves out what is within brackets, unless they belong to the name of
// an operator or do not fit together.
func withoutBrackets(s string, open, end byte) string {
	if strings.Contains(s, "operator<") || strings.Contains(s, "operator>") || strings.Contains(s, "operator->") {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == open:
			depth++
		case s[i] == end && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	if depth != 0 {
		return s
	}
	return strings.TrimSuffix(strings.ReplaceAll(b.String(), "::::", "::"), "::") // Rust writes f::<T>
}
