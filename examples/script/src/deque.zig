//! A queue with two ends, in a ring of memory that grows.

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const Deque = struct {
    ring: []u16 = &.{},
    head: usize = 0,
    len: usize = 0,

    pub fn deinit(d: *Deque, gpa: Allocator) void {
        gpa.free(d.ring);
        d.* = .{};
    }

    pub fn pushBack(d: *Deque, gpa: Allocator, value: u16) Allocator.Error!void {
        try d.makeRoom(gpa);
        d.ring[d.place(d.len)] = value;
        d.len += 1;
    }

    pub fn pushFront(d: *Deque, gpa: Allocator, value: u16) Allocator.Error!void {
        try d.makeRoom(gpa);
        d.head = d.place(d.ring.len - 1);
        d.ring[d.head] = value;
        d.len += 1;
    }

    pub fn popBack(d: *Deque) ?u16 {
        if (d.len == 0) return null;
        d.len -= 1;
        return d.ring[d.place(d.len)];
    }

    pub fn popFront(d: *Deque) ?u16 {
        if (d.len == 0) return null;
        const value = d.ring[d.head];
        d.head = d.place(1);
        d.len -= 1;
        return value;
    }

    pub fn at(d: *const Deque, i: usize) u16 {
        std.debug.assert(i < d.len);
        return d.ring[d.place(i)];
    }

    /// Moves the first n values to the end.
    pub fn rotate(d: *Deque, n: usize) void {
        if (d.len == 0) return;
        if (d.len == d.ring.len) {
            d.head += n % d.len; // fault: it can be beyond the end of the ring
            return;
        }
        for (0..n % d.len) |_| {
            const value = d.popFront().?;
            d.ring[d.place(d.len)] = value;
            d.len += 1;
        }
    }

    /// Where the value with that number is in the ring.
    fn place(d: *const Deque, i: usize) usize {
        return (d.head + i) % d.ring.len;
    }

    fn makeRoom(d: *Deque, gpa: Allocator) Allocator.Error!void {
        if (d.len < d.ring.len) return;
        const ring = try gpa.alloc(u16, @max(4, 2 * d.ring.len));
        for (0..d.len) |i| ring[i] = d.at(i);
        gpa.free(d.ring);
        d.ring = ring;
        d.head = 0;
    }
};

const Operation = enum { push_back, push_front, pop_back, pop_front, rotate };

/// Does the same with a Deque and with a list, and compares them.
fn compare(_: void, smith: *std.testing.Smith) !void {
    const gpa = std.testing.allocator;
    var deque: Deque = .{};
    defer deque.deinit(gpa);
    var list: std.ArrayList(u16) = .empty;
    defer list.deinit(gpa);
    while (!smith.eos()) {
        switch (smith.value(Operation)) {
            .push_back => {
                const value = smith.value(u16);
                try deque.pushBack(gpa, value);
                try list.append(gpa, value);
            },
            .push_front => {
                const value = smith.value(u16);
                try deque.pushFront(gpa, value);
                try list.insert(gpa, 0, value);
            },
            .pop_back => try std.testing.expectEqual(list.pop(), deque.popBack()),
            .pop_front => {
                const value = if (list.items.len == 0) null else list.orderedRemove(0);
                try std.testing.expectEqual(value, deque.popFront());
            },
            .rotate => {
                const n = smith.valueRangeAtMost(u8, 0, 9);
                deque.rotate(n);
                if (list.items.len > 0) std.mem.rotate(u16, list.items, n % list.items.len);
            },
        }
        for (list.items, 0..) |value, i| try std.testing.expectEqual(value, deque.at(i));
    }
}

test "agrees with a list" {
    try std.testing.fuzz({}, compare, .{});
}

test "first in, first out" {
    const gpa = std.testing.allocator;
    var deque: Deque = .{};
    defer deque.deinit(gpa);
    for (0..9) |i| try deque.pushBack(gpa, @intCast(i));
    for (0..9) |i| try std.testing.expectEqual(@as(u16, @intCast(i)), deque.popFront());
}
