package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines the live display of a campaign: one steady block in a
// terminal, plain lines elsewhere.

// progress shows snapshots of a campaign. Its methods are not safe for concurrent
// use.
type progress interface {
	// show replaces what the last call showed.
	show(supervisor.Snapshot)
	// note prints a line that stays.
	note(line string)
	// finish leaves the last state on the screen.
	finish()
}

// blockRows is the most fuzz tests that the block lists: with its frame it fits
// into a terminal of 24 rows.
const blockRows = 16

var (
	headStyle  = lipgloss.NewStyle().Faint(true)
	crashStyle = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
	freshStyle = lipgloss.NewStyle().Foreground(lipgloss.Green)
)

// block is the display of a terminal: a table that is overwritten in place.
type block struct {
	out   io.Writer
	width func() int
	lines int // lines on the screen that the next show overwrites
	last  string
}

func (b *block) show(s supervisor.Snapshot) {
	b.last = table(s)
	b.draw("")
}

func (b *block) note(line string) { b.draw(line + "\n") }

func (b *block) finish() { b.lines = 0 }

// draw writes above, which stays, and the block below it, in one write so that
// nothing flickers. Lines are cleared at their end, not before they are written.
func (b *block) draw(above string) {
	var out strings.Builder
	if b.lines > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\r", b.lines)
	}
	width := b.width()
	b.lines = 0
	for line := range strings.Lines(above + b.last) {
		out.WriteString(ansi.Truncate(strings.TrimSuffix(line, "\n"), width-1, "…"))
		out.WriteString("\x1b[K\n")
	}
	b.lines = strings.Count(b.last, "\n")
	out.WriteString("\x1b[J")
	io.WriteString(b.out, out.String())
}

func table(s supervisor.Snapshot) string {
	names := make([]string, len(s.Tests))
	width := len("fuzz test")
	for i, t := range s.Tests {
		names[i] = t.Func
		if sharedName(s.Tests, i) {
			names[i] = lastElement(t.Package) + "." + t.Func
		}
		width = max(width, len(names[i]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "fuzzing for %s with %d workers · Ctrl-C ends with the report\n", clock(s.Elapsed), s.Workers)
	b.WriteString(headStyle.Render(fmt.Sprintf("%-*s %8s %9s %7s %15s %10s %8s",
		width, "fuzz test", "runs", "runs/s", "unique", "points", "last find", "crashes")))
	b.WriteByte('\n')
	for _, i := range listed(s.Tests) {
		row(&b, names[i], width, &s.Tests[i])
	}
	if n := len(s.Tests) - blockRows; n > 0 {
		fmt.Fprintf(&b, "… and %d more\n", n)
	}
	return b.String()
}

func row(b *strings.Builder, name string, width int, t *supervisor.TestSnapshot) {
	rate := "-"
	if t.RunsPerSecond > 0 {
		rate = supervisor.Short(t.RunsPerSecond)
	}
	find := fmt.Sprintf("%10s", clock(t.SinceFind))
	if t.SinceFind < 2*time.Second && t.NewRuns > 0 {
		find = freshStyle.Render(find)
	}
	crashes := fmt.Sprintf("%8d", t.Crashes)
	if t.Crashes > 0 {
		crashes = crashStyle.Render(crashes)
	}
	fmt.Fprintf(b, "%-*s %8s %9s %7d %15s %s %s\n", width, name, supervisor.Short(float64(t.Runs)), rate,
		t.Unique, fmt.Sprintf("%d of %d", t.Points, t.TotalPoints), find, crashes)
}

// listed returns the indexes of the tests that the block lists: all, or the most
// active ones.
func listed(tests []supervisor.TestSnapshot) []int {
	var indexes []int
	for i := range tests {
		if len(tests) <= blockRows || tests[i].RunsPerSecond > 0 || tests[i].Crashes > 0 {
			indexes = append(indexes, i)
		}
	}
	for i := 0; i < len(tests) && len(indexes) < blockRows; i++ {
		if tests[i].RunsPerSecond == 0 && tests[i].Crashes == 0 && len(tests) > blockRows {
			indexes = append(indexes, i)
		}
	}
	return indexes[:min(len(indexes), blockRows)]
}

func sharedName(tests []supervisor.TestSnapshot, i int) bool {
	for j := range tests {
		if j != i && tests[j].Func == tests[i].Func {
			return true
		}
	}
	return false
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// clock writes a duration in whole seconds: 7s, 3m07s, 2h03m.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// linesEvery is how often the plain display prints: often enough to see life in a
// CI log, seldom enough not to fill it.
const linesEvery = 5 * time.Second

// lines is the display where there is no terminal: a line for each fuzz test that
// ran, every few seconds.
type lines struct {
	out  io.Writer
	next time.Duration
	last supervisor.Snapshot
	runs []uint64 // NewRuns of each test when it was last printed
}

func (l *lines) show(s supervisor.Snapshot) {
	l.last = s
	if s.Elapsed < l.next {
		return
	}
	l.next = s.Elapsed + linesEvery
	l.print()
}

func (l *lines) print() {
	if len(l.runs) != len(l.last.Tests) {
		l.runs = make([]uint64, len(l.last.Tests))
	}
	for i := range l.last.Tests {
		t := &l.last.Tests[i]
		if t.NewRuns == l.runs[i] {
			continue
		}
		l.runs[i] = t.NewRuns
		fmt.Fprintf(l.out, "%s %s.%s: %d runs (%s/s), %d unique, %d of %d points, last find %s ago, %d crashes\n",
			clock(l.last.Elapsed), t.Package, t.Func, t.Runs, supervisor.Short(t.RunsPerSecond), t.Unique,
			t.Points, t.TotalPoints, clock(t.SinceFind), t.Crashes)
	}
}

func (l *lines) note(line string) { fmt.Fprintln(l.out, line) }

func (l *lines) finish() { l.print() }
