package executor

import (
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines what a run's result is.

// Result is what one run did. It and its slices are valid until the next Wait.
type Result struct {
	// Data is the input that ran.
	Data []byte
	// New: the run passed and hit an edge, or a bucket of an edge's hit count, that
	// no passing run of this Executor had hit.
	New bool
	// Skipped: the fuzz test rejected the input.
	Skipped bool
	// Partial: what the run was to record is missing; it can be asked for again.
	// (The run's arena always has room, so this is for backends without one.)
	Partial bool
	// Edges is the number of edges hit, Path a hash of their set.
	Edges uint32
	Path  uint64
	// Nanos is how long the run took in nanoseconds, if it was to record its counters;
	// 0 if that is unknown.
	Nanos uint32
	// Counters holds the hit count of each edge, Compares the comparisons made, and
	// Blocks a bitset over the block cells, if the run was to record them.
	Counters []byte
	Compares []abi.Compare
	Blocks   []uint64
	// Crash tells how the run went wrong; nil if it passed or was skipped.
	Crash *Crash
}

// How says in which way a run went wrong.
type How uint8

// The ways a run can go wrong.
const (
	// Failed: the fuzz test reported a failure or panicked; the process lives on.
	Failed How = iota + 1
	// Exited: the process exited or was killed by a signal of its own making.
	Exited
	// TimedOut: the run took longer than Config.Timeout.
	TimedOut
	// OverMemory: the process had more resident memory than Config.MemoryLimit.
	OverMemory
	// Stopped: somebody else stopped or killed the process. It says nothing about
	// the input.
	Stopped
)

var howNames = [...]string{Failed: "failed", Exited: "exited", TimedOut: "timed out", OverMemory: "over memory", Stopped: "stopped"}

func (h How) String() string {
	if int(h) < len(howNames) && howNames[h] != "" {
		return howNames[h]
	}
	return "unknown"
}

// Crash tells how a run went wrong.
type Crash struct {
	How How
	// ExitCode is the exit status, or -1 if the process was ended by Signal or, if
	// that is 0, is still alive.
	ExitCode int
	Signal   int
	// Text is the failure's text with file and line or stack; for a process that
	// ended, what it wrote to stderr since shortly before the run began. Of a long
	// text the middle is left out.
	Text string
	// Output is what the process wrote to stdout since shortly before the run began.
	Output string
}
