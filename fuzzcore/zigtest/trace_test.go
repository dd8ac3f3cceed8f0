package zigtest

import (
	"math/bits"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// TestTrace looks which inputs of a fuzz test are the first to come further, in a list
// that takes more than one process.
func TestTrace(t *testing.T) {
	r := newReplayer(t, programs.ReleaseSafe, "panics", nil)
	inputs := make([][]byte, traceLimit+50)
	for i := range inputs {
		inputs[i] = []byte("\x01\x00\x00\x00x")
	}
	inputs[7] = []byte("\x03\x00\x00\x00Pxx")
	inputs[9] = []byte("\x03\x00\x00\x00Pyy")
	inputs[traceLimit+3] = []byte("\x03\x00\x00\x00PAx")
	inputs[traceLimit+4] = []byte("\x03\x00\x00\x00PAy")
	found := map[int]int{}
	last := -2
	began := time.Now()
	err := r.Trace(t.Context(), inputs, func(i int, fresh []uint64) {
		for _, w := range fresh {
			if n := bits.OnesCount64(w); n > 0 {
				found[i] += n
			}
		}
		last = max(last, i)
	})
	t.Logf("%d inputs in %v: %v", len(inputs), time.Since(began), found)
	if err != nil || last != len(inputs)-1 {
		t.Errorf("traced up to %d: %v", last, err)
	}
	for i, want := range map[int]bool{-1: true, 0: false, 7: true, 9: false, traceLimit + 3: true, traceLimit + 4: false} {
		if (found[i] > 0) != want {
			t.Errorf("input %d is the first at %d points", i, found[i])
		}
	}
	// What crashes ends the trace.
	crash := [][]byte{[]byte("\x01\x00\x00\x00x"), []byte("\x03\x00\x00\x00PAN"), {}}
	last = -2
	if err := r.Trace(t.Context(), crash, func(i int, _ []uint64) { last = i }); err != nil || last != 0 {
		t.Errorf("traced up to %d: %v", last, err)
	}
	if err := r.Trace(t.Context(), nil, func(int, []uint64) {}); err != nil {
		t.Error(err)
	}
}
