// Package zigtest is the other side of Zig's own fuzz executables: test executables that
// were built with -ffuzz, in which Zig's fuzzer chooses, runs and keeps inputs by itself.
//
// Such an executable (a Child here) is told what to do by messages on its stdin, tells
// what it finds on its stdout (package abi), and works in a cache directory:
//
//	f/<hash of a fuzz test's name>/0, 1, 2 …  the inputs that instance 0 keeps
//	f/in<N>                                  the input that a process is running, mapped
//	v/<coverage id>                          what was covered, and how many runs there were
//
// A Cache is such a directory for one fuzz test, shared by the instances of a campaign; a
// Child is one process; a Watch notices that it hangs or takes too much memory; a Replayer
// runs given inputs in a directory of its own, and tells which of them crash and what each
// covers. The package knows of fuzz tests by their name in the executable only, and
// nothing of workers and states.
//
// Everything here is as Zig 0.16.0 has it (lib/fuzzer.zig, lib/compiler/test_runner.zig),
// but for the two older forms of the messages; see Form.
package zigtest
