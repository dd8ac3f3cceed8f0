package crash

import (
	"regexp"
	"strconv"
	"strings"
)

// This file reads the stacks that Zig's standard library prints.

// zigFrame matches the line of a call: file, line, column if there is one, address,
// function and compilation unit. Addresses of calls have one taken off already.
var zigFrame = regexp.MustCompile(`^(.+?):(\d+|\?):(?:(?:\d+|\?):)? 0x([0-9a-f]+) in (.+) \((.*)\)\s*$`)

// zigHead matches lines that end a trace, since they begin another or close a report.
var zigHead = regexp.MustCompile(`^(?:thread \d+ )?panic: |^\[[^\]]*\] \((?:err|warn|info|debug)\): |^\s*(?:First free|Second free|Free): |^failed with error\.|^error logs detected|^aborting due to recursive panic|^\(additional stack frames`)

// zigQuoted is how many lines Zig prints at most between two calls: the line of source and
// a caret below it.
const zigQuoted = 2

func isZigFrame(line string) bool { return zigFrame.MatchString(strings.TrimRight(line, "\r\n")) }

// zigStack returns the first stack in text.
func zigStack(text string) []nativeFrame {
	var frames []nativeFrame
	between := 0 // lines since the last call
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if m := zigFrame.FindStringSubmatch(line); m != nil {
			frames = append(frames, zigFrameOf(m))
			between = 0
			continue
		}
		between++
		if len(frames) > 0 && (between > zigQuoted || zigHead.MatchString(line)) {
			break
		}
	}
	return frames
}

// zigFrameOf returns the call in a match of zigFrame.
func zigFrameOf(m []string) nativeFrame {
	frame := Frame{Func: zigName(m[4])}
	if m[1] != "???" {
		frame.File = m[1]
		frame.Line, _ = strconv.Atoi(m[2]) // 0 is right for too many digits
	}
	address, _ := strconv.ParseUint(m[3], 16, 64)
	return nativeFrame{offset: address, symbolized: &frame}
}

// zigInstance matches what the compiler adds to the names of instances of generic
// functions: it differs from build to build.
var zigInstance = regexp.MustCompile(`__(?:anon|struct|opaque|enum|union)_\d+`)

// zigName returns the name of a function without what differs from build to build and
// without its namespace: of calls that were inlined, debug information does not have it.
func zigName(name string) string {
	name = zigInstance.ReplaceAllString(name, "")
	if i := strings.Index(name, ".test."); i >= 0 {
		return name[i+1:]
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 && !strings.ContainsAny(name, `"()`) {
		name = name[i+1:]
	}
	return name
}
