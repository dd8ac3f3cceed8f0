// Package engine chooses, mutates and judges inputs. It is deterministic for a
// seed and a corpus: it has no clock, no files and no processes, and does not
// know how a run happens.
//
// The caller alternates between Engine.Next, which hands out inputs to run in
// order, and Engine.Observe, which takes what those runs did, in the same
// order. Any number of inputs may be in flight between the two; the result
// depends on that number, never on time.
package engine
