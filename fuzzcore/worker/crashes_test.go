package worker

import (
	"bufio"
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
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

// TestCountedCrashes: what is only counted is told a few times a second, and all of it.
func TestCountedCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		test := fuzzTest{index: 3, worker: &worker{out: bufio.NewWriter(&out)}}
		seen := &crashSeen{signature: "same"}
		messages, inputs := 0, uint32(0)
		take := func() {
			if err := test.worker.flush(); err != nil {
				t.Fatal(err)
			}
			for out.Len() > 0 {
				tag, body, err := abi.ReadMessage(&out)
				again, bad := abi.DecodeCrashAgain(body)
				if err != nil || bad != nil || tag != abi.TagCrashAgain || again.Test != 3 || again.Signature != "same" {
					t.Fatalf("message %#x %+v, %v, %v", tag, again, err, bad)
				}
				messages++
				inputs += again.Count
			}
		}
		const seconds, perSecond = 3, 1000
		for range seconds * perSecond {
			test.crashes.count(seen)
			if err := test.countCrashesInTime(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second / perSecond)
			take()
		}
		if most := int(seconds * time.Second / countsEvery); messages == 0 || messages > most {
			t.Errorf("%d messages, want at most %d", messages, most)
		}
		if err := test.countCrashes(); err != nil {
			t.Fatal(err)
		}
		take()
		if inputs != seconds*perSecond {
			t.Errorf("%d inputs were told of", inputs)
		}
	})
}
