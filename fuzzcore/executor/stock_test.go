package executor

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// TestStock runs a target without the overlay.
func TestStock(t *testing.T) {
	exe := buildTarget(t, "local", "stock")
	t.Run("runs", func(t *testing.T) {
		cfg := config(exe, "FuzzString")
		cfg.Stock = []string{"string"}
		e := startTarget(t, cfg)
		if e.Edges() == 0 || e.Cells() != 0 {
			t.Errorf("%d edges, %d cells", e.Edges(), e.Cells())
		}
		all := engine.WantCounters | engine.WantCompares | engine.WantBlocks
		inputs := []string{"", "goxx", "goxx", "fail", "go\x00\xff\""}
		for _, input := range inputs {
			push(t, e, stream(input), all)
		}
		isNew := []bool{true, true, false, false, false}
		for i, input := range inputs {
			r := wait(t, e)
			if !bytes.Equal(r.Data, stream(input)) || r.New != isNew[i] || (r.Crash != nil) != (input == "fail") {
				t.Errorf("%q: %+v", input, r)
			}
			if len(r.Counters) != e.Edges() || r.Crash == nil && r.Edges == 0 {
				t.Errorf("%q: %d counters, %d edges", input, len(r.Counters), r.Edges)
			}
			if r.Crash != nil && (r.Crash.How != Failed || !strings.Contains(r.Crash.Text, `_test.go:`) || !strings.Contains(r.Crash.Text, `"fail"`)) {
				t.Errorf("%q: %v: %s", input, r.Crash.How, r.Crash.Text)
			}
		}
	})
	t.Run("arguments", func(t *testing.T) {
		cfg := config(exe, "FuzzAll")
		cfg.Stock = strings.Fields("[]uint8 string bool uint8 int32 float32 float64 int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64")
		e := startTarget(t, cfg)
		r := runOne(t, e, 0, "\x00", "\xff", uint64(2), uint64(0x1ff), ^uint64(0), uint64(0x7f800001), uint64(0x7ff0000000000001), uint64(1)<<63)
		const odd = `"\x00" "\xff" false 255 -1 7fc00001 7ff0000000000001 -9223372036854775808 0 0 0 0 0 0 0 0 0`
		if r.Crash == nil || !strings.Contains(r.Crash.Text, ": "+odd) && !strings.Contains(r.Crash.Text, ": "+strings.Replace(odd, "7fc00001", "7f800001", 1)) {
			t.Errorf("got %+v", r.Crash)
		}
	})
	for input, how := range map[string]How{"panic-elsewhere": Exited, "exit3": Exited, "deadlock": TimedOut, "spin": TimedOut, "stop": Stopped} {
		t.Run(input, func(t *testing.T) {
			cfg := config(exe, "FuzzCrash")
			cfg.Stock = []string{"[]byte"}
			cfg.Timeout = time.Second
			e := startTarget(t, cfg)
			for _, input := range []string{"before", input, "after", input + " again", "after"} {
				push(t, e, stream(input), 0)
			}
			for i := range 5 {
				r := wait(t, e)
				if i%2 == 0 && r.Crash != nil || i%2 == 1 && (r.Crash == nil || r.Crash.How != how) {
					t.Errorf("run %d: %+v", i, r.Crash)
				}
			}
		})
	}
	if _, err := (Config{Exe: "x", Stock: []string{"error"}}).withDefaults(); err == nil {
		t.Error("arguments of type error are accepted")
	}
}

// BenchmarkStock runs the same input over and over by the stock protocol.
func BenchmarkStock(b *testing.B) {
	cfg := config(buildTarget(b, "local", "stock"), "FuzzNothing")
	cfg.Stock = []string{"[]byte"}
	cfg.Slots = 1024
	e := startTarget(b, cfg)
	b.ResetTimer()
	host, target := hostTime(), e.process.state().CPU
	defer func() {
		b.ReportMetric(float64((hostTime()-host).Nanoseconds())/float64(b.N), "host-ns/run")
		b.ReportMetric(float64((e.process.state().CPU-target).Nanoseconds())/float64(b.N), "target-ns/run")
	}()
	benchRuns(b, e, stream("0123456789abcdef"), 0)
}
