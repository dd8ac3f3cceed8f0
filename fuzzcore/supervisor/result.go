package supervisor

import (
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file makes the report of a campaign.

// Report returns what the campaign has done so far, or did if it has ended. It may be
// called at any time, by several goroutines.
func (c *Campaign) Report() *Report {
	c.looking.Lock()
	defer c.looking.Unlock()
	if c.final != nil {
		return c.final
	}
	return c.report()
}

// report reads the coverage files. The caller holds c.looking.
func (c *Campaign) report() *Report {
	r := &Report{
		Root: c.config.Root, Seed: uint64(c.config.Seed), Jobs: c.config.Jobs, Limit: c.config.Limit,
		Started: c.started, Elapsed: time.Since(c.started), SupervisorCPU: ownCPU() - c.cpu,
	}
	for i, t := range c.tests {
		r.Tests = append(r.Tests, t.report(c.crashes.reports(i)))
	}
	return r
}

func (t *testState) report(crashes []CrashReport) TestReport {
	after := t.read()
	linesBefore := coverage.States(t.points, t.beforeBits).Total(true)
	lines := coverage.States(t.points, t.file.Bits(nil)).Total(true)
	r := TestReport{
		Name: t.test.Name, Package: t.test.Package, Func: t.test.Func, File: t.test.File, Line: t.test.Line,
		CoverageID:  abi.HexName(t.test.CoverageID),
		Runs:        Change{t.before.runs, after.runs},
		Unique:      Change{t.before.unique, after.unique},
		Points:      Change{t.before.points, after.points},
		TotalPoints: uint64(t.points.Total()),
		Lines:       Change{uint64(linesBefore.Ran()), uint64(lines.Ran())},
		TotalLines:  uint64(lines.Instrumented),
		Crashes:     crashes,
	}
	if t.busy > 0 {
		r.RunsPerSecond = float64(after.runs-t.before.runs) / t.busy.Seconds()
	}
	return r
}

// ownCPU returns the processor time that this process has used, without its
// children's.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
