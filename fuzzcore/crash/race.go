package crash

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file defines the parsers of reports that do not come from the Go runtime:
// the race detector's and those of the C sanitizers.

// raceAccess matches the headline of one of the two stacks of a data race.
var raceAccess = regexp.MustCompile(`^(Read|Write|Previous read|Previous write|Atomic read|Atomic write|Previous atomic read|Previous atomic write) at 0x[0-9a-f]+ by `)

// raceFrameLine matches the place of a call in a race report.
var raceFrameLine = regexp.MustCompile(`^ {6}(\S.*):(\d+)(?: \+0x[0-9a-f]+)?$`)

// race reports a data race, if the text or the output tells of one. Its signature
// does not depend on which of the two accesses came first.
func (r *Raw) race() (Report, bool) {
	text := ""
	for _, t := range []string{r.Text, r.Output} {
		if _, after, ok := strings.Cut(t, "WARNING: DATA RACE\n"); ok {
			text = after
			break
		}
	}
	detected := strings.Contains(r.Text, "race detected during execution of test")
	if text == "" && !detected {
		return Report{}, false
	}
	accesses := parseRace(text)
	if len(accesses) == 0 {
		return r.stacked(DataRace, "race detected during execution of test", "", nil), true
	}
	var parts []string
	var message []string
	for i := range accesses {
		a := &accesses[i]
		a.frames = r.cut(a.frames)
		top := r.top(a.frames)
		parts = append(parts, top.Func)
		message = append(message, a.what+during(top))
	}
	slices.Sort(parts)
	return Report{
		Kind:      DataRace,
		Message:   strings.Join(message, ", "),
		Frames:    accesses[0].frames[:min(len(accesses[0].frames), maxFrames)],
		Top:       r.top(accesses[0].frames),
		Signature: digest(append([]string{string(DataRace)}, parts...)...),
	}, true
}

// access is one side of a data race.
type access struct {
	what   string // "read", "previous write", …
	frames []Frame
}

// parseRace returns the accesses of the first report in text, which begins after
// its headline.
func parseRace(text string) []access {
	var list []access
	inside := false // the lines are an access's calls
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "=====") {
			break
		}
		if m := raceAccess.FindStringSubmatch(line); m != nil {
			list = append(list, access{what: strings.ToLower(m[1])})
			inside, name = true, ""
			continue
		}
		if !inside {
			continue
		}
		if m := raceFrameLine.FindStringSubmatch(line); m != nil && name != "" {
			n, _ := strconv.Atoi(m[2]) // 0 is right for too many digits
			a := &list[len(list)-1]
			a.frames = append(a.frames, Frame{Func: name, File: m[1], Line: n})
			name = ""
			continue
		}
		call, isCall := strings.CutPrefix(line, "  ")
		if isCall && strings.HasSuffix(call, ")") && call[0] != ' ' {
			name = functionName(call)
			continue
		}
		inside = false
	}
	return list
}

// sanitizerError matches the headline of a C sanitizer's report.
var sanitizerError = regexp.MustCompile(`(?m)^==\d+==\s*(?:ERROR|WARNING): ((?:Address|Memory|Leak|UndefinedBehavior)Sanitizer: .*)$`)

// sanitizerFrame matches one call of its first stack.
var sanitizerFrame = regexp.MustCompile(`^\s+#\d+ 0x[0-9a-f]+ in (\S+) (\S.*?):(\d+)(?::\d+)?$`)

// sanitizerWhat matches the kind of error and leaves out addresses and thread.
var sanitizerWhat = regexp.MustCompile(`^\w+: [\w-]+`)

// sanitized reports what -asan or -msan found, if that is what ended the process.
func (r *Raw) sanitized() (Report, bool) {
	m := sanitizerError.FindStringSubmatchIndex(r.Text)
	if m == nil {
		return Report{}, false
	}
	message := r.Text[m[2]:m[3]]
	var frames []Frame
	for line := range strings.Lines(r.Text[m[1]:]) {
		line = strings.TrimRight(line, "\r\n")
		call := sanitizerFrame.FindStringSubmatch(line)
		if call == nil {
			if line == "" && len(frames) > 0 {
				break // the next stack tells of the memory's allocation
			}
			continue
		}
		n, _ := strconv.Atoi(call[3])
		frames = append(frames, Frame{Func: call[1], File: call[2], Line: n})
	}
	return r.stacked(Signal, message, sanitizerWhat.FindString(message), frames), true
}
