// Package engine chooses, mutates and judges inputs. It is deterministic for a
// seed and the known inputs: it has no clock, no files and no processes, and
// does not know how a run happens.
//
// The caller alternates between Engine.Next, which hands out inputs to run in
// order, and Engine.Observe, which takes what those runs did, in the same
// order. Any number of inputs may be in flight between the two; the result
// depends on that number, never on time. Engine.Batch advises on it.
//
// # The life of an input
//
// An input is a sequence of typed values (input.go, layout.go). Known inputs
// (seeds, corpus, peers, confirmations) come first, run with everything
// recorded. Otherwise Next makes a mutant (mutant.go): a patch, if one is
// due, or random edits of an entry of the corpus.
//
// A mutant's run reports little: whether it hit something that no run had hit
// before. If so, the mutant is queued as a confirmation (confirm.go), and the
// second run's counters decide. They are turned into features, pairs of an edge
// and a hit-count bucket (features.go). An input is kept if it is the best so
// far, which is the shortest, for at least one feature; entries that are best
// for nothing any more are dropped, seeds excepted. So the corpus shrinks as it
// grows, without a minimizer. A mutant that is not new but goes the way of an
// entry (path.go) and is shorter is confirmed too.
//
// # Choosing
//
// Entries are chosen at random by weight (schedule.go): rare features, cheap
// runs and recent finds weigh more. How rare a feature is, a sample of the
// mutants tells, whose runs report all counters (trace.go). Mutators are chosen
// by what they yielded (yield.go, mutate.go).
//
// # Comparisons
//
// Random edits do not pass `if x == 0xfeedface`. The sampled runs and those of
// known inputs also report the operands of comparisons (compare.go). Where one
// operand stands in the input, as bytes of either order, as text, as a whole
// value or as a length, a patch puts the other in its place (patch.go,
// substitute*.go, linear.go). Patches of comparisons that never came out the
// other way go first, and are traced in turn, so that a chain of comparisons is
// followed link by link without waiting for confirmations. The share of the
// runs that patches get follows their yield (patchqueue.go). Guards, such as
// checksums, are mended after a mutation broke them (repair.go). Operands and
// the program's constants are also tokens for random edits (dictionary.go).
package engine
