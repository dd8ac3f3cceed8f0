package debuginfo

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"testing"
)

// This file compares all instrumented addresses of executables, which compilers list
// in a table (-fsanitize-coverage=pc-table), with other symbolizers.

// coverageRuntime is the functions that instrumented code calls when it starts.
const coverageRuntime = `
void __sanitizer_cov_8bit_counters_init(char *a, char *b) {}
void __sanitizer_cov_pcs_init(const unsigned long *a, const unsigned long *b) {}
`

// instrumentedKinds are the compilers that write such tables.
var instrumentedKinds = []struct {
	name  string
	build func(testing.TB) string
}{
	{"clang", func(tb testing.TB) string { return buildInstrumented(tb, "clang", "main.c", "-O1") }},
	{"clang++", func(tb testing.TB) string { return buildInstrumented(tb, "clang++", "main.cc", "-O1") }},
	{"clang++ dwarf4", func(tb testing.TB) string {
		return buildInstrumented(tb, "clang++", "main.cc", "-O2", "-gdwarf-4", "-ffunction-sections", "-Wl,--gc-sections")
	}},
	{"rust", func(tb testing.TB) string {
		need(tb, "rustc")
		dir := writeFiles(tb, "main.rs", rustSource, "runtime.c", coverageRuntime)
		run(tb, dir, nil, "gcc", "-c", "runtime.c")
		run(tb, dir, nil, "rustc", "-g", "-O", "-o", "fixture", "-Cpasses=sancov-module", "-Cllvm-args=-sanitizer-coverage-level=3",
			"-Cllvm-args=-sanitizer-coverage-inline-8bit-counters", "-Cllvm-args=-sanitizer-coverage-pc-table",
			"-Crelocation-model=static", "-Clink-arg=runtime.o", "main.rs")
		return filepath.Join(dir, "fixture")
	}},
}

// buildInstrumented builds the C or C++ program with a table.
func buildInstrumented(tb testing.TB, compiler, source string, flags ...string) string {
	tb.Helper()
	dir := writeFiles(tb, "main.c", cSource, "main.cc", cxxSource, "inner/part.h", cHeader, "runtime.c", coverageRuntime)
	run(tb, dir, nil, "gcc", "-c", "runtime.c")
	flags = append([]string{"-g", "-no-pie", "-fsanitize-coverage=inline-8bit-counters,pc-table", "-o", "fixture", source, "runtime.o"}, flags...)
	run(tb, dir, nil, llvmTool(tb, compiler), flags...)
	return filepath.Join(dir, "fixture")
}

// instrumentedAddresses reads the table: entries of an address and flags. Dropped code
// leaves 0 or 1 there, for which llvm-symbolizer names functions that were dropped, too.
func instrumentedAddresses(tb testing.TB, f *File) []uint64 {
	tb.Helper()
	var pcs []uint64
	for _, s := range f.Sections() {
		if s.Name != "__sancov_pcs" {
			continue
		}
		table, err := f.Bytes(s.Addr, s.Addr+s.Size)
		if err != nil {
			tb.Fatal(err)
		}
		for ; len(table) >= 16; table = table[16:] {
			if pc := binary.LittleEndian.Uint64(table); pc > 1 {
				pcs = append(pcs, pc)
			}
		}
	}
	if len(pcs) < 10 {
		tb.Fatalf("%d instrumented addresses", len(pcs))
	}
	slices.Sort(pcs)
	return pcs
}

func TestInstrumentedAgainstPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("it compares answers, on one goroutine")
	}
	for _, kind := range instrumentedKinds {
		t.Run(kind.name, func(t *testing.T) {
			file := kind.build(t)
			pcs := instrumentedAddresses(t, mustOpen(t, file))
			comparePeers(t, file, pcs, nil)
			t.Logf("%d instrumented addresses", len(pcs))
		})
	}
}
