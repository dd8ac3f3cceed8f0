package supervisor

import (
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
)

// This file writes the report for people, in the form of Zig's fuzzing report.

// The lines between the parts of a report.
const (
	reportTitle = "======= FUZZING REPORT ======="
	reportRule  = "------------------------------"
	reportEnd   = "=============================="
)

var (
	reportTitleStyle = lipgloss.NewStyle().Bold(true)
	reportCrashStyle = lipgloss.NewStyle().Foreground(lipgloss.Red).Bold(true)
	reportRuleStyle  = lipgloss.NewStyle().Faint(true)
)

// WriteText writes the report for people, with ANSI colours if color.
func (r *Report) WriteText(w io.Writer, color bool) error {
	t := reportText{color: color}
	t.line(reportTitleStyle, reportTitle)
	for i := range r.Tests {
		t.test(&r.Tests[i])
	}
	for _, failure := range r.Failed {
		t.line(reportCrashStyle, "Not run: "+strings.ReplaceAll(strings.TrimSpace(failure), "\n", "\n  "))
	}
	if len(r.Failed) > 0 {
		t.line(reportRuleStyle, reportRule)
	}
	t.text("%s in %s with %s, seed %#x\n", Count(r.CrashCount(), "crash", "crashes"),
		r.Elapsed.Round(time.Second/10), Count(r.Jobs, "worker", "workers"), r.Seed)
	t.end(r)
	_, err := io.WriteString(w, t.String())
	return err
}

// WriteKnownText writes a report of no campaign: what stands after earlier ones. Of each
// Change only After is used.
func (r *Report) WriteKnownText(w io.Writer, color bool) error {
	t := reportText{color: color}
	t.line(reportTitleStyle, reportTitle)
	for i := range r.Tests {
		test := &r.Tests[i]
		t.line(reportTitleStyle, "Fuzz test: "+test.Name)
		t.text("Runs: %d\n", test.Runs.After)
		t.text("Unique runs: %d\n", test.Unique.After)
		t.text("Points: %d of %d (%s)\n", test.Points.After, test.TotalPoints, percent(test.Points.After, test.TotalPoints))
		t.crashes(test)
	}
	t.text("%s known from earlier campaigns\n", Count(r.CrashCount(), "crash", "crashes"))
	t.end(r)
	_, err := io.WriteString(w, t.String())
	return err
}

// reportText is a report that is being written.
type reportText struct {
	strings.Builder
	color bool
}

func (t *reportText) text(format string, args ...any) { fmt.Fprintf(t, format, args...) }

func (t *reportText) line(s lipgloss.Style, text string) {
	if t.color {
		text = s.Render(text)
	}
	t.WriteString(text + "\n")
}

// end writes what all reports end with.
func (t *reportText) end(r *Report) {
	if r.CrashCount() > 0 {
		t.text("Paths are relative to %s; replay commands run there.\n", r.Root)
	}
	t.text("Values accumulate over campaigns while .fuzzls is kept.\n")
	t.line(reportTitleStyle, reportEnd)
}

func (t *reportText) test(r *TestReport) {
	t.line(reportTitleStyle, fmt.Sprintf("Fuzz test: %s (%s)", r.Name, r.CoverageID))
	t.text("Runs: %s (%s/s)\n", r.Runs, Short(r.RunsPerSecond))
	t.text("Unique runs: %s\n", r.Unique)
	t.text("Points: %s of %d (%s)\n", r.Points, r.TotalPoints, percent(r.Points.After, r.TotalPoints))
	t.text("Own lines: %s of %d (%s)\n", r.Lines, r.TotalLines, percent(r.Lines.After, r.TotalLines))
	t.crashes(r)
}

func (t *reportText) crashes(r *TestReport) {
	for i := range r.Crashes {
		t.crash(&r.Crashes[i])
	}
	t.line(reportRuleStyle, reportRule)
}

func (t *reportText) crash(c *CrashReport) {
	known := ""
	if c.Known {
		known = ", known before"
	}
	what := c.Kind
	if c.Message != "" {
		what += ": " + c.Message
	}
	t.line(reportCrashStyle, fmt.Sprintf("Crash %s: %s", c.Signature, what))
	t.text("  at %s (%s%s)\n", c.Location, Count(int(c.Inputs), "input", "inputs"), known)
	t.text("  input: %s\n", c.Reproducer)
	t.text("  replay: %s\n", c.Replay)
}

// Count returns a number of things with their name.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func percent(part, whole uint64) string {
	if whole == 0 {
		return "none instrumented"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

// Short writes a number with three significant digits and a decimal suffix, such
// as 1.30M.
func Short(x float64) string {
	switch {
	case x >= 999.5e6:
		return significant(x/1e9) + "G"
	case x >= 999.5e3:
		return significant(x/1e6) + "M"
	case x >= 999.5:
		return significant(x/1e3) + "k"
	}
	return fmt.Sprintf("%.0f", x)
}

func significant(x float64) string {
	switch {
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
