package executor

import (
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// pushMutate pushes an input, and another unless that is empty, for the target's mutator.
func pushMutate(t *testing.T, e *Executor, input, donor string, seed uint32, limit int) {
	t.Helper()
	slot := e.Slot()
	ticket := engine.Ticket{Seed: seed, Limit: limit, Mutate: true}
	ticket.Len = copy(slot, stream(input))
	if donor != "" {
		ticket.Donor = copy(slot[ticket.Len:], stream(donor))
	}
	e.PushMutate(&ticket)
}

// TestNativeMutator has the target's own mutator make inputs.
func TestNativeMutator(t *testing.T) {
	for _, build := range []nativeBuild{{source: "extra.c"}, {source: "extra.c", flags: []string{"-fsanitize=memory"}}} {
		e := startTarget(t, nativeConfig(buildNative(t, build)))
		if !e.Mutates() || !e.Crosses() {
			t.Fatal("it has a mutator and a cross-over")
		}
		pushMutate(t, e, "abc", "", 1, 4096)
		if r := wait(t, e); string(r.Data) != string(stream("abcabc")) {
			t.Errorf("%q", r.Data)
		}
		pushMutate(t, e, "abc", "", 1, 8)
		if r := wait(t, e); string(r.Data) != string(stream("abca")) {
			t.Errorf("within 8 bytes: %q", r.Data)
		}
		crossed, changed := 0, map[string]bool{}
		for seed := range uint32(50) {
			pushMutate(t, e, "abc", "xy", seed*2, 4096)
			data := string(wait(t, e).Data)
			changed[data] = true
			if data == string(stream("xy+abc")) {
				crossed++
			}
		}
		if crossed < 10 || crossed > 40 || len(changed) < 10 {
			t.Errorf("%d of 50 are crossed over, %d are different", crossed, len(changed))
		}
		// The crash's input is the one that was made.
		pushMutate(t, e, "aa", "", 1, 4096)
		if r := wait(t, e); r.Crash == nil || string(r.Data) != string(stream("aaaa")) {
			t.Errorf("%q, %+v", r.Data, r.Crash)
		}
	}
	e := startTarget(t, nativeConfig(buildNative(t, behaviours)))
	if e.Mutates() || e.Crosses() {
		t.Error("it has no mutator")
	}
}
