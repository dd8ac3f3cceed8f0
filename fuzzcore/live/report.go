package live

import (
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file writes the report.

// WriteReport writes the report of the running campaigns or of the last one, or if there
// was none since the workspace was opened, what earlier ones left in the state. It is an
// error if there is nothing.
func (w *Workspace) WriteReport(out io.Writer) error {
	if report := w.report(); report != nil {
		return report.WriteText(out, false)
	}
	known := w.knownReport()
	if len(known.Tests) == 0 {
		return errors.New("nothing has been fuzzed yet: start a fuzz test first")
	}
	return known.WriteKnownText(out, false)
}

// knownReport returns what is known from earlier campaigns, for WriteKnownText: the fuzz
// tests that ran, and their open crashes.
func (w *Workspace) knownReport() *supervisor.Report {
	report := &supervisor.Report{Root: w.Root()}
	crashes := w.Crashes()
	for _, t := range w.Tests() {
		test := supervisor.TestReport{
			Name: t.ID.String(), Package: t.ID.Package, Func: t.ID.Func, TotalPoints: t.Figures.TotalPoints,
			Runs: after(t.Figures.Runs), Unique: after(t.Figures.Unique), Points: after(t.Figures.Points),
		}
		for _, c := range crashes {
			if c.Test == t.ID {
				test.Crashes = append(test.Crashes, c.known(report.Root))
			}
		}
		if t.HasFigures || len(test.Crashes) > 0 {
			report.Tests = append(report.Tests, test)
		}
	}
	slices.SortFunc(report.Tests, func(a, b supervisor.TestReport) int { return cmp.Compare(a.Name, b.Name) })
	return report
}

// known returns the crash as reports have it; paths are relative to the root where they
// can be.
func (c *Crash) known(root string) supervisor.CrashReport {
	reproducer := c.Reproducer
	if rel, err := filepath.Rel(root, reproducer); err == nil && filepath.IsLocal(rel) {
		reproducer = rel
	}
	return supervisor.CrashReport{
		Signature: c.Signature, Kind: string(c.Kind), Message: c.Message, Location: c.Location,
		Inputs: uint64(c.Count), Reproducer: reproducer, Replay: c.Replay,
	}
}

func after(n uint64) supervisor.Change { return supervisor.Change{After: n} }

// report returns the report of the running campaigns together, or of the last one; nil
// if there was none.
func (w *Workspace) report() *supervisor.Report {
	w.mu.Lock()
	var running []*supervisor.Campaign
	for c := range w.campaigns {
		if c.fuzzing != nil {
			running = append(running, c.fuzzing)
		}
	}
	last := w.lastReport
	w.mu.Unlock()
	if len(running) == 0 {
		return last
	}
	all := *running[0].Report()
	all.Tests = slices.Clone(all.Tests)
	for _, c := range running[1:] {
		r := c.Report()
		all.Tests = append(all.Tests, r.Tests...)
		all.Jobs += r.Jobs
		all.Elapsed = max(all.Elapsed, r.Elapsed)
	}
	slices.SortFunc(all.Tests, func(a, b supervisor.TestReport) int { return cmp.Compare(a.Name, b.Name) })
	return &all
}
