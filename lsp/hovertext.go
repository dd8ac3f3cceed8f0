package lsp

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file writes what hovers say.

// hoverTests is how many fuzz tests a hover names: editors put the hovers of several
// servers into one window, so ours has at most six lines.
const hoverTests = 4

// hoverWriter writes the lines of a hover, as Markdown or as plain text.
type hoverWriter struct {
	markdown bool
	now      time.Time
	lines    []string
}

func (h *hoverWriter) line(format string, args ...any) {
	h.lines = append(h.lines, fmt.Sprintf(format, args...))
}

// String returns the lines. In Markdown, two spaces at the end of a line keep its end.
func (h *hoverWriter) String() string {
	if h.markdown {
		return strings.Join(h.lines, "  \n")
	}
	return strings.Join(h.lines, "\n")
}

func (h *hoverWriter) bold(text string) string {
	if h.markdown {
		return "**" + h.escaped(text) + "**"
	}
	return text
}

// markdownEscaper keeps punctuation of messages and names from being taken for Markdown.
var markdownEscaper = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", "&", "&amp;", "#", "\\#", "|", "\\|")

func (h *hoverWriter) escaped(text string) string {
	if h.markdown {
		return markdownEscaper.Replace(text)
	}
	return text
}

// file returns a link to a file.
func (h *hoverWriter) file(path string) string {
	if h.markdown {
		return fmt.Sprintf("[%s](%s)", h.escaped(filepath.Base(path)), uri.File(path))
	}
	return path
}

// lineHover writes what is known of a line: how much of it ran, and what ran it.
func (h *hoverWriter) lineHover(d live.LineDetail) {
	words := lineWords(d.Line)
	switch {
	case d.Entry && d.State == coverage.NotInstrumented:
		words = "enters here"
	case d.Entry:
		words += "; enters here"
	}
	h.line("%s: %s", h.bold("Fuzzing"), words)
	for i, r := range d.Tests {
		if left := len(d.Tests) - i; i == hoverTests && left > 1 {
			h.line("and %d more fuzz tests", left)
			return
		}
		h.reach(r, d.Points)
	}
}

// lineWords says how much of a line ran.
func lineWords(l coverage.Line) string {
	switch {
	case l.State == coverage.NotCovered:
		return "never ran"
	case l.Points == 0 && l.Branches > 0:
		return fmt.Sprintf("%d of %s ran", l.BranchesHit, counted(int(l.Branches), "way out of its condition", "ways out of its condition"))
	}
	text := "ran"
	if l.Points > 1 || l.Hit < l.Points {
		text = fmt.Sprintf("%d of %s ran", l.Hit, counted(int(l.Points), "point", "points"))
	}
	if l.Branches > 0 {
		text += fmt.Sprintf(", %d of %s", l.BranchesHit, counted(int(l.Branches), "way out of its condition", "ways out of its condition"))
	}
	return text
}

// reach writes how a fuzz test reached a line with so many points.
func (h *hoverWriter) reach(r live.Reach, points uint32) {
	text := h.escaped(r.Test.Func)
	if r.Hit < r.Points || points > 1 && r.Points > 0 {
		text += fmt.Sprintf(" (%d of %d)", r.Hit, r.Points)
	}
	if !r.Since.IsZero() {
		text += " since " + h.moment(r.Since)
	}
	switch {
	case r.Input != "" && r.FromSeed:
		text += ", first by the seed " + h.file(r.Input)
	case r.Input != "":
		text += ", first by the input " + h.file(r.Input)
	case r.FromSeed:
		text += ", first by a seed"
	}
	h.line("%s", text)
}

// moment writes a time: of today by the clock, else with the day.
func (h *hoverWriter) moment(t time.Time) string {
	now, t := h.now.Local(), t.Local()
	switch {
	case now.YearDay() == t.YearDay() && now.Year() == t.Year():
		return t.Format("15:04:05")
	case now.Year() == t.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

// testHover writes the figures of a fuzz test, and what they count.
func (h *hoverWriter) testHover(t *live.Test) {
	h.line("%s: %s", h.bold(t.ID.Func), h.testState(t))
	if t.Failure != "" {
		first, _, _ := strings.Cut(t.Failure, "\n")
		h.line("The last start failed: %s", h.escaped(first))
	}
	if !t.HasFigures {
		return
	}
	f := &t.Figures
	runs := fmt.Sprintf("%s runs, each of the fuzz function with one input", supervisor.Short(float64(f.Runs)))
	if t.State == live.Running {
		runs += fmt.Sprintf("; %s of them in this campaign", supervisor.Short(float64(f.NewRuns)))
	}
	h.line("%s", runs)
	h.line("%s unique runs: their inputs were kept, because they reached something new", grouped(f.Unique))
	h.line("%s of %s points: places in the executable that report that they ran", grouped(f.Points), grouped(f.TotalPoints))
	if f.Crashes > 0 {
		h.line("%s, told apart by their signature", counted(f.Crashes, "crash", "crashes"))
	}
	h.line("Totals count all campaigns of this build.")
}

func (h *hoverWriter) testState(t *live.Test) string {
	switch t.State {
	case live.Queued:
		return "waits for another build"
	case live.BuildingTest:
		return "is being built"
	case live.ReplayingTest:
		return "replays known inputs"
	case live.Stopping:
		return "is stopping"
	case live.Running:
		return fmt.Sprintf("fuzzing since %s with %s, %s runs a second, last find %s", h.moment(t.Started),
			counted(t.Workers, "worker", "workers"), supervisor.Short(t.Figures.RunsPerSecond), agoText(t.Figures.SinceFind))
	}
	if !t.HasFigures {
		return "was not fuzzed yet"
	}
	return "is not being fuzzed"
}
