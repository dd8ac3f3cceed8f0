package lsp

import (
	"slices"

	"github.com/fuzzls/fuzzls/lsp/linemap"
)

// This file defines how states of lines are told: as runs of lines, all of them or those
// that changed.

// runsOf returns the runs of lines with a state, ascending.
func runsOf(states []LineState) []LineRun {
	runs := []LineRun{}
	for first := 0; first < len(states); {
		last := first
		for last+1 < len(states) && states[last+1] == states[first] {
			last++
		}
		if states[first] != LineNone {
			runs = append(runs, LineRun{uint32(first), uint32(last), uint32(states[first])})
		}
		first = last + 1
	}
	return runs
}

// changedRuns returns the runs of lines that changed between two lists of the same
// length, with their new states.
func changedRuns(old, now []LineState) []LineRun {
	runs := []LineRun{}
	for first := 0; first < len(now); {
		if old[first] == now[first] {
			first++
			continue
		}
		last := first
		for last+1 < len(now) && now[last+1] == now[first] && old[last+1] != now[last+1] {
			last++
		}
		runs = append(runs, LineRun{uint32(first), uint32(last), uint32(now[first])})
		first = last + 1
	}
	return runs
}

// spliced returns the states after a splice. Inserted lines have none.
func spliced(states []LineState, s linemap.Splice) []LineState {
	return slices.Replace(slices.Clone(states), s.Start, s.Start+s.Remove, make([]LineState, s.Insert)...)
}

// splicedLines returns where lines, ascending, are after a splice; removed ones are
// gone.
func splicedLines(lines []uint32, s linemap.Splice) []uint32 {
	var out []uint32
	for _, l := range lines {
		switch line := int(l); {
		case line < s.Start:
			out = append(out, l)
		case line >= s.Start+s.Remove:
			out = append(out, uint32(line-s.Remove+s.Insert))
		}
	}
	return out
}

// fill sets all of a message.
func (v *coverageView) fill(p *CoverageParams) {
	p.Full, p.Splice, p.Lines, p.Entries, p.Summary = true, nil, runsOf(v.states), v.entries, v.summary
}

// fillChanges sets what changed since the client was told old, for a text that a splice
// has made of the old one. It returns false if nothing did. It sets all if that is
// shorter.
func (v *coverageView) fillChanges(p *CoverageParams, old *coverageView, splice linemap.Splice) bool {
	p.Full, p.Lines, p.Summary = false, []LineRun{}, v.summary
	states, entries := old.states, old.entries
	if splice.Remove != splice.Insert {
		p.Splice = &CoverageSplice{Start: splice.Start, Remove: splice.Remove, Insert: splice.Insert}
		states, entries = spliced(states, splice), splicedLines(entries, splice)
	}
	p.Lines = changedRuns(states, v.states)
	if !slices.Equal(entries, v.entries) {
		p.Entries = v.entries
	}
	if all := runsOf(v.states); len(p.Lines) > len(all) {
		v.fill(p)
	}
	return p.Full || p.Splice != nil || len(p.Lines) > 0 || p.Entries != nil || v.summary != old.summary
}
