//! Parts of a small scripting language: its tokens, and the list that its values are in.

pub const Deque = @import("deque.zig").Deque;
pub const Tokenizer = @import("tokenizer.zig").Tokenizer;

test {
    _ = @import("deque.zig");
    _ = @import("tokenizer.zig");
}
