package lsp

import (
	"fmt"
	"slices"
)

// This file defines a client of fuzzls/coverage that keeps what it is told, as an editor
// does, and objects to messages that the contract does not allow.

// coverageClient is what a client knows of one document.
type coverageClient struct {
	version    int32
	generation int
	states     []LineState
	entries    []uint32
	fresh      map[uint32]bool
	summary    CoverageSummary
	// full and parts count the messages.
	full, parts int
}

// apply takes a message. lines is the number of lines of the version that it is about.
func (c *coverageClient) apply(p *CoverageParams, lines int) error {
	if p.Generation != c.generation+1 {
		return fmt.Errorf("generation %d follows %d", p.Generation, c.generation)
	}
	c.generation, c.version, c.summary = p.Generation, p.TextDocument.Version, p.Summary
	switch {
	case p.Full:
		c.full++
		c.states, c.entries, c.fresh = make([]LineState, lines), nil, map[uint32]bool{}
		if p.Splice != nil || p.Entries == nil {
			return fmt.Errorf("a full message has a splice, or no entries: %+v", p)
		}
	case c.generation == 1:
		return fmt.Errorf("the first message is not full: %+v", p)
	default:
		c.parts++
		c.splice(p.Splice)
	}
	if len(c.states) != lines {
		return fmt.Errorf("%d lines of %d after %+v", len(c.states), lines, p)
	}
	if err := c.setRuns(p.Lines); err != nil {
		return err
	}
	if p.Entries != nil {
		c.entries = p.Entries
	}
	for _, f := range p.Fresh {
		c.fresh[uint32(f[0])] = true
	}
	return nil
}

func (c *coverageClient) splice(s *CoverageSplice) {
	if s == nil {
		return
	}
	c.states = slices.Replace(c.states, s.Start, s.Start+s.Remove, make([]LineState, s.Insert)...)
	var entries []uint32
	for _, l := range c.entries {
		switch {
		case int(l) < s.Start:
			entries = append(entries, l)
		case int(l) >= s.Start+s.Remove:
			entries = append(entries, uint32(int(l)-s.Remove+s.Insert))
		}
	}
	c.entries = entries
}

func (c *coverageClient) setRuns(runs []LineRun) error {
	next := uint32(0)
	for _, r := range runs {
		if r[0] < next || r[1] < r[0] || int(r[1]) >= len(c.states) || r[2] > uint32(LineStale) {
			return fmt.Errorf("run %v of %v in %d lines", r, runs, len(c.states))
		}
		next = r[1] + 1
		for l := r[0]; l <= r[1]; l++ {
			c.states[l] = LineState(r[2])
		}
	}
	return nil
}

// drawn writes a character for each line.
func (c *coverageClient) drawn() string {
	out := make([]byte, len(c.states))
	for i, s := range c.states {
		out[i] = ".-~+x"[s]
	}
	return string(out)
}
