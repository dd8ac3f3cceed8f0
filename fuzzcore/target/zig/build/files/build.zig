//! Builds files that belong to no project, each as a module of its own: -Dfile=path for
//! each, absolute.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const step = b.step("test", "Build the files' tests");
    for (b.option([]const []const u8, "file", "A file with tests") orelse &.{}) |path| {
        const module = b.createModule(.{ .root_source_file = .{ .cwd_relative = path }, .target = target, .optimize = optimize });
        step.dependOn(&b.addTest(.{ .root_module = module }).step);
    }
}
