package debuginfo

import (
	"context"
	"errors"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file tests ResolveCalls against other symbolizers on executables of many
// compilers.

// cxxSource is a C++ program with inlined methods, templates, lambdas under a class
// inside of a function, and functions of one name.
const cxxSource = `#include <map>
#include <cstdio>
#include "inner/part.h"

namespace shapes {
struct Base { virtual double area() const = 0; virtual ~Base() {} };
struct Square : Base {
	double side;
	explicit Square(double s) : side(s) {}
	double area() const override { return side * side; }
};
template <typename T> T twice(T v) { return v + v; }
namespace { int hidden(int v) { return part(v) * 3; } }
}

struct Keeper { std::map<unsigned long, unsigned long> kept; };

int sweep(Keeper &k, int n)
{
	auto drop = [&](int i) {
		k.kept.erase(i);
		Keeper copy = k;
		return (int)copy.kept.size();
	};
	int s = 0;
	for (int i = 0; i < n; i++)
		s += drop(i) + shapes::hidden(i);
	return s;
}

static int run(int n)
{
	Keeper k;
	k.kept[n] = n;
	shapes::Square q(n);
	shapes::Base *b = &q;
	return sweep(k, n) + (int)shapes::twice(b->area()) + shapes::twice(n);
}

int main(int argc, char **argv)
{
	printf("%d %s\n", run(argc), argv[0]);
	return 0;
}
`

// buildCXX builds the C++ program.
func buildCXX(tb testing.TB, compiler string, flags ...string) string {
	tb.Helper()
	need(tb, compiler)
	dir := writeFiles(tb, "main.cc", cxxSource, "inner/part.h", cHeader)
	run(tb, dir, nil, compiler, append(append([]string{"-o", "fixture"}, flags...), "main.cc")...)
	return filepath.Join(dir, "fixture")
}

// buildClang builds the C program with clang.
func buildClang(tb testing.TB, flags ...string) string {
	tb.Helper()
	need(tb, "clang-19")
	dir := writeFiles(tb, "main.c", cSource, "inner/part.h", cHeader)
	run(tb, dir, nil, "clang-19", append(append([]string{"-o", "fixture"}, flags...), "main.c")...)
	return filepath.Join(dir, "fixture")
}

// buildLTO builds a C program of two files whose functions are inlined across
// them.
func buildLTO(tb testing.TB, compiler string, flags ...string) string {
	tb.Helper()
	need(tb, compiler)
	dir := writeFiles(tb,
		"a.c", "int far(int); int main(int c, char **v) { return far(c) + far(c + 1); }\n",
		"b.c", "#include \"inner/part.h\"\nint far(int x) { int s = 0; for (int i = 0; i < x; i++) s += part(i); return s; }\n",
		"inner/part.h", cHeader)
	run(tb, dir, nil, compiler, append(append([]string{"-o", "fixture"}, flags...), "a.c", "b.c")...)
	return filepath.Join(dir, "fixture")
}

// rustSource is a Rust program with closures, generics and inlined iterators.
const rustSource = `use std::collections::BTreeMap;

trait Shape { fn area(&self) -> f64; }
struct Square(f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } }

fn total<T: Shape + ?Sized>(shapes: &[Box<T>]) -> f64 {
    shapes.iter().map(|s| s.area()).filter(|a| *a > 1.0).sum()
}

fn main() {
    let mut seen = BTreeMap::new();
    for (i, arg) in std::env::args().enumerate() {
        *seen.entry(arg.len()).or_insert(0usize) += i;
    }
    let shapes: Vec<Box<dyn Shape>> = seen.iter().map(|(k, v)| Box::new(Square((*k + *v) as f64)) as Box<dyn Shape>).collect();
    println!("{} {:?}", total(&shapes), seen);
}
`

func buildRust(tb testing.TB, flags ...string) string {
	tb.Helper()
	need(tb, "rustc")
	dir := writeFiles(tb, "main.rs", rustSource)
	run(tb, dir, nil, "rustc", append(append([]string{"-o", "fixture"}, flags...), "main.rs")...)
	return filepath.Join(dir, "fixture")
}

// zigSource is a Zig program with inline functions and the standard library.
const zigSource = `const std = @import("std");

inline fn triple(a: u32) u32 {
    return a *% 3;
}

fn count(bytes: []const u8) u32 {
    var n: u32 = 0;
    for (bytes) |b| {
        if (b > 'm') n += triple(b);
    }
    return n;
}

pub fn main() void {
    std.debug.print("{d}\n", .{count("some text to count in")});
}
`

// zigCommand returns how to call Zig: from the path, or from Python's package
// ziglang.
func zigCommand(tb testing.TB) []string {
	tb.Helper()
	if _, err := exec.LookPath("zig"); err == nil {
		return []string{"zig"}
	}
	if exec.Command("python3", "-c", "import ziglang").Run() == nil {
		return []string{"python3", "-m", "ziglang"}
	}
	need(tb, "zig")
	return nil
}

func buildZig(tb testing.TB, flags ...string) string {
	tb.Helper()
	zig := zigCommand(tb)
	dir := writeFiles(tb, "main.zig", zigSource)
	args := append(append(zig[1:], "build-exe", "main.zig", "-femit-bin=fixture"), flags...)
	cache := tb.TempDir()
	run(tb, dir, []string{"ZIG_LOCAL_CACHE_DIR=" + cache, "ZIG_GLOBAL_CACHE_DIR=" + cache}, zig[0], args...)
	return filepath.Join(dir, "fixture")
}

// callKinds are the executables whose calls are compared. explained, if not nil,
// tells differences from llvm-symbolizer that are not bugs of ours.
var callKinds = []struct {
	name      string
	build     func(testing.TB) string
	explained func(ours, theirs []peerFrame) bool
}{
	{"go", func(tb testing.TB) string { return buildGo(tb, goSource, nil) }, nil},
	{"go dwarf4", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOEXPERIMENT=nodwarf5"}) }, nil},
	{"go1.22", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOTOOLCHAIN=go1.22.12"}) }, nil},
	{"go1.23", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOTOOLCHAIN=go1.23.12"}) }, nil},
	{"go1.24", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOTOOLCHAIN=go1.24.13"}) }, nil},
	{"go1.25", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOTOOLCHAIN=go1.25.7"}) }, nil},
	{"go arm64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOARCH=arm64", "CGO_ENABLED=0"})
	}, nil},
	{"cgo", func(tb testing.TB) string {
		need(tb, "gcc")
		return buildGo(tb, cgoSource, []string{"CGO_ENABLED=1"})
	}, nil},
	{"gcc dwarf2", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-2", "-gstrict-dwarf") }, nil},
	{"gcc dwarf3", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-3") }, nil},
	{"gcc dwarf4", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-4") }, nil},
	{"gcc dwarf5", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-5") }, nil},
	{"gcc 64-bit dwarf4", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-4", "-gdwarf64") }, nil},
	{"gcc 64-bit dwarf5", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-5", "-gdwarf64") }, nil},
	{"gcc lto", func(tb testing.TB) string { return buildLTO(tb, "gcc", "-O2", "-g", "-flto") }, nil},
	{"g++", func(tb testing.TB) string { return buildCXX(tb, "g++", "-O2", "-g") }, nil},
	{"g++ unoptimized", func(tb testing.TB) string { return buildCXX(tb, "g++", "-O0", "-g") }, nil},
	{"g++ type units", func(tb testing.TB) string { return buildCXX(tb, "g++", "-O2", "-g", "-fdebug-types-section") }, nil},
	{"g++ type units dwarf4", func(tb testing.TB) string {
		return buildCXX(tb, "g++", "-O2", "-gdwarf-4", "-fdebug-types-section")
	}, nil},
	{"clang dwarf2", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gdwarf-2") }, nil},
	{"clang dwarf3", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gdwarf-3") }, nil},
	{"clang dwarf4", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gdwarf-4") }, nil},
	{"clang dwarf5", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gdwarf-5") }, nil},
	{"clang 64-bit dwarf5", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gdwarf-5", "-gdwarf64") }, nil},
	{"clang line tables", func(tb testing.TB) string { return buildClang(tb, "-O2", "-gline-tables-only") }, nil},
	{"clang sections", func(tb testing.TB) string {
		return buildClang(tb, "-O1", "-g", "-ffunction-sections", "-Wl,--gc-sections", "-fuse-ld=lld-19")
	}, nil},
	{"clang tombstones", func(tb testing.TB) string {
		return buildClang(tb, "-O1", "-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections", "-fuse-ld=lld-19",
			"-Wl,-z,dead-reloc-in-nonalloc=.debug_*=0xfffffffffffffffe")
	}, nil},
	{"clang lto", func(tb testing.TB) string { return buildLTO(tb, "clang-19", "-O2", "-g", "-flto", "-fuse-ld=lld-19") }, nil},
	{"clang thin lto", func(tb testing.TB) string {
		return buildLTO(tb, "clang-19", "-O2", "-g", "-flto=thin", "-fuse-ld=lld-19")
	}, nil},
	{"clang++", func(tb testing.TB) string { return buildCXX(tb, "clang++-19", "-O2", "-g") }, nil},
	{"clang++ type units", func(tb testing.TB) string {
		return buildCXX(tb, "clang++-19", "-O2", "-g", "-fdebug-types-section")
	}, nil},
	{"clang++ folded", func(tb testing.TB) string {
		return buildCXX(tb, "clang++-19", "-O2", "-g", "-ffunction-sections", "-Wl,--icf=all", "-fuse-ld=lld-19")
	}, nil},
	{"clang++ names", func(tb testing.TB) string {
		return buildCXX(tb, "clang++-19", "-O2", "-g", "-gpubnames", "-gdwarf-5")
	}, nil},
	{"clang++ simple template names", func(tb testing.TB) string {
		return buildCXX(tb, "clang++-19", "-O2", "-g", "-gsimple-template-names")
	}, simpleTemplates},
	{"rust", func(tb testing.TB) string { return buildRust(tb, "-g", "-O") }, nil},
	{"rust unoptimized", func(tb testing.TB) string { return buildRust(tb, "-g") }, nil},
	{"zig", func(tb testing.TB) string { return buildZig(tb, "-ODebug", "-fllvm") }, nil},
	{"zig fast", func(tb testing.TB) string { return buildZig(tb, "-OReleaseFast", "-fno-strip") }, nil},
	{"zig self-hosted", func(tb testing.TB) string { return buildZig(tb, "-ODebug", "-fno-llvm") }, absentCallFile},
}

// simpleTemplates: clang leaves the arguments of templates out of names, and
// llvm-symbolizer puts them in from the entry's children when asked for short names.
func simpleTemplates(ours, theirs []peerFrame) bool {
	return slices.EqualFunc(ours, theirs, func(a, b peerFrame) bool {
		base, _, _ := strings.Cut(b.name, "<")
		return a.place() == b.place() && (a.name == b.name || a.name == base)
	})
}

// absentCallFile: Zig's own code generator writes no DW_AT_call_file, and
// llvm-symbolizer takes that for file 0 of the line table, which is another file.
func absentCallFile(ours, theirs []peerFrame) bool {
	return slices.EqualFunc(ours, theirs, func(a, b peerFrame) bool {
		if a.file == "??" && a.line != 0 {
			b.file = a.file
		}
		return a == b
	})
}

// fileSymbol: where no line table knows the file, llvm-symbolizer names it after
// the file symbol of the symbol table, and an unknown function after a symbol nearby.
func fileSymbol(ours, theirs []peerFrame) bool {
	if len(ours) != 1 || len(theirs) != 1 {
		return false
	}
	a, b := ours[0], theirs[0]
	return a.place() == peerFrame{file: "??"} && b.line == 0 && b.column == 0 && (a.name == "??" || a.name == b.name)
}

func TestCallsAgainstPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("it compares answers, on one goroutine")
	}
	for _, kind := range callKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			file := kind.build(t)
			comparePeers(t, file, textAddresses(mustOpen(t, file), 4000), kind.explained)
		})
	}
}

// comparePeers compares the chains of addresses with those of all other symbolizers.
func comparePeers(t *testing.T, file string, pcs []uint64, alsoExplained func(ours, theirs []peerFrame) bool) {
	t.Helper()
	f := mustOpen(t, file)
	explained := func(ours, theirs []peerFrame) bool {
		return fileSymbol(ours, theirs) || alsoExplained != nil && alsoExplained(ours, theirs)
	}
	linkage := ownChains(t, f, pcs, false, Options{Literal: true})
	compareChains(t, "llvm-symbolizer", pcs, linkage, askLLVM(t, file, pcs, "linkage"), func(ours, theirs []peerFrame) bool {
		return explained(ours, theirs) || machineSymbol(ours, theirs) || explained(ours, symbolOff(ours, theirs))
	})
	short := ownChains(t, f, pcs, true, Options{Literal: true})
	compareChains(t, "llvm-symbolizer, short names", pcs, short, askLLVM(t, file, pcs, "short"), explained)
	compareSecond(t, file, pcs, linkage)
}

// machineSymbol: for the machine function llvm-symbolizer prints the name of the
// symbol table, which has aliases and the parts that compilers split off (f.cold).
func machineSymbol(ours, theirs []peerFrame) bool {
	return slices.Equal(ours, symbolOff(ours, theirs))
}

// symbolOff returns theirs with our name of the machine function.
func symbolOff(ours, theirs []peerFrame) []peerFrame {
	if len(ours) != len(theirs) {
		return theirs
	}
	theirs = slices.Clone(theirs)
	theirs[len(theirs)-1].name = ours[len(ours)-1].name
	return theirs
}

// textAddresses returns up to n addresses of the executable sections: all, or
// random ones.
func textAddresses(f *File, n int) []uint64 {
	var pcs []uint64
	size := uint64(0)
	for _, s := range f.Sections() {
		if s.Exec {
			size += s.Size
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range f.Sections() {
		for i := range s.Size {
			if s.Exec && (size <= uint64(n) || random.Uint64N(size) < uint64(n)) {
				pcs = append(pcs, s.Addr+i)
			}
		}
	}
	slices.Sort(pcs)
	return pcs
}

// compareChains reports chains that differ and are not explained.
func compareChains(t *testing.T, peer string, pcs []uint64, ours, theirs [][]peerFrame, explained func(ours, theirs []peerFrame) bool) {
	t.Helper()
	different, known := 0, 0
	for i := range pcs {
		if ours[i][0].line != 0 {
			known++
		}
		if slices.Equal(ours[i], theirs[i]) {
			continue
		}
		if explained(ours[i], theirs[i]) {
			different++
			continue
		}
		t.Fatalf("%#x:\n%v\n%s:\n%v", pcs[i], ours[i], peer, theirs[i])
	}
	if known == 0 {
		t.Errorf("no location known")
	}
	t.Logf("%s: %d addresses, %d known, %d explained differences", peer, len(pcs), known, different)
}

// TestCallsWorkers checks that the answer does not depend on the number of
// goroutines, nor on what was asked before.
func TestCallsWorkers(t *testing.T) {
	file := buildGo(t, goSource, nil)
	f := mustOpen(t, file)
	pcs := textAddresses(f, 3000)
	want := ownChains(t, f, pcs, false, Options{Workers: 1})
	for _, workers := range []int{2, 3, 8} {
		if got := ownChains(t, f, pcs, false, Options{Workers: workers}); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d workers: different chains", workers)
		}
		if got := ownChains(t, mustOpen(t, file), pcs, false, Options{Workers: workers}); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%d workers on a file just opened: different chains", workers)
		}
	}
}

// TestCallsAlone checks that an address gets the same answer alone as among others,
// in functions within functions too.
func TestCallsAlone(t *testing.T) {
	nested := writeFiles(t, "main.c", `int main(int n, char **v) {
	__attribute__((noinline)) int inner(int x) {
		__attribute__((noinline)) int innermost(int y) { return y * n; }
		return innermost(x) + innermost(n);
	}
	return inner(n);
}
`)
	need(t, "gcc")
	run(t, nested, nil, "gcc", "-O1", "-g", "-o", "nested", "main.c")
	for _, file := range []string{buildCXX(t, "g++", "-O1", "-g"), filepath.Join(nested, "nested")} {
		f := mustOpen(t, file)
		pcs := textAddresses(f, 400)
		for i, want := range ownChains(t, f, pcs, false, Options{}) {
			if got := ownChains(t, f, pcs[i:i+1], false, Options{}); !slices.Equal(got[0], want) {
				t.Fatalf("%#x alone: %v, among others: %v", pcs[i], got[0], want)
			}
		}
	}
}

func TestCallsCancelled(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	pcs := textAddresses(f, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := make([]Location, len(pcs))
	if calls, err := f.ResolveCalls(ctx, pcs, out, Options{}); !errors.Is(err, context.Canceled) || calls != nil {
		t.Errorf("got %v, %v", calls, err)
	}
	if err := f.ResolveWith(ctx, pcs, out, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := f.ResolveWith(t.Context(), pcs, out, Options{}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestMachineFunction(t *testing.T) {
	f := mustOpen(t, buildC(t, "-O2", "-g"))
	s, ok := f.Symbol("main")
	if !ok {
		t.Fatal("no main")
	}
	pcs := []uint64{1, s.Addr, s.Addr + s.Size - 1}
	calls, err := f.ResolveCalls(t.Context(), pcs, make([]Location, len(pcs)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := calls.Function(0); ok {
		t.Error("a function holds address 1")
	}
	for i := 1; i < len(pcs); i++ {
		id, entry, ok := calls.Function(i)
		fn := f.Func(id)
		if !ok || entry != s.Addr || fn.Name != "main" || fn.Declared.Line != 20 || filepath.Base(f.Path(fn.Declared.File)) != "main.c" {
			t.Errorf("%#x: %v, entered at %#x, %t", pcs[i], fn, entry, ok)
		}
	}
}
