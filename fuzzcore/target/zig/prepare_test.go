package zig

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests building with the real compiler. Projects are kept from one run of the
// tests to the next, so that Zig finds in its cache what it has built.

// zigCommand returns a zig that fuzz tests can be built with.
func zigCommand(t *testing.T) string {
	t.Helper()
	path, err := programs.Zig()
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skipf("NOT TESTED: %v", err)
	return ""
}

// project makes a workspace of "name", "content" pairs, which this test has for itself.
// There is nothing in its state but Zig's cache.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s\x00%s\x00", name, files[name])
	}
	root := filepath.Join(cache, "fuzzls", "zigtest", fmt.Sprintf("%s-%.8x", t.Name(), h.Sum(nil)))
	for name, content := range files {
		write(t, filepath.Join(root, name), content)
	}
	lock, err := os.Create(root + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{store.DirName, filepath.Join(store.DirName, "builds")} {
		entries, err := os.ReadDir(filepath.Join(root, old))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != "builds" && e.Name() != "zig" {
				os.RemoveAll(filepath.Join(root, old, e.Name()))
			}
		}
	}
	return root
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if have, err := os.ReadFile(path); err == nil && string(have) == content {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// example is the files of the example of Zig.
func example(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	dir := os.DirFS("../../../examples/script")
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dir, path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func find(t *testing.T, root string, patterns ...string) *Workspace {
	t.Helper()
	w, err := Find(t.Context(), target.FindConfig{Root: root, Dir: root, Patterns: patterns})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// prepare builds all fuzz tests of a workspace, and returns what it said, too.
func prepare(t *testing.T, w *Workspace, tool target.ZigTool) (*target.Prepared, *store.State, string) {
	t.Helper()
	state, err := store.Open(w.Root)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	prepared, err := w.Prepare(t.Context(), w.Tests(), target.PrepareConfig{
		State: state, Tools: target.Tools{Zig: tool}, Progress: func(line string) { said = append(said, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return prepared, state, strings.Join(said, "\n")
}

// outcome is what is compared of a preparation: the fuzz tests with their names in their
// executables, and what failed.
func outcome(p *target.Prepared) string {
	var parts []string
	for _, t := range p.Tests {
		parts = append(parts, t.Name+" = "+t.Zig.Name)
	}
	for _, f := range p.Failed {
		parts = append(parts, "failed: "+f.Package+" "+f.Func)
	}
	return strings.Join(parts, "\n")
}

func TestPrepareProject(t *testing.T) {
	zig := zigCommand(t)
	w := find(t, project(t, example(t)))
	tool := target.ZigTool{Path: zig, Optimize: "Debug"}
	prepared, state, _ := prepare(t, w, tool)
	want := "deque.test.agrees with a list = deque.test.agrees with a list\ntokenizer.test.reads anything = tokenizer.test.reads anything"
	if got := outcome(prepared); got != want {
		t.Fatalf("got %s\n%v", got, prepared.Failed)
	}
	test, other := &prepared.Tests[0], &prepared.Tests[1]
	if test.Exe != other.Exe || test.CoverageID != other.CoverageID || test.Entry == other.Entry || test.Dir != w.Root || test.Zig.Optimize != "Debug" || test.Zig.Version != programs.Version {
		t.Errorf("tests %+v and %+v", test, other)
	}
	points, err := target.Points(state, test.CoverageID)
	if err != nil {
		t.Fatal(err)
	}
	checkPoints(t, points, w.Root)
	if !slices.Contains(points.PCs, test.Entry) {
		t.Errorf("the entry %#x is no point", test.Entry)
	}
	f, ok := points.FuncAt(test.Entry)
	if !ok || points.Files[f.File].Path != test.File || int(f.Line) != test.Line {
		t.Errorf("the entry is %+v, of %+v", f, test)
	}
	record, err := state.Targets()
	if err != nil || len(record) != 1 || len(record[0].Tests) != 2 || record[0].Coverage != points.ID || len(record[0].Counted) != points.Total() {
		t.Errorf("the state has %+v, %v", record, err)
	}
	for _, f := range points.Files {
		if !state.HasSource(f.SHA256) {
			t.Errorf("the state does not have the text of %s", f.Path)
		}
	}
	again, _, said := prepare(t, w, tool)
	if outcome(again) != want || again.Tests[0].Entry != test.Entry || strings.Contains(said, "reading") {
		t.Errorf("again: %s\n%s", outcome(again), said)
	}
}

// checkPoints checks what is true of every executable's points.
func checkPoints(t *testing.T, p *coverage.Points, root string) {
	t.Helper()
	if p.Total() == 0 || p.Total() > p.Len()/10 || len(p.Spans) < p.Total() || len(p.Funcs) == 0 {
		t.Errorf("%d points, %d of them counted, %d spans, %d functions", p.Len(), p.Total(), len(p.Spans), len(p.Funcs))
	}
	for _, f := range p.Files {
		if !f.Own || !isInside(f.Path, root) || f.SHA256 == "" {
			t.Errorf("file %+v", f)
		}
	}
}

const oneTest = `
fn one(_: void, smith: *std.testing.Smith) !void {
    if (smith.value(u8) == 3) std.mem.doNotOptimizeAway(one);
}

test "it" {
    try std.testing.fuzz({}, one, .{});
}
`

func TestPrepareFiles(t *testing.T) {
	zig := zigCommand(t)
	root := project(t, map[string]string{
		"good.zig":    std + oneTest,
		"sub/bad.zig": std + oneTest + "\ntest \"other\" {\n    try std.testing.fuzz({}, none, .{});\n}\n",
	})
	prepared, _, _ := prepare(t, find(t, root), target.ZigTool{Path: zig, Optimize: "Debug"})
	if got := outcome(prepared); got != "good.test.it = good.test.it\nfailed: sub bad.test.it\nfailed: sub bad.test.other" {
		t.Fatalf("got %s\n%v", got, prepared.Failed)
	}
	if dir := prepared.Tests[0].Dir; dir != root {
		t.Errorf("it runs in %s", dir)
	}
	failed := prepared.Failed[0]
	if len(failed.Problems) != 1 || len(prepared.Failed[1].Problems) != 0 {
		t.Fatalf("problems %v and %v", failed.Problems, prepared.Failed[1].Problems)
	}
	p := failed.Problems[0]
	if p.File != filepath.Join(root, "sub", "bad.zig") || p.Line != 12 || p.Column != 30 || !strings.Contains(p.Message, "undeclared identifier 'none'") {
		t.Errorf("problem %+v", p)
	}
	if text := failed.Error(); !strings.Contains(text, "sub/bad.zig:12:30: use of undeclared identifier 'none'") {
		t.Errorf("error %s", text)
	}
}

const buildScript = `const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.standardTargetOptions(.{});
    const optimize = b.standardOptimizeOption(.{});
    const options = b.addOptions();
    options.addOption(u8, "magic", 3);
    const library = b.addModule("library", .{ .root_source_file = b.path("src/root.zig"), .target = target, .optimize = optimize });
    library.addOptions("options", options);
    const program = b.createModule(.{ .root_source_file = b.path("src/main.zig"), .target = target, .imports = &.{.{ .name = "library", .module = library }} });
    const with_c = b.createModule(.{ .root_source_file = b.path("c/c.zig"), .target = target, .optimize = optimize, .link_libc = true });
    with_c.addCSourceFile(.{ .file = b.path("c/c.c") });
    const step = b.step("test", "Run the tests");
    for ([_]*std.Build.Module{ library, program, with_c }) |module| {
        const tests = b.addTest(.{ .root_module = module });
        step.dependOn(&b.addRunArtifact(tests).step);
    }
}
`

// A project with a module that others import, with what a step of the build makes, with
// files that nothing refers to, and with C in a module.
func TestPrepareModules(t *testing.T) {
	zig := zigCommand(t)
	root := project(t, map[string]string{
		"p/build.zig":        buildScript,
		"p/src/root.zig":     std + "pub const magic = @import(\"options\").magic;\ntest {\n    _ = @import(\"parts/x.zig\");\n}\n",
		"p/src/parts/x.zig":  std + oneTest,
		"p/src/main.zig":     std + "const library = @import(\"library\");\n" + strings.Replace(oneTest, "== 3", "== library.magic", 1),
		"p/src/orphan.zig":   std + oneTest,
		"p/c/c.c":            "int check(unsigned x) { return x == 0x12345678u; }\n",
		"p/c/c.zig":          std + "extern fn check(x: c_uint) c_int;\n" + strings.Replace(oneTest, "smith.value(u8) == 3", "check(smith.value(u32)) == 1", 1),
		"p/zig-out/made.zig": std + oneTest,
	})
	prepared, _, _ := prepare(t, find(t, root), target.ZigTool{Path: zig, Optimize: "Debug"})
	want := "p.main.test.it = main.test.it\np.x.test.it = parts.x.test.it\nfailed: p c.test.it\nfailed: p orphan.test.it"
	if got := outcome(prepared); got != want {
		t.Fatalf("got %s\n%v", got, prepared.Failed)
	}
	if prepared.Tests[0].Exe == prepared.Tests[1].Exe {
		t.Error("two modules in one executable")
	}
	for i, want := range []string{"-fno-sanitize=fuzzer-no-link", "refer to src/orphan.zig from src/root.zig or src/main.zig"} {
		if text := prepared.Failed[i].Error(); !strings.Contains(text, want) {
			t.Errorf("error %s\nwants %q", text, want)
		}
	}
}

func TestBrokenBuildScript(t *testing.T) {
	zig := zigCommand(t)
	root := project(t, map[string]string{"build.zig": "pub fn build(b: *Build) void {\n    _ = b;\n}\n", "src/a.zig": std + oneTest})
	prepared, _, _ := prepare(t, find(t, root), target.ZigTool{Path: zig})
	if len(prepared.Failed) != 1 || len(prepared.Failed[0].Problems) == 0 {
		t.Fatalf("got %s\n%v", outcome(prepared), prepared.Failed)
	}
	if p := prepared.Failed[0].Problems[0]; p.File != filepath.Join(root, "build.zig") || p.Line != 1 || p.Column != 18 {
		t.Errorf("problem %+v", p)
	}
}

func TestNoTestExecutable(t *testing.T) {
	zig := zigCommand(t)
	root := project(t, map[string]string{
		"build.zig": "pub fn build(b: *@import(\"std\").Build) void {\n    _ = b;\n}\n", "src/a.zig": std + oneTest,
	})
	prepared, _, _ := prepare(t, find(t, root), target.ZigTool{Path: zig})
	if len(prepared.Failed) != 1 || !strings.Contains(prepared.Failed[0].Error(), "has no test executable: add one with b.addTest") {
		t.Errorf("got %s\n%v", outcome(prepared), prepared.Failed)
	}
}

func TestBadToolchain(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "a.zig"), std+oneTest)
	script := func(text string) string {
		path := filepath.Join(t.TempDir(), "zig")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("PATH", "/nonexistent")
	for name, test := range map[string]struct {
		tool target.ZigTool
		want string
	}{
		"none":       {target.ZigTool{}, "zig not found: install Zig 0.16.0"},
		"no file":    {target.ZigTool{Path: "/nonexistent/zig"}, "correct \"fuzzls.zig.path\""},
		"newer":      {target.ZigTool{Path: script(`echo '.{ .lib_dir = "/lib", .version = "0.17.1" }'`)}, "is Zig 0.17.1: fuzz tests are run with Zig 0.16 only"},
		"older":      {target.ZigTool{Path: script(`echo '{ "lib_dir": "/lib", "version": "0.14.0" }'`)}, "is Zig 0.14.0: fuzz tests are run with Zig 0.16 only"},
		"not Zig":    {target.ZigTool{Path: script("echo hello")}, "is it Zig? It printed:\nhello"},
		"fails":      {target.ZigTool{Path: script("echo no luck; exit 1")}, "no luck"},
		"bad choice": {target.ZigTool{Optimize: "ReleaseFast"}, "expected ReleaseSafe or Debug"},
	} {
		prepared, _, _ := prepare(t, find(t, root), test.tool)
		if len(prepared.Failed) != 1 || len(prepared.Tests) != 0 || !strings.Contains(prepared.Failed[0].Error(), test.want) {
			t.Errorf("%s: %v", name, prepared.Failed)
		}
	}
}

func TestCheckExecutable(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := checkExecutable(own); err != errSelfHosted {
		t.Errorf("of an executable without counters: %v", err)
	}
	if err := checkExecutable("prepare_test.go"); err == nil || !strings.Contains(err.Error(), "no ELF executable") {
		t.Errorf("of a file that is none: %v", err)
	}
}

func TestPruneCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := pruneCache(dir, 0); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	write(t, filepath.Join(dir, "o", "x"), "12345")
	for _, limit := range []int64{5, 4} {
		if err := pruneCache(dir, limit); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(dir)
		if there := err == nil; there != (limit == 5) {
			t.Errorf("limit %d: it is there: %v", limit, there)
		}
	}
}
