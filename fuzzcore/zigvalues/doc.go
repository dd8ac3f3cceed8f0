// Package zigvalues tells which values a fuzz test of Zig took from an input.
//
// An input of Zig is a Smith stream: the values that the fuzz test asked std.testing.Smith
// for, one after another, without any word of what they are. Only the fuzz test knows, and
// what it asks for depends on what it got before. So Read runs it: the executable replays
// the input under ptrace, with breakpoints where the fuzz test calls Smith and where Smith
// asks the fuzzer, and each stop tells one request. Debug information has the place of the
// call and the type of its result, so that a stream reads
//
//	ring.zig:42: eos() = false
//	ring.zig:42: value(ring.Op) = .push_back
//	ring.zig:44: value(u8) = 7
//
// The input may crash the fuzz test: then these are the values up to the crash. It works
// on Linux, amd64, with the symbols and the debug information that Zig's Debug and
// ReleaseSafe have; elsewhere there is an error, and a stream is bytes.
//
// The encoding is that of lib/std/testing/Smith.zig and lib/fuzzer.zig of Zig 0.16.
package zigvalues
