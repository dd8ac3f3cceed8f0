package live

import (
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests small parts that need no build.

func TestHistory(t *testing.T) {
	var h history
	start := time.Now()
	for i := range 100_000 {
		h.add(Sample{Time: start.Add(time.Duration(i) * 200 * time.Millisecond), Points: uint64(i)})
		if len(h.samples) > historyLimit {
			t.Fatalf("%d samples", len(h.samples))
		}
	}
	if len(h.samples) < historyLimit/2 || h.samples[0].Points != 0 {
		t.Errorf("%d samples from %+v", len(h.samples), h.samples[0])
	}
	for i := range h.samples[1:] {
		if gap := h.samples[i+1].Time.Sub(h.samples[i].Time); gap < h.every {
			t.Errorf("gap of %v, want at least %v", gap, h.every)
		}
	}
}

func TestProgressText(t *testing.T) {
	one := supervisor.TestSnapshot{Runs: 1_200_000, RunsPerSecond: 45_000, Points: 312, TotalPoints: 1024, SinceFind: 12 * time.Second, Crashes: 2}
	other := supervisor.TestSnapshot{Points: 1, TotalPoints: 1_000_000, SinceFind: 3 * time.Minute}
	for want, tests := range map[string][]supervisor.TestSnapshot{
		"1.20M runs, 45.0k/s, 312 of 1,024 points, last find 12 s ago, 2 crashes":     {one},
		"0 runs, 0/s, 1 of 1,000,000 points, last find 3 min ago":                     {other},
		"1.20M runs, 45.0k/s, 313 of 1,001,024 points, last find 12 s ago, 2 crashes": {other, one},
	} {
		if got := progressText(tests); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzOutline reads texts that make no sense: nothing of it may fail.
func FuzzOutline(f *testing.F) {
	f.Add([]byte(hintsGo))
	f.Add([]byte("package p; func f() { if x { switch { case"))
	f.Add([]byte("package p; func f() { L: for a&&b { select { case <-c: x() } } }"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, c := range newOutline(text).conditions {
			if c.at.line == 0 || c.at.col == 0 {
				t.Errorf("condition %q has no place", c.text)
			}
		}
	})
}
