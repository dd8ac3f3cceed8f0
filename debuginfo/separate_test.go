package debuginfo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests separate debug files, supplementary files and dSYM bundles.

// stripped builds the C program and moves its debug information to a file of its
// own. It returns the whole executable, the stripped one and the debug file.
func stripped(tb testing.TB, flags ...string) (whole, bare, debug string) {
	tb.Helper()
	need(tb, "objcopy")
	whole = buildC(tb, append([]string{"-O1", "-g"}, flags...)...)
	dir := tb.TempDir()
	bare, debug = filepath.Join(dir, "program"), filepath.Join(dir, "program.debug")
	run(tb, dir, nil, "objcopy", "--only-keep-debug", whole, debug)
	run(tb, dir, nil, "objcopy", "--strip-all", whole, bare)
	return whole, bare, debug
}

// move moves a file, and makes the directory that it goes to.
func move(tb testing.TB, from, to string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(from, to); err != nil {
		tb.Fatal(err)
	}
}

// openIn opens a file that has its separate files in debugDirs.
func openIn(tb testing.TB, path string, debugDirs ...string) *File {
	tb.Helper()
	f, err := OpenWith(path, OpenOptions{DebugDirs: append([]string{}, debugDirs...)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	})
	return f
}

// likeWhole checks that f has the lines and functions of the whole executable.
func likeWhole(t *testing.T, f *File, whole string) {
	t.Helper()
	if n := sameFunctions(t, f, mustOpen(t, whole)); n < 90 {
		t.Errorf("%d places agree", n)
	}
	units, err := f.Units()
	if err != nil || len(units) != 1 || units[0].Name != "main.c" || units[0].CompDir != filepath.Dir(whole) {
		t.Errorf("units %v, %v", units, err)
	}
}

const testBuildID = "0123456789abcdef"

func TestSeparateByBuildID(t *testing.T) {
	whole, bare, debug := stripped(t, "-Wl,--build-id=0x"+testBuildID)
	global := t.TempDir()
	move(t, debug, filepath.Join(global, ".build-id", "01", "23456789abcdef.debug"))
	likeWhole(t, openIn(t, bare, t.TempDir(), global), whole)
}

func TestSeparateFromDebuginfod(t *testing.T) {
	whole, bare, debug := stripped(t, "-Wl,--build-id=0x"+testBuildID)
	cache := t.TempDir()
	t.Setenv("DEBUGINFOD_CACHE_PATH", cache)
	move(t, debug, filepath.Join(cache, testBuildID, "debuginfo"))
	likeWhole(t, openIn(t, bare), whole)
}

func TestSeparateByLink(t *testing.T) {
	t.Setenv("DEBUGINFOD_CACHE_PATH", t.TempDir())
	for _, place := range []string{"program.debug", ".debug/program.debug", "global"} {
		whole, bare, debug := stripped(t, "-Wl,--build-id=none")
		run(t, filepath.Dir(bare), nil, "objcopy", "--add-gnu-debuglink="+debug, bare)
		global := t.TempDir()
		to := filepath.Join(filepath.Dir(bare), place)
		if place == "global" {
			to = filepath.Join(global, debug)
		}
		move(t, debug, to)
		likeWhole(t, openIn(t, bare, global), whole)
	}
}

// TestSeparateOfAnotherBuild checks that files which do not belong to the executable
// are refused, and that the error tells it.
func TestSeparateOfAnotherBuild(t *testing.T) {
	t.Setenv("DEBUGINFOD_CACHE_PATH", t.TempDir())
	_, bare, debug := stripped(t, "-Wl,--build-id=none")
	run(t, filepath.Dir(bare), nil, "objcopy", "--add-gnu-debuglink="+debug, bare)
	_, _, other := stripped(t, "-Wl,--build-id=none", "-O2")
	move(t, other, debug)
	noLines(t, openIn(t, bare), debug, "is of another build: its CRC-32 is")

	_, bare, debug = stripped(t, "-Wl,--build-id=0x"+testBuildID)
	run(t, filepath.Dir(bare), nil, "objcopy", "--add-gnu-debuglink="+debug, bare)
	_, _, other = stripped(t, "-Wl,--build-id=0xffff")
	move(t, other, debug)
	noLines(t, openIn(t, bare, "/global"), debug, "its build id is ffff, not "+testBuildID,
		"/global/.build-id/01/23456789abcdef.debug does not exist")

	move(t, bare, debug) // has the same id, but no debug information either
	noLines(t, openIn(t, debug), "ErrNoLines")
}

// noLines checks that f has no lines, and that the error says all of the words.
func noLines(t *testing.T, f *File, words ...string) {
	t.Helper()
	err := f.Resolve([]uint64{1}, make([]Location, 1))
	if !errors.Is(err, ErrNoLines) {
		t.Fatalf("got %v", err)
	}
	for _, w := range words {
		if w != "ErrNoLines" && !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
}

// TestSupplementary checks files whose common names dwz has moved to another file.
func TestSupplementary(t *testing.T) {
	need(t, "dwz")
	for _, kind := range []struct{ flag, dwz, section string }{
		{"-gdwarf-4", "-m", ".gnu_debugaltlink"},
		{"-gdwarf-5", "-m", ".gnu_debugaltlink"},
		{"-gdwarf-5", "-5m", ".debug_sup"},
	} {
		build := func() string { return buildC(t, "-O1", kind.flag) }
		one, two := build(), build()
		lines := mustOpen(t, one).wholeLines(t)
		dir := t.TempDir()
		common := filepath.Join(dir, "common.debug")
		run(t, dir, nil, "dwz", kind.dwz, common, one, two)
		f := mustOpen(t, one)
		if f.image.ownDebugSection(kind.section) == nil {
			t.Fatal("dwz has moved nothing")
		}
		if got := f.wholeLines(t); got != lines {
			t.Errorf("%v: lines differ from those before dwz:\n%s\nwant:\n%s", kind, got, lines)
		}
		units, err := f.Units()
		if err != nil || len(units) == 0 || units[len(units)-1].Name != "main.c" || !strings.HasPrefix(units[len(units)-1].Producer, "GNU C") {
			t.Errorf("%v: units %v, %v", kind, units, err)
		}

		// Another pair's file is refused, and a missing one told.
		other := filepath.Join(dir, "other.debug")
		run(t, dir, nil, "dwz", kind.dwz, other, buildC(t, "-O2", kind.flag), buildC(t, "-O2", kind.flag))
		move(t, common, common+".gone")
		move(t, other, common)
		if units, err = mustOpen(t, one).Units(); err == nil || !strings.Contains(err.Error(), "is of another build") {
			t.Errorf("%v: with another file: %v, %v", kind, units, err)
		}
		move(t, common, common+".other")
		units, err = mustOpen(t, one).Units()
		if err == nil || !strings.Contains(err.Error(), common+" does not exist") {
			t.Errorf("%v: without the file: %v, %v", kind, units, err)
		}
	}
}

// wholeLines returns the locations of every byte of the functions that have any.
func (f *File) wholeLines(t *testing.T) string {
	t.Helper()
	var pcs []uint64
	for _, name := range []string{"classify", "main"} {
		s, ok := f.Symbol(name)
		if !ok {
			t.Fatalf("no symbol %s", name)
		}
		for at := range s.Size {
			pcs = append(pcs, s.Addr+at)
		}
	}
	lines := f.callsOf(t, pcs)
	return strings.Join(lines, "\n")
}

// TestBundle checks Mach-O files whose debug information is in a dSYM bundle: made
// by hand for a Go program, as `go build` makes none, and by dsymutil.
func TestBundle(t *testing.T) {
	env := []string{"GOOS=darwin", "GOARCH=arm64"}
	const id = "0123456789abcdef0123456789abcdef"
	whole := buildGo(t, goSource, env, "-ldflags=-B 0x"+id)
	bare := rebuildGo(t, whole, env, "-ldflags=-w -B 0x"+id)
	if f := openIn(t, bare); f.BuildID() != id || f.DebugFile() != "" {
		t.Errorf("UUID %s, debug information from %q", f.BuildID(), f.DebugFile())
	}
	bundle := bare + ".dSYM"
	move(t, whole, filepath.Join(bundle, "Contents", "Resources", "DWARF", filepath.Base(bare)))
	for _, path := range []string{bare, bundle} {
		f := openIn(t, path)
		if !strings.HasPrefix(f.DebugFile(), bundle+"/") {
			t.Errorf("%s: debug information from %q", path, f.DebugFile())
		}
		s, ok := f.Symbol("main.classify")
		if got := f.linesOf(t, []uint64{s.Addr}); !ok || !strings.HasSuffix(got[0], "main.go:28") {
			t.Errorf("%s: main.classify is at %v", path, got)
		}
		if units, err := f.Units(); err != nil || len(units) < 10 {
			t.Errorf("%s: %d units, %v", path, len(units), err)
		}
	}
}

func TestDsymutil(t *testing.T) {
	clang, linker, dsymutil := llvmTool(t, "clang"), llvmTool(t, "ld64.lld"), llvmTool(t, "dsymutil")
	dir := writeFiles(t, "a.c", bareSource)
	for _, arch := range []string{"x86_64", "arm64"} {
		run(t, dir, nil, clang, "--target="+arch+"-apple-macos13", "-g", "-O1", "-ffreestanding", "-c", "-o", arch+".o", "a.c")
		run(t, dir, nil, linker, "-arch", arch, "-platform_version", "macos", "13.0", "13.0", "-dylib", "-o", arch, arch+".o")
		program := filepath.Join(dir, arch)
		noLines(t, openIn(t, program), "make one with dsymutil")
		run(t, dir, nil, dsymutil, program)
		if n := sameFunctions(t, mustOpen(t, program), mustOpen(t, program+".o")); n < 20 {
			t.Errorf("%s: %d places agree", arch, n)
		}
	}
	// A universal file whose bundle has one for each processor, too.
	fat := universal(t, filepath.Join(dir, "x86_64"), filepath.Join(dir, "arm64"))
	inside := filepath.Join("Contents", "Resources", "DWARF")
	bundles := universal(t, filepath.Join(dir, "x86_64.dSYM", inside, "x86_64"), filepath.Join(dir, "arm64.dSYM", inside, "arm64"))
	move(t, bundles, filepath.Join(fat+".dSYM", inside, filepath.Base(fat)))
	for arch, object := range map[string]string{"amd64": "x86_64.o", "arm64": "arm64.o"} {
		f, err := OpenWith(fat, OpenOptions{Arch: arch})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if n := sameFunctions(t, f, mustOpen(t, filepath.Join(dir, object))); n < 20 {
			t.Errorf("%s: %d places agree", arch, n)
		}
	}
}

// TestSeparatePE checks the debug link of a PE file, whose build id the debug file does
// not have.
func TestSeparatePE(t *testing.T) {
	objcopy := llvmTool(t, "llvm-objcopy")
	whole := buildBare(t, windowsAMD, "-g", "-O1", "-nostdlib", "-fuse-ld=lld", "-Wl,-e,_start")
	dir := t.TempDir()
	bare, debug := filepath.Join(dir, "program.exe"), filepath.Join(dir, "program.debug")
	run(t, dir, nil, objcopy, "--only-keep-debug", whole, debug)
	run(t, dir, nil, objcopy, "--strip-debug", "--add-gnu-debuglink="+debug, whole, bare)
	if n := sameFunctions(t, openIn(t, bare), mustOpen(t, whole)); n < 20 {
		t.Errorf("%d places agree", n)
	}
}
