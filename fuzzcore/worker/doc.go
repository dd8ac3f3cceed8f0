// Package worker is one fuzz worker process: it holds the engines and the
// executors of a list of fuzz tests, is told what to do by messages on stdin,
// and tells what it finds by messages on stdout and in coverage files.
//
// The messages are those of Zig's test runner in fuzz mode (package abi), in the
// order in which that sends them. A worker is one instance of a campaign:
//
//   - In limited mode every fuzz test is run for a number of cycles, then the
//     process exits with status 0.
//   - In infinite mode it goes on until it is killed or its stdin ends. Instance 0
//     alone writes the corpus; the others tell it what they find through the
//     supervisor.
//
// A worker with several fuzz tests hops between them in batches of about a
// second and prefers those that find things. The executables of the fuzz tests
// may differ: then the worker sends one coverage_id message for each executable,
// followed by the fuzz_start_addr messages of its fuzz tests. With one executable
// that is exactly what Zig sends.
//
// What a fuzz test does in a worker depends on the seed, the corpus and what
// peers send, never on time: batches are counted in runs, and a hop leaves the
// runs in flight where they are.
package worker
