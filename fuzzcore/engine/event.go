package engine

// This file defines what the engine tells about its corpus.

// EventKind tells what happened to an input.
type EventKind uint8

// The kinds of events.
const (
	// Kept: the input entered the corpus.
	Kept EventKind = iota
	// Dropped: the input left the corpus, or a known input did not enter it,
	// because others are better for all that it covers.
	Dropped
)

// Event is one change of the corpus.
type Event struct {
	Kind EventKind
	// ID is the input's number, unique within the engine's life and never used
	// again; 0 if a known input did not enter the corpus at all.
	ID uint64
	// Origin tells where the input came from.
	Origin Origin
	// Data is the input's encoding; it stays valid and must not be changed.
	Data []byte
	// Fresh is set for a kept input that has features that no input before it had;
	// without it the input replaces longer ones.
	Fresh bool
	// Counters and Blocks are those of the confirmation of a kept input.
	Counters []byte
	Blocks   []uint64
}

// Stats counts what the engine did so far.
type Stats struct {
	// Runs is the number of observed runs, Mutants that of inputs made.
	Runs, Mutants uint64
	// Kept is the number of inputs that entered the corpus.
	Kept uint64
	// Entries is the present size of the corpus in inputs, Bytes in encoded bytes.
	Entries, Bytes int
	// Edges and Features count what confirmed inputs cover: distinct edges, and
	// distinct pairs of an edge and a hit-count bucket.
	Edges, Features int
	// Unstable is the number of finds that a second run did not confirm.
	Unstable uint64
	// Patched is the number of mutants made by substituting operands of
	// comparisons, PatchFinds how many of them were new.
	Patched, PatchFinds uint64
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	s := e.stats
	s.Entries = len(e.corpus.entries)
	s.Edges = e.features.edges
	s.Features = len(e.features.seen)
	return s
}
