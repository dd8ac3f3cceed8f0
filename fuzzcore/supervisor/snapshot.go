package supervisor

import "time"

// This file defines what an observer of a running campaign is shown.

// Snapshot is the state of a campaign at one moment.
type Snapshot struct {
	// Elapsed is the time since the campaign started.
	Elapsed time.Duration
	// Workers is how many worker processes are alive.
	Workers int
	Tests   []TestSnapshot
}

// TestSnapshot is the state of one fuzz test. Runs, Unique and Points accumulate
// over campaigns.
type TestSnapshot struct {
	Package, Func string
	// Runs counts executions; NewRuns those of this campaign.
	Runs, NewRuns uint64
	// RunsPerSecond is over the last second or so; 0 while other tests have their turn.
	RunsPerSecond float64
	// Unique counts runs that were kept.
	Unique uint64
	// Points is covered points of TotalPoints.
	Points, TotalPoints uint64
	// SinceFind is the time since this campaign last covered a point or kept a run of
	// this test, or since its start.
	SinceFind time.Duration
	// Crashes is the number of signatures, known ones seen again included.
	Crashes int
}
