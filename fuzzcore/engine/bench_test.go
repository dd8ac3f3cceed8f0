//go:build unix

package engine

import (
	"bytes"
	"syscall"
	"testing"
)

// This file measures what a mutant and the observation of a run cost, in CPU
// time: wall time on a shared machine says little.

// cpuTime returns the CPU time of this process in nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// newBoring returns an engine whose seeds have an edge each and whose further
// runs find nothing.
func newBoring(b *testing.B, schema Schema, seeds ...[]byte) *Engine {
	b.Helper()
	e := New(Config{Schema: schema, Edges: 4096, MaxInput: 4096})
	for i, data := range seeds {
		if err := e.AddSeed(data); err != nil {
			b.Fatal(err)
		}
		counters := make([]byte, 4096)
		counters[i] = 1
		drive(e, everything(counters...))
	}
	drive(e, everything(make([]byte, 4096)...)) // the zero input
	return e
}

func hundredBytes() [][]byte {
	var seeds [][]byte
	for i := range 64 {
		text := bytes.Repeat([]byte{'a' + byte(i%26), ' ', '1' + byte(i%9), '\n'}, 25)
		text[i] = byte(i)
		seeds = append(seeds, words(string(text)))
	}
	return seeds
}

func benchmarkMutants(b *testing.B, schema Schema, seeds ...[]byte) {
	e := newBoring(b, schema, seeds...)
	slot := make([]byte, 4096)
	var run Run
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		ticket := e.Next(slot)
		run.Data = slot[:ticket.Len]
		e.Observe(&run)
	}
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/mutant")
}

func BenchmarkMutant(b *testing.B)     { benchmarkMutants(b, oneBytes, hundredBytes()...) }
func BenchmarkTextMutant(b *testing.B) { benchmarkMutants(b, oneString, hundredBytes()...) }

func BenchmarkMixedMutant(b *testing.B) {
	text := string(bytes.Repeat([]byte("ab 1"), 12))
	benchmarkMutants(b, mixed, words(7, text, 0x3f800000, text, 1), words(8, "x", 0, text, 0))
}

func BenchmarkObserve(b *testing.B) {
	e := newBoring(b, oneBytes, hundredBytes()...)
	slot := make([]byte, 4096)
	const batch = 1 << 8
	runs := make([]Run, batch)
	var spent int64
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%batch != 0 {
			continue
		}
		for i := range runs {
			runs[i] = Run{Data: slot[:e.Next(slot).Len], Path: uint64(n + i)}
		}
		start := cpuTime(b)
		for i := range runs {
			e.Observe(&runs[i])
		}
		spent += cpuTime(b) - start
	}
	b.ReportMetric(float64(spent)/float64(b.N), "cpu-ns/run")
}
