package supervisor

import (
	"fmt"
	"time"
)

// This file defines the report: what a campaign did, in the words and with the
// accumulating values of Zig's fuzzing report.

// Report is what a campaign did. Values marked Change accumulate over campaigns:
// Before is what earlier ones had reached, After what stands now.
type Report struct {
	// Root is the workspace.
	Root string `json:"root"`
	// Seed is the campaign's random seed, Jobs its number of workers.
	Seed uint64 `json:"seed"`
	Jobs int    `json:"jobs"`
	// Limit is the number of cycles for each fuzz test, 0 for no limit.
	Limit   uint64        `json:"limit,omitempty"`
	Started time.Time     `json:"started"`
	Elapsed time.Duration `json:"elapsed_ns"`
	// SupervisorCPU is the processor time of the supervisor itself during the
	// campaign, without that of the workers.
	SupervisorCPU time.Duration `json:"supervisor_cpu_ns"`
	Tests         []TestReport  `json:"tests"`
	// Failed lists what could not be built or run.
	Failed []string `json:"failed,omitempty"`
}

// Change is a value before and after a campaign.
type Change struct {
	Before uint64 `json:"before"`
	After  uint64 `json:"after"`
}

func (c Change) String() string { return fmt.Sprintf("%d -> %d", c.Before, c.After) }

// TestReport is what a campaign did with one fuzz test.
type TestReport struct {
	Name    string `json:"name"`
	Package string `json:"package"`
	Func    string `json:"func"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	// CoverageID names the coverage file.
	CoverageID string `json:"coverage_id"`
	// Runs counts executions, Unique the runs that were kept.
	Runs   Change `json:"runs"`
	Unique Change `json:"unique_runs"`
	// Points is covered points of TotalPoints.
	Points      Change `json:"points"`
	TotalPoints uint64 `json:"total_points"`
	// Lines is covered lines of the user's own modules, of TotalLines instrumented.
	Lines      Change `json:"own_lines"`
	TotalLines uint64 `json:"total_own_lines"`
	// RunsPerSecond is over the time that this fuzz test was given.
	RunsPerSecond float64       `json:"runs_per_second"`
	Crashes       []CrashReport `json:"crashes"`
}

// CrashReport is one crash: one signature.
type CrashReport struct {
	Signature string `json:"signature"`
	Kind      string `json:"kind"`
	Message   string `json:"message"`
	// Location is file:line of the top frame in the user's code, relative to the root.
	Location string `json:"location"`
	// FirstRun is which run of the fuzz test by its worker crashed first, FirstTime
	// when that was after the worker's start.
	FirstRun  uint64        `json:"first_run"`
	FirstTime time.Duration `json:"first_time_ns"`
	// Inputs is how many crashing inputs this campaign saw.
	Inputs uint64 `json:"inputs"`
	// Known: an earlier campaign had found it already.
	Known bool `json:"known"`
	// Reproducer is the file that holds the input, Replay the command that runs it.
	Reproducer string `json:"reproducer"`
	Replay     string `json:"replay"`
}

// CrashCount returns the number of crashes of all fuzz tests.
func (r *Report) CrashCount() int {
	n := 0
	for i := range r.Tests {
		n += len(r.Tests[i].Crashes)
	}
	return n
}
