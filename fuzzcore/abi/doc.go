// Package abi defines every byte layout that crosses a process border: the
// coverage file, the current-input file, the worker messages and the
// shared-memory ring between a worker and its executor.
//
// The coverage file, the current-input file and the worker messages are those
// of Zig's integrated fuzzer (lib/std/Build/abi.zig, lib/std/zig/Server.zig and
// Client.zig of Zig 0.16), byte for byte, so that Zig's own fuzz executables
// are workers like any other. The package knows layouts only, not what the
// bytes mean to anyone.
package abi
