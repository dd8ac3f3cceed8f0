package crash

import (
	"regexp"
	"strconv"
	"strings"
)

// This file defines the parser of Go tracebacks, as package runtime prints them
// (traceback.go, panic.go) and as package testing quotes them, indented.

// goroutine is one goroutine of a traceback.
type goroutine struct {
	// state is what the goroutine does: "running", "chan receive", "sleep", …
	state string
	// frames are its calls, innermost first. Of a deep stack the runtime leaves out
	// elided calls in the middle.
	frames []Frame
	elided int
	// creator is the function that started it; "" if not printed.
	creator string
}

// goroutineHeader matches "goroutine 7 [chan receive, 2 minutes]:" and, when the
// runtime prints all it knows, "goroutine 7 gp=0xc000002380 m=0 mp=0x7c51c0 [idle]:".
var goroutineHeader = regexp.MustCompile(`^(\s*)goroutine \d+ (?:[a-z]+=\S+ )*\[([^\]]*)\]:$`)

// location matches "\t/dir/file.go:12 +0x1d fp=0x… sp=0x… pc=0x…"; all after the
// line number may be missing.
var location = regexp.MustCompile(`^\t(.*):(\d+)(?: [+a-z].*)?$`)

// elided matches "...23 frames elided...".
var elided = regexp.MustCompile(`^\.\.\.(\d+) frames elided\.\.\.$`)

// parseGoroutines returns the goroutines in text, in the order printed. Anything
// else in it is passed over.
func parseGoroutines(text string) []goroutine {
	var list []goroutine
	var cur *goroutine // the one whose calls are being read
	var indent string
	name := "" // the function whose location is due
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if m := goroutineHeader.FindStringSubmatch(line); m != nil {
			state, _, _ := strings.Cut(m[2], ",")
			list = append(list, goroutine{state: state})
			cur, indent, name = &list[len(list)-1], m[1], ""
			continue
		}
		if cur == nil {
			continue
		}
		line, inside := strings.CutPrefix(line, indent)
		switch {
		case !inside || line == "":
			cur = nil
		case line[0] == '\t':
			cur.locate(name, line)
			name = ""
		case strings.HasPrefix(line, "created by "):
			cur.creator, _, _ = strings.Cut(line[len("created by "):], " in goroutine ")
			name = ""
		case strings.HasPrefix(line, "..."):
			if m := elided.FindStringSubmatch(line); m != nil {
				cur.elided, _ = strconv.Atoi(m[1])
			}
			name = ""
		case strings.HasSuffix(line, ")"):
			name = functionName(line)
		default:
			cur = nil
		}
	}
	return list
}

// locate adds the call of the function name, whose place is on line.
func (g *goroutine) locate(name, line string) {
	if name == "" {
		return
	}
	m := location.FindStringSubmatch(line)
	if m == nil {
		return
	}
	n, _ := strconv.Atoi(m[2]) // 0 is right for too many digits
	g.frames = append(g.frames, Frame{Func: name, File: m[1], Line: n})
}

// functionName takes the arguments off a call, "example.com/m.(*T).F(0x1, {0x2, 0x3})"
// or "example.com/m.F(...)". Arguments hold no parentheses.
func functionName(call string) string {
	i := strings.LastIndexByte(call, '(')
	if i <= 0 {
		return ""
	}
	// The linker escapes dots in the last element of an import path.
	return strings.ReplaceAll(call[:i], "%2e", ".")
}

// packageOf returns the import path in a function's name.
func packageOf(function string) string {
	path := function
	if i := strings.IndexByte(path, '['); i >= 0 { // type arguments may hold slashes
		path = path[:i]
	}
	base := strings.LastIndexByte(path, '/') + 1
	if i := strings.IndexByte(path[base:], '.'); i >= 0 {
		// gopkg.in/yaml.v3.Parse: the version is part of the path. The linker's escaping
		// of its dot is gone, but versions look like nothing else.
		if v := versionSuffix.FindString(path[base+i:]); v != "" {
			i += len(v) - 1
		}
		return path[:base+i]
	}
	return path
}

// versionSuffix matches ".v3." after the name of a gopkg.in package.
var versionSuffix = regexp.MustCompile(`^\.v[0-9]+\.`)

// has reports whether g has a call of the function.
func (g *goroutine) has(function string) bool {
	for i := range g.frames {
		if g.frames[i].Func == function {
			return true
		}
	}
	return false
}
