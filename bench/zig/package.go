package main

import (
	"os"
	"path/filepath"
)

// This file defines the package that is fuzzed.

// steady is a fuzz test that never fails and whose runs cost the same from the first
// second on; crasher one that says when it fails, in nanoseconds since 1970.
const (
	steady = `const std = @import("std");

fn sum(_: void, smith: *std.testing.Smith) !void {
    var buf: [32]u8 = undefined;
    const n = smith.slice(&buf);
    var total: u32 = 0;
    for (buf[0..n]) |c| {
        if (c == 'x') total *%= 3 else total +%= c;
    }
    std.mem.doNotOptimizeAway(total);
}

test "sum" {
    try std.testing.fuzz({}, sum, .{});
}
`
	crasher = `const std = @import("std");

fn fails(_: void, smith: *std.testing.Smith) !void {
    const v = smith.value(u32);
    if (v % 500_009 == 77) {
        var now: std.os.linux.timespec = undefined;
        _ = std.os.linux.clock_gettime(.REALTIME, &now);
        std.debug.print("AT {d}{d:0>9}\n", .{ @as(u64, @intCast(now.sec)), @as(u64, @intCast(now.nsec)) });
        @panic("it fails");
    }
}

test "fails" {
    try std.testing.fuzz({}, fails, .{});
}
`
	buildFile = `const std = @import("std");

pub fn build(b: *std.Build) void {
    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = b.path("subject.zig"),
        .target = b.standardTargetOptions(.{}),
        .optimize = b.standardOptimizeOption(.{}),
    }) });
    b.step("test", "Run the tests").dependOn(&b.addRunArtifact(tests).step);
}
`
)

// writePackage writes a package with this fuzz test.
func writePackage(dir, source string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "build.zig"), []byte(buildFile), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "subject.zig"), []byte(source), 0o666)
}
