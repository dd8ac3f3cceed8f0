// Package zig finds and builds the fuzz tests of Zig: `test` blocks that call
// std.testing.fuzz.
//
// Finding reads files and runs nothing: a lexer of the language sees the tests. Building is
// done by the user's own zig, with a build runner of ours (build/runner.zig), which runs the
// project's build.zig and then builds its test executables in fuzz mode, as `zig build
// --fuzz` does. A file that belongs to no build.zig is built by one of ours.
//
// What comes out are Zig's own fuzz executables, with Zig's fuzzer in them. They are asked
// what they hold (describe.go) and their instrumented addresses are resolved (points.go).
// One executable holds all fuzz tests of a module.
package zig
