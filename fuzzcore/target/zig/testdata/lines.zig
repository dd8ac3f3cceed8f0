//! What a run of the empty input, and of one that makes the first value 3, shows of lines:
//! those marked "ran" ran, those marked "not" did not.

const std = @import("std");

var sink: u64 = 0;

noinline fn note(value: u64) void {
    std.mem.doNotOptimizeAway(value); // ran
    sink +%= value; // ran
}

noinline fn neverCalled(value: u64) void {
    note(value + 1); // not
}

fn inlined(value: u64) void {
    note(value *% 3); // ran
}

noinline fn classify(text: []const u8) u8 {
    if (text.len == 0) return 0; // ran
    var sum: u32 = 0;
    for (text) |c| {
        switch (c) {
            'a'...'z' => sum += 1, // not
            '0'...'9' => note(sum), // not
            else => note(2), // ran
        }
    }
    if (sum > 3) {
        note(sum); // not
    } else if (sum == 0) {
        note(7); // ran
    } else {
        note(8); // not
    }
    note(9); // ran
    return 1;
}

noinline fn failing(value: u64) !u64 {
    if (value > 100) return error.TooLarge; // ran
    note(value); // ran
    return value;
}

fn one(_: void, smith: *std.testing.Smith) !void {
    const value = smith.value(u8); // ran
    if (value == 200) { // ran
        neverCalled(1); // not
        note(1); // not
    }
    note(2); // ran
    inlined(value); // ran
    const text: []const u8 = if (value == 3) "!" else "";
    note(classify(text)); // ran
    const got = failing(value) catch |err| {
        note(@intFromError(err)); // not
        return; // not
    };
    note(got); // ran
    var i: u64 = 0;
    while (i < value) : (i += 1) { // ran
        if (i == 100) break; // ran
        note(i); // ran
    }
    if (value == 4) { // ran
        note(3); // not
        @panic("four"); // not
    }
    note(10); // ran
}

test "lines" {
    try std.testing.fuzz({}, one, .{});
}
