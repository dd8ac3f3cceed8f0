// Package supervisor runs one campaign: it starts worker processes, watches,
// restarts and stops them, relays what one finds to the others, keeps crashes,
// ends at the limits and makes the report.
//
// A worker is any process that speaks the messages of package abi on its stdin
// and stdout. In infinite mode a campaign has one worker for each instance, and
// each knows all fuzz tests. In limited mode the fuzz tests are dealt out to the
// workers, one worker for each fuzz test, so that what a fuzz test does depends
// on its seed and corpus alone.
//
// Goroutines and processes: Campaign.Run owns the workers; each worker owns its
// process and the three goroutines that read its stdout and stderr and write its
// stdin, and waits for them before it counts as stopped. Crashes are minimized by
// one goroutine that Run waits for. Nothing outlives Run. When the supervisor
// itself is killed, the kernel kills the workers (parent-death signal), and theirs
// the executors.
package supervisor
