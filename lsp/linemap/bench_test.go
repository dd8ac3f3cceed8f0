package linemap

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// This file measures maps of a text of 100,000 lines, as one is made for each
// keystroke.

func newRandom(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomLines(random *rand.Rand, n, different int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("\tvalue%d := parse(line, %d)", random.IntN(different), random.IntN(1+different/100))
		if random.IntN(3) == 0 {
			lines[i] = "\t}"
		}
	}
	return lines
}

func BenchmarkMap(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	built := randomLines(random, 100_000, 1_000_000)
	edited := func(at ...int) []string {
		lines := slices.Clone(built)
		for _, l := range at {
			lines[l] = "// edited"
		}
		return lines
	}
	everyTenth := slices.Clone(built)
	for i := 0; i < len(everyTenth); i += 10 {
		everyTenth[i] = "// edited"
	}
	reversed := slices.Clone(built)
	slices.Reverse(reversed)
	for _, test := range []struct {
		name    string
		present []string
	}{
		{"one-line", edited(50_000)},
		{"both-ends", edited(10, 99_990)},
		{"every-tenth-line", everyTenth},
		{"rewritten", randomLines(random, 100_000, 1_000_000)},
		{"reversed", reversed},
	} {
		b.Run(test.name, func(b *testing.B) {
			from, to := NewBuilt([]byte(strings.Join(built, "\n"))), NewBuilt([]byte(strings.Join(test.present, "\n")))
			before := processorTime(b)
			for b.Loop() {
				from.Map(to)
			}
			b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/keystroke")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime is what this process has used: a busy machine does not change it.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
