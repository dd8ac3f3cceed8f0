//! A fuzz test that asks for a value of each kind, and panics.
const std = @import("std");

const Op = enum(u8) { push, pop = 5, peek };
const Pair = struct { left: u16, right: bool };

fn ask(_: void, smith: *std.testing.Smith) !void {
    var buffer: [6]u8 = undefined;
    var sum: u64 = smith.value(u8);
    sum +%= @intFromEnum(smith.value(Op));
    sum +%= @bitCast(@as(i64, smith.value(i16)));
    sum +%= @bitCast(@as(i64, smith.valueRangeAtMost(i8, -100, 100)));
    sum +%= @intFromBool(smith.value(bool));
    const pair = smith.value(Pair);
    sum +%= pair.left;
    const words = smith.value([2]u32);
    sum +%= words[0];
    sum +%= @intFromFloat(@abs(smith.value(f32)));
    sum +%= smith.index(10);
    while (!smith.eos()) sum +%= 1;
    smith.bytes(buffer[0..3]);
    sum +%= smith.slice(&buffer);
    std.mem.doNotOptimizeAway(sum);
    if (smith.boolWeighted(1, 3)) @panic("asked");
}

test "asks" {
    try std.testing.fuzz({}, ask, .{ .corpus = &.{"\x01\x00\x00\x00\x00\x00\x00\x00"} });
}

fn two(_: void, smith: *std.testing.Smith) !void {
    if (smith.value(u8) > 250) smith.bytes(&.{});
}

test "ends" {
    try std.testing.fuzz({}, two, .{});
}
