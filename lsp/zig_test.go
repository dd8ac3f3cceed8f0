package lsp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests what a person does in an editor with a fuzz test in Zig, from the first
// lens to the fixed bug, with the real server and Zig 0.16.

const (
	zigCode = `pub fn sum(bytes: []const u8) u32 {
    var total: u32 = 0;
    for (bytes) |b| {
        total += if (b == 'z') 1 else 2;
    }
    if (bytes.len > 2 and bytes[0] > 'x') {
        return bytes[bytes.len];
    }
    return total;
}
`
	zigTests = `const std = @import("std");
const code = @import("sum.zig");

fn one(_: void, smith: *std.testing.Smith) !void {
    var buffer: [8]u8 = undefined;
    const n = smith.slice(&buffer);
    std.mem.doNotOptimizeAway(code.sum(buffer[0..n]));
}

test "sums" {
    try std.testing.fuzz({}, one, .{});
}
`
	zigBuild = `const std = @import("std");

pub fn build(b: *std.Build) void {
    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = b.path("src/root.zig"),
        .target = b.standardTargetOptions(.{}),
        .optimize = b.standardOptimizeOption(.{}),
    }) });
    b.step("test", "Run the tests").dependOn(&b.addRunArtifact(tests).step);
}
`
	// zigBug is the line of the bug, 0-based.
	zigBug = 6
	zigID  = "root.test.sums"
)

func TestZigInTheEditor(t *testing.T) {
	compiler, err := programs.Zig()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: ", err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, "build.zig", zigBuild, "src/root.zig", zigTests, "src/sum.zig", zigCode)
	p := &parserEditor{t: t, dir: dir, code: filepath.Join(dir, "src", "sum.zig"), tst: filepath.Join(dir, "src", "root.zig")}
	p.Editor = lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Settings: map[string]any{
		"zig": map[string]any{"path": compiler, "optimize": "Debug"},
	}})
	code := openViewer(t, p.Editor, p.code)
	p.Open(p.tst)
	first := p.awaitLens("▶ Fuzz")
	if want := lsptest.Range(9, 5, 9, 11); first[0].Range != want {
		t.Errorf("the lenses are at %v, want %v", first[0].Range, want)
	}
	mark := p.Mark()
	p.click("▶ Fuzz")
	if end := p.AwaitProgress(mark, "Building"); !end.Ended {
		t.Errorf("the build: %+v", end)
	}
	d := p.awaitCrash()
	if d.Range.Start.Line != zigBug {
		t.Errorf("the crash is on line %d, want %d", d.Range.Start.Line, zigBug)
	}
	if message := string(d.Message.(protocol.String)); !strings.HasPrefix(message, "panic: index out of bounds: index ") || !strings.HasSuffix(message, " ("+zigID+")") {
		t.Errorf("the crash says %v", message)
	}
	p.Await("covered lines", func(messages []lsptest.Message) bool {
		return strings.ContainsAny(code.shown(messages).drawn(), "+~")
	})
	p.click("■ Stop")
	p.AwaitProgress(mark, "Fuzzing")
	p.awaitLens("▶ Fuzz")

	var r ReproducerResult
	p.must(p.Call(methodReproducer, ReproducerParams{Signature: signatureOf(d)}, &r))
	if len(r.Values) != 1 || r.Values[0].Type != "bytes" || r.Size != len(r.Values[0].Bytes) {
		t.Errorf("the reproducer is %+v", r)
	}
	if len(r.Asked) != 1 || r.Asked[0].Name != "src/root.zig:6: slice()" || !strings.HasPrefix(r.Asked[0].Text, `"`) {
		t.Errorf("the fuzz test asked for %+v", r.Asked)
	}
	if content, err := os.ReadFile(p.openReproducer(d.Range)); err != nil || !strings.HasPrefix(string(content), `src/root.zig:6: slice() = "`) {
		t.Errorf("shown: %q, %v", content, err)
	}
	p.execute(p.action(p.code, d.Range, "Replay").Command, nil)
	p.AwaitMessage("root.test.sums: still fails: panic: index out of bounds")
	p.zigRegression(compiler, d)

	p.Replace(p.code, strings.Replace(zigCode, "bytes[bytes.len]", "bytes[bytes.len - 1]", 1))
	p.Save(p.code)
	p.execute(p.action(p.code, d.Range, "Replay").Command, nil)
	p.awaitNoDiagnostics(p.code)
}

// zigRegression makes the crash a test, and has plain Zig run it.
func (p *parserEditor) zigRegression(compiler string, d protocol.Diagnostic) {
	p.t.Helper()
	var made madeTest
	p.execute(p.action(p.code, d.Range, "Make").Command, &made)
	if !strings.HasPrefix(made.Message, `Added .corpus = &.{@embedFile("testdata/fuzz/sums-`) || !strings.Contains(made.Message, "The input is in src/testdata/fuzz/sums-") {
		p.t.Errorf("how it was made a test: %q", made.Message)
	}
	p.Save(p.tst)
	cmd := exec.Command(compiler, "test", p.tst)
	cmd.Dir = p.t.TempDir()
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "index out of bounds") {
		p.t.Errorf("zig test with the input: %v\n%s", err, out)
	}
}
