//! What the fuzz test of bugs.zig calls.
const std = @import("std");

pub fn panics(n: u8) void {
    if (n > 3) std.debug.panic("cannot parse {d}", .{n});
}

pub fn index(text: []const u8, n: u8) u8 {
    return text[n];
}

pub fn overflow(n: u8) u8 {
    return n + 250;
}

pub fn unwrap(n: u8) u8 {
    const found: ?u8 = if (n > 200) n else null;
    return found.?;
}

pub fn reached(n: u8) void {
    switch (n) {
        0, 1 => {},
        else => unreachable,
    }
}

const Token = union(enum) { number: u32, letter: u8 };

pub fn unionField(n: u8) u32 {
    var token: Token = .{ .letter = n };
    std.mem.doNotOptimizeAway(&token);
    return token.number;
}

pub noinline fn read(address: usize) u8 {
    return @as(*volatile u8, @ptrFromInt(address)).*;
}

pub noinline fn write(address: usize, n: u8) void {
    @as(*volatile u8, @ptrFromInt(address)).* = n;
}

pub fn useAfterFree(gpa: std.mem.Allocator, n: u8) !u8 {
    const buffer = try gpa.alloc(u8, 1 << 20);
    gpa.free(buffer);
    return buffer[n];
}

pub fn doubleFree(gpa: std.mem.Allocator, n: u8) !void {
    const buffer = try gpa.alloc(u8, n);
    gpa.free(buffer);
    gpa.free(buffer);
}

pub fn fails(n: u8) !void {
    if (n > 3) return error.BadNumber;
}

fn inner(n: u8) !void {
    if (n == 4) return error.FourIsBad;
}

pub fn outer(n: u8) !void {
    try inner(n);
}

pub fn leaks(gpa: std.mem.Allocator, n: u8) ![]u8 {
    const buffer = try gpa.alloc(u8, n);
    @memset(buffer, n);
    return buffer;
}

const log = std.log.scoped(.parser);

pub fn logs(n: u8) void {
    log.err("no rule for {d}", .{n});
}

pub fn recurse(n: u64) u64 {
    var local: [64]u64 = @splat(n);
    std.mem.doNotOptimizeAway(&local);
    return recurse(n + 1) + local[3];
}

pub fn forever(n: u8) void {
    var x: u64 = n;
    while (true) {
        x +%= 1;
        std.mem.doNotOptimizeAway(x);
    }
}

pub fn divide(n: u8) u8 {
    return 100 / (n - 4);
}

pub fn misaligned(n: u8) u32 {
    var buffer: [16]u8 align(8) = @splat(n);
    std.mem.doNotOptimizeAway(&buffer);
    const pointer: *const u32 = @ptrCast(@alignCast(buffer[n % 4 + 1 ..].ptr));
    return pointer.*;
}

pub fn errorUnwrap(n: u8) void {
    fails(n) catch unreachable;
}

pub fn word(n: u8) []const u8 {
    return if (n > 3) "abd" else "abc";
}
