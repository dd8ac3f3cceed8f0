//go:build unix

package debuginfo

import (
	"debug/dwarf"
	"debug/elf"
	"io"
	"path/filepath"
	"sort"
	"syscall"
	"testing"
)

// This file measures resolving against debug/dwarf, on a Go executable of middle
// size: the Go compiler.

// benchAddresses is how many addresses are resolved: as many as the instrumented
// edges of a large program.
const benchAddresses = 100_000

// buildCompiler builds the Go compiler with debug information, uncompressed so
// that no benchmark measures inflate.
func buildCompiler(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "compile")
	run(b, ".", []string{"GOFLAGS="}, "go", "build", "-o", file, "-ldflags=-compressdwarf=false", "cmd/compile")
	return file
}

// measure runs op b.N times and reports processor time, which other load on the
// machine hardly changes: per address, and as the speed at which all of
// .debug_line is gone through.
func measure(b *testing.B, pcs, lineBytes int, op func()) {
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		op()
	}
	perOp := (processorTime(b) - start) / float64(b.N)
	b.ReportMetric(perOp*1e9/float64(pcs), "cpu-ns/pc")
	b.ReportMetric(float64(lineBytes)/perOp/1e6, "line-MB/cpu-s")
}

// processorTime returns the seconds of processor time of this process.
func processorTime(b *testing.B) float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

// BenchmarkResolve measures an open file (warm) and everything from opening it on
// (cold), and debug/dwarf doing the same as the latter.
func BenchmarkResolve(b *testing.B) {
	file := buildCompiler(b)
	f := mustOpen(b, file)
	pcs := sampleAddresses(b, f, benchAddresses)
	out := make([]Location, len(pcs))
	if err := f.Resolve(pcs, out); err != nil {
		b.Fatal(err)
	}
	lineBytes := len(f.lines.line.data)

	resolve := func(f *File, pcs []uint64) {
		if err := f.Resolve(pcs, out[:len(pcs)]); err != nil {
			b.Fatal(err)
		}
	}

	b.Run("warm", func(b *testing.B) {
		measure(b, len(pcs), lineBytes, func() { resolve(f, pcs) })
	})
	b.Run("warm/100", func(b *testing.B) {
		few := sampleAddresses(b, f, 100)
		measure(b, len(few), lineBytes, func() { resolve(f, few) })
	})
	b.Run("cold", func(b *testing.B) {
		measure(b, len(pcs), lineBytes, func() {
			f, err := Open(file)
			if err != nil {
				b.Fatal(err)
			}
			resolve(f, pcs)
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("debug_dwarf", func(b *testing.B) {
		measure(b, len(pcs), lineBytes, func() {
			if known := resolveDebugDWARF(b, file, pcs); known < len(pcs)/2 {
				b.Fatalf("%d addresses known", known)
			}
		})
	})
}

// resolveDebugDWARF is the best that can be done with debug/dwarf in the open: all
// rows once, unit by unit, joined with the sorted addresses. It returns how many
// addresses got a row.
func resolveDebugDWARF(b *testing.B, file string, pcs []uint64) int {
	e, err := elf.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	d, err := e.DWARF()
	if err != nil {
		b.Fatal(err)
	}
	rows := make([]dwarf.LineEntry, len(pcs))
	for r := d.Reader(); ; r.SkipChildren() {
		entry, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		if entry == nil {
			break
		}
		lr, err := d.LineReader(entry)
		if err != nil || lr == nil {
			continue
		}
		var row, next dwarf.LineEntry
		inForce := false
		for lr.Next(&next) != io.EOF {
			if inForce {
				k := sort.Search(len(pcs), func(i int) bool { return pcs[i] >= row.Address })
				for ; k < len(pcs) && pcs[k] < next.Address; k++ {
					rows[k] = row
				}
			}
			row, inForce = next, !next.EndSequence
		}
	}
	known := 0
	for i := range rows {
		if rows[i].File != nil {
			known++
		}
	}
	return known
}

// BenchmarkRows measures the rows of five thousand functions at once.
func BenchmarkRows(b *testing.B) {
	f := mustOpen(b, buildCompiler(b))
	functions, err := f.Functions()
	if err != nil {
		b.Fatal(err)
	}
	const wanted = 5000
	var ranges []Range
	for i := 0; i < len(functions); i += max(1, len(functions)/wanted) {
		ranges = append(ranges, Range{functions[i].Lo, functions[i].Hi})
	}
	rows := 0
	start := processorTime(b)
	for b.Loop() {
		rows = 0
		err := f.RowsIn(ranges, func(int, Row) bool {
			rows++
			return true
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((processorTime(b)-start)/float64(b.N)*1e9/float64(rows), "cpu-ns/row")
	b.ReportMetric(float64(rows), "rows")
}

// BenchmarkSymbols measures loading the symbol table.
func BenchmarkSymbols(b *testing.B) {
	file := buildCompiler(b)
	for b.Loop() {
		f, err := Open(file)
		if err != nil {
			b.Fatal(err)
		}
		functions, err := f.Functions()
		if err != nil || len(functions) == 0 {
			b.Fatal(len(functions), err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
