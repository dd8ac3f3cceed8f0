//! Fuzz tests for the tests of those who run Zig's fuzz executables: each ends in one way.

const std = @import("std");
const Smith = std.testing.Smith;

fn read(smith: *Smith, buf: []u8) []u8 {
    return buf[0..smith.slice(buf)];
}

// One comparison for each byte, so that coverage shows the way.
fn startsWith(input: []const u8, word: []const u8) bool {
    for (word, 0..) |c, i| {
        if (input.len <= i or input[i] != c) return false;
    }
    return true;
}

fn panics(_: void, smith: *Smith) !void {
    var buf: [8]u8 = undefined;
    const input = read(smith, &buf);
    if (input.len > 2 and input[0] == 'P') {
        if (input[1] == 'A') {
            if (input[2] == 'N') @panic("boom in parse");
        }
    }
}

test "panics" {
    try std.testing.fuzz({}, panics, .{});
}

fn first(n: u8) void {
    if (n > 200) @panic("the first way");
}

fn second(n: u8) void {
    if (n > 200) @panic("the second way");
}

fn twoWays(_: void, smith: *Smith) !void {
    const n = smith.value(u8);
    if (smith.value(bool)) first(n) else second(n);
}

test "two ways" {
    try std.testing.fuzz({}, twoWays, .{});
}

fn leaks(_: void, smith: *Smith) !void {
    const a = smith.value(u8);
    const p = try std.testing.allocator.alloc(u8, 10);
    if (a == 0x42) {
        if (smith.value(u8) > 200) return;
    }
    std.testing.allocator.free(p);
}

test "leaks" {
    try std.testing.fuzz({}, leaks, .{});
}

fn returnsError(_: void, smith: *Smith) !void {
    const v = smith.value(u16);
    if (v > 0xf000) return error.BadValue;
}

test "returns error" {
    try std.testing.fuzz({}, returnsError, .{});
}

fn logsError(_: void, smith: *Smith) !void {
    if (smith.value(u8) == 9) std.log.err("bad nine", .{});
}

test "logs error" {
    try std.testing.fuzz({}, logsError, .{});
}

fn hangs(_: void, smith: *Smith) !void {
    const a = smith.value(u8);
    if (a == 7) {
        if (smith.value(u8) > 128) {
            var x: u64 = 0;
            while (true) {
                x +%= 1;
                std.mem.doNotOptimizeAway(x);
            }
        }
    }
}

test "hangs" {
    try std.testing.fuzz({}, hangs, .{});
}

// Waits for a signal that does not come, without using the processor.
fn sleeps(_: void, smith: *Smith) !void {
    if (smith.value(u8) == 7) {
        while (true) _ = std.os.linux.syscall0(.pause);
    }
}

test "sleeps" {
    try std.testing.fuzz({}, sleeps, .{});
}

fn grows(_: void, smith: *Smith) !void {
    if (smith.value(u8) == 7) {
        while (true) {
            const p = try std.heap.page_allocator.alloc(u8, 1 << 20);
            @memset(p, 1);
            std.mem.doNotOptimizeAway(p.ptr);
        }
    }
}

test "grows" {
    try std.testing.fuzz({}, grows, .{});
}

fn recurse(n: u64) u64 {
    var local: [256]u8 = undefined;
    std.mem.doNotOptimizeAway(&local);
    return if (n == std.math.maxInt(u64)) 0 else 1 + recurse(n + 1);
}

fn recurses(_: void, smith: *Smith) !void {
    if (smith.value(u8) == 7) std.mem.doNotOptimizeAway(recurse(0));
}

test "recurses" {
    try std.testing.fuzz({}, recurses, .{});
}

fn segfaults(_: void, smith: *Smith) !void {
    const n = smith.value(u8);
    if (n == 7) {
        const p: *allowzero volatile u8 = @ptrFromInt(@as(usize, n) - 7);
        p.* = 1;
    }
}

test "segfaults" {
    try std.testing.fuzz({}, segfaults, .{});
}

// Fails for one value only, which no fuzzer guesses.
fn isRare(_: void, smith: *Smith) !void {
    if (smith.value(u64) == 0x1122334455667788) @panic("the rare way");
}

test "is rare" {
    try std.testing.fuzz({}, isRare, .{});
}

// Never fails. Its paths are many enough for a corpus.
fn walks(_: void, smith: *Smith) !void {
    var depth: u32 = 0;
    while (!smith.eos()) switch (smith.value(enum { up, down, double, reset })) {
        .up => depth += 1,
        .down => depth -|= 1,
        .double => depth *%= 2,
        .reset => if (depth > 3) {
            depth = 0;
        } else return error.SkipZigTest,
    };
    std.mem.doNotOptimizeAway(depth);
}

test "walks" {
    try std.testing.fuzz({}, walks, .{});
}

fn words(_: void, smith: *Smith) !void {
    var buf: [8]u8 = undefined;
    const input = read(smith, &buf);
    if (startsWith(input, "can")) std.mem.doNotOptimizeAway(input.len);
}

test "words" {
    try std.testing.fuzz({}, words, .{ .corpus = &.{ "\x03\x00\x00\x00can", "\x01\x00\x00\x00x" } });
}

test "bad seed" {
    try std.testing.fuzz({}, panics, .{ .corpus = &.{ "\x01\x00\x00\x00x", "\x03\x00\x00\x00PAN" } });
}

// Asks for nothing, so that its input is always empty.
fn asksNothing(_: void, _: *Smith) !void {
    std.mem.doNotOptimizeAway(@as(u32, 1));
}

test "asks nothing" {
    try std.testing.fuzz({}, asksNothing, .{});
}

test "no fuzz test" {
    try std.testing.expect(1 + 1 == 2);
}

test "is skipped" {
    return error.SkipZigTest;
}
