package executor

import (
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// BenchmarkNativeRun runs the same input over and over: what a run of a C target costs
// the host, the target and both.
func BenchmarkNativeRun(b *testing.B) {
	for _, c := range []struct {
		name  string
		build nativeBuild
		want  engine.Want
	}{
		{"trivial", nativeBuild{source: "extra.c", flags: []string{"-O2"}}, 0},
		{"words", nativeBuild{source: "behaviours.c", flags: []string{"-O2"}}, 0},
		{"compares", nativeBuild{source: "behaviours.c", flags: []string{"-O2"}}, engine.WantCompares},
		{"everything", nativeBuild{source: "behaviours.c", flags: []string{"-O2"}}, engine.WantCompares | engine.WantCounters},
		{"address", nativeBuild{source: "behaviours.c", flags: []string{"-O2", "-fsanitize=address"}}, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := nativeConfig(buildNative(b, c.build))
			cfg.Slots = 1024
			e := startTarget(b, cfg)
			runOne(b, e, 0, "warm up: the child is there")
			b.ReportAllocs()
			b.ResetTimer()
			host, target := hostTime(), e.process.state().CPU
			benchRuns(b, e, stream("0123456789abcdef"), c.want)
			b.StopTimer()
			host, target = hostTime()-host, e.process.state().CPU-target
			b.ReportMetric(float64(host.Nanoseconds())/float64(b.N), "host-ns/run")
			b.ReportMetric(float64(target.Nanoseconds())/float64(b.N), "target-ns/run")
			b.ReportMetric(float64(b.N)/(host+target).Seconds(), "runs/cpu-s")
		})
	}
}

// BenchmarkNativeRestart measures from pushing an input that ends the child to the
// result of the run behind it.
func BenchmarkNativeRestart(b *testing.B) {
	for _, c := range []struct {
		name, input string
		build       nativeBuild
	}{
		{"exit", "_exit4", behaviours},
		{"segv", "segv", behaviours},
		{"address", "segv", sanitized("address")},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := startTarget(b, nativeConfig(buildNative(b, c.build)))
			for b.Loop() {
				push(b, e, stream(c.input), 0)
				push(b, e, stream("fine"), 0)
				if r := wait(b, e); r.Crash == nil {
					b.Fatal("no crash")
				}
				if r := wait(b, e); r.Crash != nil {
					b.Fatal(r.Crash.Text)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "crashes/s")
		})
	}
}
