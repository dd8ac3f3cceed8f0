//! Splits the text of a script into tokens.

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const Token = union(enum) {
    name: []const u8,
    number: u64,
    /// Without its quotes, and with what escapes stand for. The owner frees it.
    string: []const u8,
    sign: u8,
};

pub const Error = error{ OutOfMemory, NumberTooLarge, Unterminated, UnknownCharacter };

pub const Tokenizer = struct {
    gpa: Allocator,
    text: []const u8,
    at: usize = 0,

    /// Returns the next token, null at the end.
    pub fn next(t: *Tokenizer) Error!?Token {
        t.skipSpace();
        if (t.at == t.text.len) return null;
        const c = t.text[t.at];
        switch (c) {
            'a'...'z', '_' => return .{ .name = t.word() },
            '0'...'9' => return .{ .number = try t.number() },
            '"' => return .{ .string = try t.string() },
            '+', '-', '*', '/', '=', '(', ')', ';' => {
                t.at += 1;
                return .{ .sign = c };
            },
            else => return error.UnknownCharacter,
        }
    }

    fn skipSpace(t: *Tokenizer) void {
        while (t.at < t.text.len and std.ascii.isWhitespace(t.text[t.at])) t.at += 1;
    }

    fn word(t: *Tokenizer) []const u8 {
        const start = t.at;
        while (t.at < t.text.len) : (t.at += 1) {
            switch (t.text[t.at]) {
                'a'...'z', '_', '0'...'9' => {},
                else => break,
            }
        }
        return t.text[start..t.at];
    }

    fn number(t: *Tokenizer) Error!u64 {
        var value: u64 = 0;
        while (t.at < t.text.len and std.ascii.isDigit(t.text[t.at])) : (t.at += 1) {
            value = std.math.mul(u64, value, 10) catch return error.NumberTooLarge;
            value = std.math.add(u64, value, t.text[t.at] - '0') catch return error.NumberTooLarge;
        }
        return value;
    }

    fn string(t: *Tokenizer) Error![]const u8 {
        var content: std.ArrayList(u8) = .empty; // fault: it is lost where the text ends in it
        t.at += 1;
        while (t.at < t.text.len) {
            const c = t.text[t.at];
            switch (c) {
                '"' => {
                    t.at += 1;
                    return content.toOwnedSlice(t.gpa);
                },
                '\\' => if (t.escape()) |escaped| try content.append(t.gpa, escaped),
                else => {
                    try content.append(t.gpa, c);
                    t.at += 1;
                },
            }
        }
        return error.Unterminated;
    }

    /// Reads an escape and returns what it stands for, null for one that is unknown.
    fn escape(t: *Tokenizer) ?u8 {
        const c = if (t.at + 1 < t.text.len) t.text[t.at + 1] else 0;
        const value: u8 = switch (c) {
            'n' => '\n',
            't' => '\t',
            '\\', '"' => c,
            0 => {
                t.at += 1;
                return null;
            },
            else => return null, // fault: it stays where it is, and never ends
        };
        t.at += 2;
        return value;
    }
};

/// Reads all tokens of any text.
fn readAll(_: void, smith: *std.testing.Smith) !void {
    var buffer: [64]u8 = undefined;
    const len = smith.sliceWeightedBytes(&buffer, &.{
        .rangeAtMost(u8, 0, 255, 1),
        .rangeAtMost(u8, 'a', 'z', 20),
        .rangeAtMost(u8, '0', '9', 20),
        .value(u8, '"', 200),
        .value(u8, '\\', 100),
        .value(u8, ' ', 100),
    });
    const gpa = std.testing.allocator;
    var tokenizer: Tokenizer = .{ .gpa = gpa, .text = buffer[0..len] };
    while (true) {
        const token = tokenizer.next() catch |err| switch (err) {
            error.OutOfMemory => return err,
            else => return,
        } orelse return;
        if (token == .string) gpa.free(token.string);
    }
}

test "reads anything" {
    try std.testing.fuzz({}, readAll, .{});
}

test "tokens of a line" {
    const gpa = std.testing.allocator;
    var tokenizer: Tokenizer = .{ .gpa = gpa, .text = "x1 = 20 + \"a\\n\";" };
    try std.testing.expectEqualStrings("x1", (try tokenizer.next()).?.name);
    try std.testing.expectEqual('=', (try tokenizer.next()).?.sign);
    try std.testing.expectEqual(20, (try tokenizer.next()).?.number);
    try std.testing.expectEqual('+', (try tokenizer.next()).?.sign);
    const string = (try tokenizer.next()).?.string;
    defer gpa.free(string);
    try std.testing.expectEqualStrings("a\n", string);
    try std.testing.expectEqual(';', (try tokenizer.next()).?.sign);
    try std.testing.expectEqual(null, try tokenizer.next());
}
