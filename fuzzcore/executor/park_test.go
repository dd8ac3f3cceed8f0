package executor

import "testing"

// TestPark ends an idle target between runs: results that were not taken yet stay,
// what was seen stays seen, and runs go on in the next process.
func TestPark(t *testing.T) {
	exe := buildTarget(t, "local")
	e := startTarget(t, config(exe, "FuzzString"))
	first := runOne(t, e, 0, "ab")
	if !first.New {
		t.Error("the first run is nothing new")
	}
	push(t, e, stream("ab"), 0)
	push(t, e, stream("ab"), 0)
	e.Flush()
	wait(t, e)
	wait(t, e)
	push(t, e, stream("ab"), 0)
	e.Flush()
	for e.Ready() == 0 {
		e.sleep() // until it has run; its result is not taken
	}
	if !e.Park() {
		t.Fatal("an idle target was not parked")
	}
	if e.Park() {
		t.Error("a parked target was parked again")
	}
	if r := wait(t, e); r.Crash != nil || r.New {
		t.Errorf("the result from before: %+v", r)
	}
	if r := runOne(t, e, 0, "ab"); r.Crash != nil || r.New {
		t.Errorf("after parking: %+v: the seen map is lost", r)
	}
	if !e.Park() || e.Close() != nil {
		t.Error("a parked target was not closed")
	}
}
