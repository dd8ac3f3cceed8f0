//! One fuzz test with every kind of bug that a fuzz test in Zig can have: the first value
//! says which, the second what it is given.
const std = @import("std");
const parse = @import("parse.zig");

const Bug = enum(u8) {
    none,
    panic,
    index,
    overflow,
    unwrap,
    reached,
    union_field,
    segfault,
    null_write,
    use_after_free,
    double_free,
    returned,
    returned_deep,
    expected,
    leak,
    leak_two,
    log,
    log_scope,
    recursion,
    forever,
    exit,
    divide,
    misaligned,
    thread,
    error_unwrap,
    slices,
    abort,
    harness,
};

fn one(_: void, smith: *std.testing.Smith) !void {
    const gpa = std.testing.allocator;
    const bug = smith.value(Bug);
    const n = smith.value(u8);
    switch (bug) {
        .none => {},
        .panic => parse.panics(n),
        .index => std.mem.doNotOptimizeAway(parse.index("abc", n)),
        .overflow => std.mem.doNotOptimizeAway(parse.overflow(n)),
        .unwrap => std.mem.doNotOptimizeAway(parse.unwrap(n)),
        .reached => parse.reached(n),
        .union_field => std.mem.doNotOptimizeAway(parse.unionField(n)),
        .segfault => std.mem.doNotOptimizeAway(parse.read(0xdead_0000 + @as(usize, n))),
        .null_write => parse.write(8, n),
        .use_after_free => std.mem.doNotOptimizeAway(try parse.useAfterFree(gpa, n)),
        .double_free => try parse.doubleFree(gpa, n),
        .returned => try parse.fails(n),
        .returned_deep => try parse.outer(n),
        .expected => try std.testing.expectEqual(@as(u8, 0), n),
        .leak => _ = try parse.leaks(gpa, n),
        .leak_two => {
            _ = try parse.leaks(gpa, n);
            _ = try parse.leaks(gpa, 7);
        },
        .log => std.log.err("the value {d} is bad", .{n}),
        .log_scope => parse.logs(n),
        .recursion => std.mem.doNotOptimizeAway(parse.recurse(n)),
        .forever => parse.forever(n),
        .exit => std.process.exit(n),
        .divide => std.mem.doNotOptimizeAway(parse.divide(n)),
        .misaligned => std.mem.doNotOptimizeAway(parse.misaligned(n)),
        .thread => (try std.Thread.spawn(.{}, parse.panics, .{n})).join(),
        .error_unwrap => parse.errorUnwrap(n),
        .slices => try std.testing.expectEqualSlices(u8, "abc", parse.word(n)),
        .abort => std.process.abort(),
        .harness => @panic("in the fuzz test itself"),
    }
}

test "one of many bugs" {
    try std.testing.fuzz({}, one, .{});
}
