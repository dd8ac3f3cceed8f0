package worker

import (
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
)

// This file tests which crashes are reported, counted and not run again.

func TestFatalInputs(t *testing.T) {
	analyze := func() crash.Report { return crash.Report{Signature: "same"} }
	var f crashFilter
	input := []byte("exits")
	if !f.take(executor.Exited, "exit status 3", input, analyze) {
		t.Error("the first crash is not reported")
	}
	if f.take(executor.Exited, "exit status 4", []byte("longer input"), analyze) {
		t.Error("a larger input of a known crash is reported")
	}
	if !f.take(executor.Failed, "failed", []byte("f"), analyze) {
		t.Error("a smaller input is not reported")
	}
	input[0] = 'E' // the slot is used again
	known := f.fatalInput([]byte("exits"))
	if known == nil || string(known.data) != "exits" {
		t.Fatalf("the input that ended the process is %+v", known)
	}
	if f.fatalInput([]byte("f")) != nil || f.fatalInput(input) != nil {
		t.Error("an input that did not end the process is known as one")
	}
	f.repeat(known)
	if len(f.again) != 1 || f.again[0].more != 2 {
		t.Errorf("crashes to count: %+v", f.again)
	}
}
