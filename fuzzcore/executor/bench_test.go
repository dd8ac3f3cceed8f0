package executor

import (
	"context"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"golang.org/x/sys/unix"
)

// BenchmarkRun runs the same inputs over and over: what a run costs the host, the
// target and both. A batch is 256 runs, two are under way.
func BenchmarkRun(b *testing.B) {
	for _, c := range []struct {
		name, test string
		input      []byte
		want       engine.Want
	}{
		{"bytes", "FuzzNothing", stream("0123456789abcdef"), 0},
		{"string", "FuzzString", stream("goxx0123456789"), 0},
		{"reflect", "FuzzBuckets", stream(uint64(3), "x"), 0},
		{"skip", "FuzzBuckets", stream(uint64(3), "skip"), 0},
		{"fail", "FuzzBuckets", stream(uint64(3), "fail"), 0},
		{"compares", "FuzzString", stream("goxx0123456789"), engine.WantCompares},
		{"everything", "FuzzString", stream("goxx0123456789"), engine.WantCounters | engine.WantCompares | engine.WantBlocks},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := config(buildTarget(b, "local"), c.test)
			cfg.Slots, cfg.SlotSize = 1024, 64<<10
			e := startTarget(b, cfg)
			b.ReportAllocs()
			b.ResetTimer()
			host, target := hostTime(), e.process.state().CPU
			benchRuns(b, e, c.input, c.want)
			b.StopTimer()
			host, target = hostTime()-host, e.process.state().CPU-target
			b.ReportMetric(float64(host.Nanoseconds())/float64(b.N), "host-ns/run")
			b.ReportMetric(float64(target.Nanoseconds())/float64(b.N), "target-ns/run")
			b.ReportMetric(float64(b.N)/(host+target).Seconds(), "runs/cpu-s")
		})
	}
}

func benchRuns(b *testing.B, e *Executor, input []byte, want engine.Want) {
	const batch = 256
	ctx := context.Background()
	pushed, waited := 0, 0
	for waited < b.N {
		for i := 0; i < batch && pushed < b.N; i++ {
			slot := e.Slot()
			if slot == nil {
				break
			}
			e.Push(copy(slot, input), want)
			pushed++
		}
		e.Flush()
		for pushed-waited > batch || pushed == b.N && waited < pushed || e.Slot() == nil {
			if _, err := e.Wait(ctx); err != nil {
				b.Fatal(err)
			}
			waited++
		}
	}
}

// hostTime returns the processor time that this process has used.
func hostTime() time.Duration {
	var ru unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &ru)
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}

// BenchmarkRestart measures from pushing an input that kills the target to the
// result of the run behind it.
func BenchmarkRestart(b *testing.B) {
	e := startTarget(b, config(buildTarget(b, "local"), "FuzzCrash"))
	for b.Loop() {
		push(b, e, stream("exit3"), 0)
		push(b, e, stream("fine"), 0)
		if r := wait(b, e); r.Crash == nil {
			b.Fatal("no crash")
		}
		if r := wait(b, e); r.Crash != nil {
			b.Fatal(r.Crash.Text)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/restart")
}

// BenchmarkStart measures Start.
func BenchmarkStart(b *testing.B) {
	cfg := config(buildTarget(b, "local"), "FuzzNothing")
	for b.Loop() {
		startTarget(b, cfg).Close()
	}
}
