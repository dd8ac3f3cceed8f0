package debuginfo

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file defines the executables that the tests look at: built here, by the
// compilers of this machine.

// goSource is a program with inlining, generics, closures, a type switch, and
// generated methods (an embedded type).
const goSource = `package main

import (
	"fmt"
	"os"
	"strings"
)

type shape interface{ area() float64 }
type square struct{ side float64 }
type named struct {
	square
	name string
}

func (s square) area() float64 { return s.side * s.side }

func sum[T int | float64](xs []T) (total T) {
	for _, x := range xs {
		if x < 0 {
			continue
		}
		total += x
	}
	return total
}

func classify(v any) string {
	switch v := v.(type) {
	case int:
		return fmt.Sprint("int ", v)
	case string:
		return strings.ToUpper(v)
	case shape:
		return fmt.Sprint(v.area())
	}
	return "?"
}

func main() {
	defer func() { recover() }()
	var shapes []shape
	for i := range len(os.Args) {
		shapes = append(shapes, named{square{float64(i)}, "x"})
	}
	each := func(f func(shape)) {
		for _, s := range shapes {
			f(s)
		}
	}
	each(func(s shape) { fmt.Println(classify(s), sum([]int{1, 2}), sum([]float64{1})) })
}
`

// cgoSource is a program with a C function.
const cgoSource = `package main

// static int twice(int x) {
//     return 2 * x;
// }
import "C"

func main() { println(C.twice(21)) }
`

// cSource is a program with inlining, a loop and an included file.
const cSource = `#include <stdio.h>
#include "inner/part.h"

static inline int square(int x)
{
    return x * x;
}

int classify(int v)
{
    if (v < 0)
        return -1;
    for (int i = 0; i < v; i++) {
        if (square(i) > 100)
            return i;
    }
    return part(v);
}

int main(int argc, char **argv)
{
    printf("%d %s\n", classify(argc), argv[0]);
    return 0;
}
`

// cHeader is the file that cSource includes.
const cHeader = `static int part(int v)
{
    int n = 0;
    while (v) {
        n += v & 1;
        v >>= 1;
    }
    return n;
}
`

// writeFiles writes name, text pairs into a new directory.
func writeFiles(tb testing.TB, pairs ...string) string {
	tb.Helper()
	dir := tb.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		name := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(pairs[i+1]), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// run runs a command in dir with additions to the environment and returns what it
// prints.
func run(tb testing.TB, dir string, env []string, name string, args ...string) string {
	tb.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// need skips the test if a tool is missing, except in CI.
func need(tb testing.TB, tool string) {
	tb.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s is missing, and CI=true", tool)
	}
	tb.Skipf("SKIPPED FOR WANT OF A TOOL: %s is not installed", tool)
}

// llvmTool returns LLVM's tool of that name: of the version that scripts/setup
// installs, or else the one without a version. It skips the test as need does.
func llvmTool(tb testing.TB, name string) string {
	tb.Helper()
	const version = "-19"
	if _, err := exec.LookPath(name + version); err == nil {
		return name + version
	}
	need(tb, name)
	return name
}

// buildGo builds a Go program. env can change the build ("GOARCH=arm64").
func buildGo(tb testing.TB, source string, env []string, flags ...string) string {
	tb.Helper()
	dir := writeFiles(tb, "go.mod", "module example.com/fixture\n\ngo 1.22\n", "main.go", source)
	env = append([]string{"GOFLAGS=", "GOWORK=off"}, env...)
	run(tb, dir, env, "go", append(append([]string{"build", "-o", "fixture"}, flags...), ".")...)
	return filepath.Join(dir, "fixture")
}

// buildC builds the C program with gcc.
func buildC(tb testing.TB, flags ...string) string {
	tb.Helper()
	need(tb, "gcc")
	dir := writeFiles(tb, "main.c", cSource, "inner/part.h", cHeader)
	run(tb, dir, nil, "gcc", append(append([]string{"-o", "fixture"}, flags...), "main.c")...)
	return filepath.Join(dir, "fixture")
}

// mustOpen opens an executable for the length of the test.
func mustOpen(tb testing.TB, path string) *File {
	tb.Helper()
	f, err := Open(path)
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

// place words a location for comparison.
func (f *File) place(l Location) string {
	return fmt.Sprintf("%s:%d:%d", f.Path(l.File), l.Line, l.Column)
}

// sampleAddresses returns n sorted addresses inside of functions.
func sampleAddresses(tb testing.TB, f *File, n int) []uint64 {
	tb.Helper()
	functions, err := f.Functions()
	if err != nil {
		tb.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	pcs := make([]uint64, n)
	for i := range pcs {
		fn := functions[random.IntN(len(functions))]
		pcs[i] = fn.Lo + random.Uint64N(fn.Hi-fn.Lo)
	}
	slices.Sort(pcs)
	return pcs
}
