package lsp

import (
	"bytes"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/linemap"
)

// This file turns the coverage of a file, which belongs to the built text, into states of
// lines of a present text.

// coverageView is the coverage of a present text. It is immutable.
type coverageView struct {
	// states holds a state for each line; nil if there is no coverage.
	states []LineState
	// entries are the lines where fuzzing enters, ascending.
	entries []uint32
	summary CoverageSummary
}

// lineStates are the states of lines as clients see them.
var lineStates = [...]LineState{
	coverage.NotInstrumented: LineNone,
	coverage.NotCovered:      LineUncovered,
	coverage.Partly:          LinePartly,
	coverage.Covered:         LineCovered,
}

// viewOf carries coverage over to the present text. Only a line that the build had as
// it is has a state of coverage.
func viewOf(file *live.FileCoverage, lines *linemap.Map, present linemap.Lines) *coverageView {
	v := &coverageView{states: make([]LineState, present.Lines()), entries: []uint32{}, summary: summaryOf(file.Summary)}
	for run := range lines.Runs() {
		for i := range min(run.N, len(file.Lines)-run.Built) {
			line := &file.Lines[run.Built+i]
			v.states[run.Present+i] = lineStates[line.State]
			if line.Entry {
				v.entries = append(v.entries, uint32(run.Present+i))
			}
		}
	}
	for hunk := range lines.Hunks() {
		if instrumented(file, hunk.Built, hunk.Removed) {
			v.markStale(hunk, present)
		}
	}
	return v
}

// instrumented reports whether any of n lines of the built text, from first, holds
// instrumented code.
func instrumented(file *live.FileCoverage, first, n int) bool {
	end := min(first+n, len(file.Lines))
	return first < end && slices.ContainsFunc(file.Lines[first:end], func(l coverage.Line) bool {
		return l.State != coverage.NotInstrumented
	})
}

// markStale marks the lines of a hunk that are not blank.
func (v *coverageView) markStale(h linemap.Hunk, present linemap.Lines) {
	for l := h.Present; l < h.Present+h.Inserted; l++ {
		if len(bytes.TrimSpace(present.Line(l))) > 0 {
			v.states[l] = LineStale
		}
	}
}

func summaryOf(s coverage.Summary) CoverageSummary {
	return CoverageSummary{Covered: s.Covered, Partly: s.Partly, Instrumented: s.Instrumented}
}

// freshLines returns the lines of the present text that were newly covered after a time,
// ascending, and the newest of these times.
func freshLines(file *live.FileCoverage, lines *linemap.Map, after, now time.Time) (fresh []FreshLine, newest time.Time) {
	newest = after
	for built, when := range file.Fresh {
		if !when.After(after) {
			continue
		}
		if when.After(newest) {
			newest = when
		}
		if line, ok := lines.Now(int(built) - 1); ok {
			fresh = append(fresh, FreshLine{int64(line), max(0, now.Sub(when).Milliseconds())})
		}
	}
	slices.SortFunc(fresh, func(a, b FreshLine) int { return int(a[0] - b[0]) })
	return fresh, newest
}
