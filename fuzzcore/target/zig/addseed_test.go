package zig

import (
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

func TestAddSeed(t *testing.T) {
	entry := []byte("abc")
	const embed = `@embedFile("testdata/fuzz/push-and-pop-a9993e36")`
	fuzz := &target.FuzzTest{Name: "ring.test.push and pop", File: "/w/src/ring.zig"}
	source := func(call string) string {
		return "const std = @import(\"std\");\nconst testing = std.testing;\n\ntest \"other\" {\n    try testing.fuzz({}, two, .{});\n}\n\ntest \"push and pop\" {\n    " + call + "\n}\n"
	}
	for _, test := range []struct{ call, want string }{
		{"try std.testing.fuzz({}, one, .{});", "try std.testing.fuzz({}, one, .{.corpus = &.{" + embed + "}});"},
		{"try testing.fuzz({}, one, .{},);", "try testing.fuzz({}, one, .{.corpus = &.{" + embed + "}},);"},
		{`try testing.fuzz({}, one, .{ .corpus = &.{"x", "y"} });`, `try testing.fuzz({}, one, .{ .corpus = &.{ ` + embed + `,"x", "y"} });`},
		{"try testing.fuzz({}, one, .{ .corpus = &.{} });", "try testing.fuzz({}, one, .{ .corpus = &.{" + embed + "} });"},
		{"try testing.fuzz(Context{ .a = 1, .b = .{} }, struct { fn f() void {} }.f, .{});", "try testing.fuzz(Context{ .a = 1, .b = .{} }, struct { fn f() void {} }.f, .{.corpus = &.{" + embed + "}});"},
		{"try testing.fuzz({}, one, .{ .corpus = seeds });", ""},
		{"try testing.fuzz({}, one, options);", ""},
		{"try testing.fuzz({}, one, .{", ""},
		{"const x = 1;", ""},
	} {
		content := source(test.call)
		insertions, err := AddSeed(fuzz, []byte(content), entry)
		if test.want == "" {
			if err == nil || !strings.Contains(err.Error(), embed) {
				t.Errorf("%s: %v, %v", test.call, insertions, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.call, err)
			continue
		}
		in := insertions[0]
		if got := content[:in.Offset] + in.Text + content[in.Offset:]; got != source(test.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", test.call, got, source(test.want))
		}
	}
}

// Any text gives an insertion into it, or none.
func FuzzAddSeed(f *testing.F) {
	f.Add("test \"x\" {\n try std.testing.fuzz({}, one, .{ .corpus = &.{} });\n}")
	f.Fuzz(func(t *testing.T, content string) {
		insertions, err := AddSeed(&target.FuzzTest{Name: "a.test.x", File: "/a.zig"}, []byte(content), nil)
		for _, in := range insertions {
			if err != nil || in.Offset < 0 || in.Offset > len(content) {
				t.Fatalf("%v %v", insertions, err)
			}
		}
	})
}
