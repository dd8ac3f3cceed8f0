package executor

import (
	"strings"
	"testing"
)

// TestRaceDetector runs a target built with -race.
func TestRaceDetector(t *testing.T) {
	cfg := config(buildTarget(t, "local", "-race", "-covermode=atomic"), "FuzzSemantics")
	cfg.Processors = 2
	e := startTarget(t, cfg)
	for _, input := range []string{"plain", "skip", "goroutine", "cleanup", "sub", "leak", "log"} {
		if r := runOne(t, e, 0, input); r.Crash != nil {
			t.Errorf("%q: %s", input, r.Crash.Text)
		}
	}
	// The detector tells of one place only once, so there is one race.
	for _, input := range []string{"race", "plain", "skip"} {
		r := *runOne(t, e, 7, input)
		if (r.Crash != nil) != (input == "race") {
			t.Errorf("%q: %+v", input, r.Crash)
		}
		if r.Crash != nil && (!strings.Contains(r.Crash.Text, "race detected during execution of test") || !strings.Contains(r.Crash.Text, "WARNING: DATA RACE")) {
			t.Errorf("%q: %s", input, r.Crash.Text)
		}
	}
}
