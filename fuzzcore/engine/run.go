package engine

import "github.com/fuzzls/fuzzls/fuzzcore/abi"

// This file defines what the engine asks of a run and is told about it.

// Want is the set of things to record during one run, beyond its verdict.
type Want uint8

// What can be recorded.
const (
	// WantCounters asks for all edge counters of the run.
	WantCounters Want = 1 << iota
	// WantCompares asks for the comparisons the run made.
	WantCompares
	// WantBlocks asks for the source blocks the run executed.
	WantBlocks
)

// Ticket describes one input that Next handed out.
type Ticket struct {
	// Len is the length of the input's encoding (a Smith stream) in the slot.
	Len int
	// Want is what the run must record.
	Want Want
	// Generated is true for a mutant (a cycle, which counts towards a limit) and
	// false for a run of a known input (seed, corpus, peer, confirmation).
	Generated bool
	// Mutate: the slot holds a mutant's parent, of which the target's own mutator, given
	// Seed, is to make the mutant; another input of Donor bytes follows it if Donor is
	// not 0. The mutant's encoding must not be longer than Limit.
	Mutate       bool
	Donor, Limit int
	Seed         uint32
}

// Run is what one run did. All slices are valid only during Observe.
type Run struct {
	// Data is the input that ran: as Next wrote it or, with Ticket.Mutate, as the target
	// made it.
	Data []byte
	// New: the run hit an edge, or an edge's hit-count bucket, that no run of this
	// campaign had hit before it (the executor's seen map).
	New bool
	// Failed: the run crashed or failed; such an input is never kept in the corpus.
	Failed bool
	// Skipped: the fuzz test rejected the input (t.Skip); never kept.
	Skipped bool
	// Partial: what Want asked for did not fit into the arena; the engine asks again.
	Partial bool
	// Edges is the number of distinct edges hit.
	Edges uint32
	// Path is a hash of the set of edges hit (hit counts ignored).
	Path uint64
	// Nanos is how long the run took in nanoseconds; 0 if unknown, or if the campaign is
	// to repeat itself, which time does not.
	Nanos uint32
	// Counters holds one byte for each edge, the raw hit count (saturating), if
	// WantCounters was set.
	Counters []byte
	// Compares holds the recorded comparisons if WantCompares was set.
	Compares []abi.Compare
	// Blocks is passed through from the executor to the events of a kept input.
	Blocks []uint64
}
