package zig

import (
	"strings"
	"testing"
)

// testNames is what is compared of the fuzz tests of a text: their names, and the lines of
// the calls.
func testNames(text string) string {
	var names []string
	for _, t := range readSource([]byte(text)).tests {
		names = append(names, nameOf("f.zig", &t))
	}
	return strings.Join(names, "; ")
}

const std = "const std = @import(\"std\");\n"

func TestReadSource(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a call", std + `test "a b" { try std.testing.fuzz({}, one, .{}); }`, "f.test.a b"},
		{"not a call", std + `test "a" { _ = std.testing.fuzz; } test "b" { try fuzz({}); }`, ""},
		{"an alias", std + `const testing = std.testing; test "a" { return testing.fuzz({}, one, .{}); }`, "f.test.a"},
		{"an alias of an import", `const testing = @import("std").testing; test "a" { try testing.fuzz({}, one, .{}); }`, "f.test.a"},
		{"the function's alias", std + `const t = std.testing; const run = t.fuzz; test "a" { try run({}, one, .{}); }`, "f.test.a"},
		{"another fuzz", `const std = @import("other.zig"); test "a" { try std.testing.fuzz({}, one, .{}); }`, ""},
		{"an alias in the body", `test "a" { const s = @import("std"); try s.testing.fuzz({}, one, .{}); }`, "f.test.a"},
		{"no alias at all", `test "a" { try @import("std").testing.fuzz({}, one, .{}); }`, "f.test.a"},
		{"aliases in a circle", `const a = b; const b = a; test "a" { try a.fuzz({}, one, .{}); }`, ""},
		{"a helper", std + `fn run() !void { try std.testing.fuzz({}, one, .{}); } fn twice() !void { try run(); } test "a" { try twice(); } test "b" {}`, "f.test.a"},
		{"a helper in a struct", std + `const H = struct { fn run() error{A}!void { try std.testing.fuzz({}, one, .{}); } }; test "a" { try H.run(); }`, "f.test.a"},
		{"no name", std + `test {} test { try std.testing.fuzz({}, one, .{}); } test { std.testing.fuzz({}, one, .{}) catch {}; }`, "f.test_1; f.test_2"},
		{"a declaration's", std + `const S = struct {}; test S { try std.testing.fuzz({}, one, .{}); }`, "f.decltest.S"},
		{"in containers", std + `pub const S = extern struct { const U = union(enum(u8)) { test "a" { try std.testing.fuzz({}, one, .{}); } }; test { try std.testing.fuzz({}, one, .{}); } };`, "f.S.U.test.a; f.S.test_0"},
		{"in a type of a function", std + `fn T(comptime E: type) type { return struct { test "a" { try std.testing.fuzz({}, one, .{}); } }; }`, ""},
		{"escapes", std + `test "a\n\"\x41\u{e9}\q" { try std.testing.fuzz({}, one, .{}); }`, "f.test.a\n\"A\u00e9\\q"},
		{"an anonymous function", std + `test "a" { try std.testing.fuzz({}, struct { fn one(_: void, s: *std.testing.Smith) !void { if (s.eos()) {} } }.one, .{}); }`, "f.test.a"},
		{"comments and strings", std + "// test \"a\" { std.testing.fuzz(); }\nconst s = \"test { std.testing.fuzz(); }\";\nconst m =\n    \\\\test \"c\" { std.testing.fuzz(); }\n;", ""},
		{"a member called test", std + `const a = .{ .@"test" = 1 }; test "a" { const x: u8 = '{'; _ = x; try std.testing.fuzz({}, one, .{ .corpus = &.{"}"} }); }`, "f.test.a"},
		{"a parameter of struct type", std + `fn run(o: struct { a: u8 = 1 }) error{X}!void { _ = o; try std.testing.fuzz({}, one, .{}); } test "a" { try run(.{}); }`, "f.test.a"},
		{"cut off", std + `test "a" { try std.testing.fuzz({}, one`, "f.test.a"},
	} {
		if got := testNames(test.text); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	text := std + "const ring = @import(\"sub/ring.zig\");\n\ntest \"a\" {\n    const x = 1;\n    try std.testing.fuzz({}, one, .{});\n}\n"
	source := readSource([]byte(text))
	if len(source.imports) != 1 || source.imports[0] != "sub/ring.zig" {
		t.Errorf("imports: %q", source.imports)
	}
	if len(source.tests) != 1 || source.tests[0].head.line != 4 || source.tests[0].head.col != 6 || source.tests[0].fuzzLine != 6 {
		t.Fatalf("tests: %+v", source.tests)
	}
	declared := Declared("/a/f.zig", []byte(text))
	if len(declared) != 1 || declared[0].Name != "f.test.a" || text[declared[0].Offset:][:declared[0].Size] != `"a"` {
		t.Errorf("declared: %+v", declared)
	}
	if Declared("/a/f.c", []byte(text)) != nil {
		t.Error("a file of C declares tests of Zig")
	}
}

// FuzzReadSource looks for texts that the parser cannot stand.
func FuzzReadSource(f *testing.F) {
	f.Add([]byte(std + `test "a" { try std.testing.fuzz({}, one, .{}); }`))
	f.Add([]byte(`fn f(a: struct { b: u8 }) error{A}!void { test { } } const S = packed struct(u8) { test S {} }; @"a`))
	f.Add([]byte("\\\\x\n'\\'' \"\\u{10ffff}\" 0..9 1.5e3 }}}{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		end := 0
		for _, token := range lex(data) {
			if token.at < end || token.line == 0 || token.col == 0 {
				t.Fatalf("token %q at %d, %d:%d after %d", token.text, token.at, token.line, token.col, end)
			}
			end = token.at + 1
		}
		for _, test := range readSource(data).tests {
			if test.name == "" || test.head == nil {
				t.Fatalf("a test without a name: %+v", test)
			}
		}
	})
}
