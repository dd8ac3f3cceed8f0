// Package executor runs inputs in a target process through shared memory.
//
// An Executor owns one target process at a time and a ring (see fuzzcore/abi)
// that it shares with it. The caller writes inputs into slots of the ring (Slot,
// Push), publishes them by the batch (Flush), and takes the results in the same
// order (Wait). While there are inputs, neither side makes a system call.
//
// The target can do nothing to the caller but end a run badly: if it exits, dies,
// hangs, eats memory or is stopped, the run at hand gets a Crash as its result, a
// new process is started on the same ring, and the runs behind it go on. What a
// run's result says depends only on the inputs and their order.
//
// The runtime that answers on the target's side comes from package goruntime. A
// target built without it can be run over the protocol that go test's own fuzzing
// uses (Config.Stock): far slower, and with edge coverage only.
//
// An Executor is for one goroutine.
package executor
