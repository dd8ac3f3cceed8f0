package lsp

import (
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines what the lenses of a fuzz test say.

// lens is one code lens: what it says and the command behind it, which gets the fuzz
// test's id.
type lens struct {
	title, command string
}

// lensesOf returns the lenses of a fuzz test, from left to right. notBuilt: its package
// has a problem that keeps it from being built; crashes is how many it has that are open.
func lensesOf(t *live.Test, notBuilt bool, crashes int) []lens {
	switch t.State {
	case live.Queued:
		return []lens{{"■ Cancel", commandStop}, {"waiting for another build", commandReport}}
	case live.BuildingTest:
		return []lens{{"■ Cancel", commandStop}, {"building…", commandReport}}
	case live.Running:
		return []lens{{"■ Stop", commandStop}, {runningText(t, crashes), commandReport}}
	case live.ReplayingTest:
		return []lens{{"■ Stop", commandStop}, {"replaying the corpus…", commandReport}}
	case live.Stopping:
		return []lens{{"stopping…", commandReport}}
	}
	lenses := []lens{{"▶ Fuzz", commandStart}, {"↻ Replay corpus", commandReplay}}
	if text := failureText(t, notBuilt); text != "" {
		lenses = append(lenses, lens{text, commandFailure})
	}
	if t.HasFigures && t.Figures.Runs > 0 {
		lenses = append(lenses, lens{idleText(&t.Figures, crashes), commandReport})
	}
	return lenses
}

// untrustedLens takes the place of all others where nothing may run.
var untrustedLens = lens{"fuzzing is off: this workspace is not trusted", commandStart}

// maxFailure is how many characters of a failure a lens shows: about what stands
// beside the other lenses in a window of 120 columns.
const maxFailure = 60

// failureText says that the last start failed; "" if it did not.
func failureText(t *live.Test, notBuilt bool) string {
	switch {
	case t.Failure == "":
		return ""
	case notBuilt:
		return "⚠ could not be built"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(t.Failure), "\n")
	if runes := []rune(line); len(runes) > maxFailure {
		line = strings.TrimSpace(string(runes[:maxFailure])) + "…"
	}
	return "⚠ " + line
}

// runningText is the line of figures: "1.20M runs · 45.0k/s · 312 of 1,024 points ·
// last find 12 s ago · 2 crashes".
func runningText(t *live.Test, crashes int) string {
	f := &t.Figures
	if !t.HasFigures || f.TotalPoints == 0 {
		return "starting…"
	}
	parts := []string{shortCount(f.Runs, "run", "runs")}
	if f.RunsPerSecond > 0 {
		parts = append(parts, supervisor.Short(f.RunsPerSecond)+"/s")
	}
	parts = append(parts, pointsText(f), "last find "+agoText(f.SinceFind))
	return strings.Join(append(parts, crashesText(crashes)...), " · ")
}

// idleText is what the campaigns so far came to.
func idleText(f *supervisor.TestSnapshot, crashes int) string {
	parts := []string{shortCount(f.Runs, "run", "runs")}
	if f.TotalPoints > 0 {
		parts = append(parts, pointsText(f))
	}
	return strings.Join(append(parts, crashesText(crashes)...), " · ")
}

func pointsText(f *supervisor.TestSnapshot) string {
	return grouped(f.Points) + " of " + grouped(f.TotalPoints) + " points"
}

// crashesText says nothing if there are none.
func crashesText(n int) []string {
	if n == 0 {
		return nil
	}
	return []string{counted(n, "crash", "crashes")}
}
