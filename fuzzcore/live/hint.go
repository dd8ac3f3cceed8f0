package live

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines Hint: what is remarkable about a line. Nothing is guessed: an outcome
// is said to have never happened only if the counters of the code behind it say so.

// HintKind is why a place deserves a hint.
type HintKind int

// The kinds of hints.
const (
	HintEntry    HintKind = iota // fuzzing enters here
	HintPartly                   // a condition on a covered line went one way only
	HintFrontier                 // a covered line whose next branch never ran
)

// Hint is a remark at the end of a line of the built text.
type Hint struct {
	Line uint32
	Kind HintKind
	// Text is a few words: "FuzzParse enters here", "never: len == 17 (nearest 16)".
	Text string
	// Explanation is a sentence or two, Markdown.
	Explanation string
}

// Hints returns the hints for lines [first, last] of the built text, sorted, at most one
// for a line.
func (w *Workspace) Hints(path string, first, last uint32) []Hint {
	w.tick()
	state := w.existingState()
	m := &w.coverage
	m.mu.Lock()
	file, ok := m.files[path]
	if !ok {
		m.mu.Unlock()
		return nil
	}
	f := &m.merged.Points.Files[file]
	text := m.textOf(f, state)
	h := hinter{m: m, file: file, exact: f.Exact, lines: m.tracker.Lines(int(file)), first: first, last: last}
	h.entries()
	if text != nil {
		h.conditions(m.outlineOf(f.SHA256, text))
		h.rest()
	}
	parts := m.narrowTo(path)
	m.mu.Unlock()
	near := nearness{state: state, parts: parts}
	hints := make([]Hint, len(h.found))
	for i, f := range h.found {
		if f.compares != nil {
			f.Text += near.of(f.compares)
		}
		hints[i] = f.Hint
	}
	slices.SortStableFunc(hints, func(a, b Hint) int { return cmp.Compare(a.Line, b.Line) })
	return slices.CompactFunc(hints, func(a, b Hint) bool { return a.Line == b.Line }) // entries came first
}

// outlinesKept is how many texts' outlines are kept: more than anyone has open at once.
const outlinesKept = 64

// outlineOf returns the conditions of a text. The caller holds m.mu.
func (m *model) outlineOf(digest string, text []byte) *outline {
	if o := m.outlines[digest]; o != nil {
		return o
	}
	if m.outlines == nil || len(m.outlines) >= outlinesKept {
		m.outlines = map[string]*outline{}
	}
	o := newOutline(text)
	m.outlines[digest] = o
	return o
}

// hinter looks for the hints of one file. Its methods are called with model.mu held.
type hinter struct {
	m           *model
	file        uint32
	exact       bool
	lines       []coverage.Line
	first, last uint32
	found       []foundHint
	conditioned map[uint32]bool // lines whose conditions have been looked at
}

// foundHint is a hint that may get the nearest operands of a comparison.
type foundHint struct {
	Hint
	compares *condition
}

func (h *hinter) add(line uint32, kind HintKind, compares *condition, text, explanation string) {
	h.found = append(h.found, foundHint{Hint{Line: line, Kind: kind, Text: text, Explanation: explanation}, compares})
}

func (h *hinter) asked(line uint32) bool { return h.first <= line && line <= h.last }

// entries adds a hint where fuzz tests enter.
func (h *hinter) entries() {
	names := map[uint32][]string{}
	path := h.m.merged.Points.Files[h.file].Path
	for i := range h.m.builds {
		b := &h.m.builds[i]
		for k, name := range b.Tests {
			if at, ok := b.EntryLine(k); ok && at.Path == path && h.asked(at.Line) && h.isEntry(at.Line) {
				names[at.Line] = append(names[at.Line], name)
			}
		}
	}
	for line, tests := range names {
		slices.Sort(tests)
		tests = slices.Compact(tests)
		if len(tests) == 1 {
			h.add(line, HintEntry, nil, tests[0]+" enters here", "The inputs of the fuzz test `"+tests[0]+"` arrive in this function.")
			continue
		}
		h.add(line, HintEntry, nil, fmt.Sprintf("%d fuzz tests enter here", len(tests)),
			"The inputs of the fuzz tests `"+strings.Join(tests, "`, `")+"` arrive in this function.")
	}
}

func (h *hinter) isEntry(line uint32) bool {
	return line > 0 && int(line) <= len(h.lines) && h.lines[line-1].Entry
}

// ran reports whether something of a line ran.
func (h *hinter) ran(line uint32) bool {
	return line > 0 && int(line) <= len(h.lines) && ran(&h.lines[line-1])
}

// conditions adds hints for conditions that ran.
func (h *hinter) conditions(o *outline) {
	h.conditioned = map[uint32]bool{}
	for i := range o.conditions {
		c := &o.conditions[i]
		if !h.asked(c.at.line) || !h.ran(c.at.line) || h.codeAt(c.at) == neverRan {
			continue
		}
		switch c.kind {
		case choice:
			h.choice(c)
		case rangeLoop:
			if h.code(c.then) == neverRan {
				h.add(c.at.line, HintFrontier, nil, "loop body never ran", "The loop over `"+c.text+"` was reached, but there was never anything to loop over.")
			}
		default:
			h.condition(c)
		}
	}
}

// condition adds a hint for the condition of an if or for.
func (h *hinter) condition(c *condition) {
	h.conditioned[c.at.line] = true
	wasTrue, wasFalse := h.outcomes(c)
	switch {
	case wasTrue == neverRan:
		h.add(c.at.line, HintFrontier, c, "never: "+c.text, "This condition was evaluated, but it never was true.")
	case wasFalse == neverRan && c.hasElse:
		h.add(c.at.line, HintFrontier, c, "else never ran", "The condition `"+c.text+"` was evaluated, but it never was false.")
	case wasFalse == neverRan:
		h.add(c.at.line, HintPartly, c, "never false: "+c.text, "This condition was evaluated, but it never was false.")
	default:
		h.oneWay(c.at.line)
	}
}

// oneWay adds a hint if some way out of the conditions of a line was never taken, and it
// cannot be told which.
func (h *hinter) oneWay(line uint32) {
	l := &h.lines[line-1]
	if l.BranchesHit < l.Branches {
		h.add(line, HintPartly, nil, "one way only", fmt.Sprintf("%d of the %d ways out of the conditions on this line were taken.", l.BranchesHit, l.Branches))
	}
}

// outcomes tells whether a condition was ever true, and ever false.
func (h *hinter) outcomes(c *condition) (wasTrue, wasFalse codeState) {
	wasTrue = h.code(c.then)
	if c.hasElse || c.leaves {
		wasFalse = h.code(c.orElse)
	}
	l := &h.lines[c.at.line-1]
	if wasFalse == unknown && wasTrue == everRan && l.Branches == 2 && l.BranchesHit == 1 {
		wasFalse = neverRan // of the two ways, it is the other one
	}
	return wasTrue, wasFalse
}

// choice adds a hint for the cases of a switch or select that never ran.
func (h *hinter) choice(c *condition) {
	var never []string
	for _, one := range c.cases {
		if h.code(one.body) == neverRan {
			never = append(never, one.text)
		}
	}
	if len(never) == 0 {
		return
	}
	all := "`" + strings.Join(never, "`, `") + "`"
	const shown = 2 // a hint is short
	text := strings.Join(never[:min(shown, len(never))], ", ")
	if len(never) > shown {
		text = fmt.Sprintf("%s, %d more", text, len(never)-shown)
	}
	h.add(c.at.line, HintFrontier, nil, "never: "+shorten(text), "Never taken: "+all+".")
}

// rest adds a hint for lines with conditions of other kinds, such as && in an expression.
func (h *hinter) rest() {
	for line := max(1, h.first); line <= h.last && int(line) <= len(h.lines); line++ {
		if h.ran(line) && !h.conditioned[line] {
			h.oneWay(line)
		}
	}
}

// codeState is what is known of a piece of code.
type codeState int

const (
	unknown  codeState = iota
	neverRan           // it did not run
	everRan            // it ran
)

// code tells whether the code of a block ran.
func (h *hinter) code(b block) codeState {
	if b == (block{}) {
		return unknown
	}
	result := unknown
	for s := range h.spansFrom(b.from.line) {
		start := place{s.StartLine, s.StartCol}
		if b.to.before(start) {
			break
		}
		if s.StartCol == 0 || start.before(b.from) || s.Point == coverage.NoPoint {
			continue
		}
		if h.m.tracker.Hit(s.Point) {
			return everRan
		}
		if h.exact {
			result = neverRan // elsewhere, what is not shown may have run
		}
	}
	return result
}

// codeAt tells whether the code at a place ran.
func (h *hinter) codeAt(at place) codeState {
	spans := h.m.merged.Points.Spans
	for i := h.firstSpan(at.line+1) - 1; i >= 0 && spans[i].File == h.file; i-- {
		s := &spans[i]
		start, end := place{s.StartLine, s.StartCol}, place{s.EndLine, s.EndCol}
		if s.StartCol == 0 || s.Point == coverage.NoPoint || at.before(start) || !at.before(end) {
			continue
		}
		switch {
		case h.m.tracker.Hit(s.Point):
			return everRan
		case h.exact: // blocks do not overlap
			return neverRan
		}
	}
	return unknown
}

// firstSpan returns the index of the first span of the file that begins on a line or
// after it.
func (h *hinter) firstSpan(line uint32) int {
	i, _ := slices.BinarySearchFunc(h.m.merged.Points.Spans, line, func(s coverage.Span, line uint32) int {
		return cmp.Or(cmp.Compare(s.File, h.file), cmp.Compare(s.StartLine, line))
	})
	return i
}

// spansFrom yields the file's spans that begin on a line or after it, sorted.
func (h *hinter) spansFrom(line uint32) func(func(*coverage.Span) bool) {
	spans := h.m.merged.Points.Spans
	return func(yield func(*coverage.Span) bool) {
		for i := h.firstSpan(line); i < len(spans) && spans[i].File == h.file; i++ {
			if !yield(&spans[i]) {
				return
			}
		}
	}
}
