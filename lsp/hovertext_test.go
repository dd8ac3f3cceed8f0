package lsp

import (
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests what hovers say, as plain text and as Markdown.

var hoverNow = time.Date(2026, 11, 21, 15, 30, 0, 0, time.Local)

func reach(name string, hit, points uint32) live.Reach {
	return live.Reach{Test: live.TestID{Package: "example.com/m", Func: name}, Hit: hit, Points: points}
}

func TestLineHover(t *testing.T) {
	whole := coverage.Line{State: coverage.Covered, Hit: 1, Points: 1}
	since := reach("FuzzParse", 2, 3)
	since.Since, since.Input = hoverNow.Add(-26*time.Hour), "/m/.fuzzls/tests/m/FuzzParse/first/5c3a"
	seeded := reach("FuzzQuote", 1, 3)
	seeded.Since, seeded.FromSeed = hoverNow.Add(-time.Minute), true
	for _, test := range []struct {
		name   string
		detail live.LineDetail
		want   string
	}{
		{"covered", live.LineDetail{Line: whole, Tests: []live.Reach{reach("FuzzParse", 1, 1)}}, "Fuzzing: ran\nFuzzParse"},
		{"never", live.LineDetail{Line: coverage.Line{State: coverage.NotCovered, Points: 3, Branches: 2}}, "Fuzzing: never ran"},
		{"entry", live.LineDetail{Line: coverage.Line{State: coverage.Covered, Hit: 1, Points: 1, Entry: true}}, "Fuzzing: ran; enters here"},
		{"entry only", live.LineDetail{Line: coverage.Line{Entry: true}}, "Fuzzing: enters here"},
		{
			"partly", live.LineDetail{Line: coverage.Line{State: coverage.Partly, Hit: 2, Points: 3, BranchesHit: 1, Branches: 2}, Tests: []live.Reach{since, seeded}},
			"Fuzzing: 2 of 3 points ran, 1 of 2 ways out of its condition\n" +
				"FuzzParse (2 of 3) since 20 Nov 13:30, first by the input /m/.fuzzls/tests/m/FuzzParse/first/5c3a\n" +
				"FuzzQuote (1 of 3) since 15:29:00, first by a seed",
		},
		{"condition only", live.LineDetail{Line: coverage.Line{State: coverage.Partly, BranchesHit: 1, Branches: 2}}, "Fuzzing: 1 of 2 ways out of its condition ran"},
		{
			"five tests", live.LineDetail{Line: whole, Tests: []live.Reach{reach("FuzzA", 1, 1), reach("FuzzB", 1, 1), reach("FuzzC", 1, 1), reach("FuzzD", 1, 1), reach("FuzzE", 1, 1)}},
			"Fuzzing: ran\nFuzzA\nFuzzB\nFuzzC\nFuzzD\nFuzzE",
		},
		{
			"six tests", live.LineDetail{Line: whole, Tests: []live.Reach{reach("FuzzA", 1, 1), reach("FuzzB", 1, 1), reach("FuzzC", 1, 1), reach("FuzzD", 1, 1), reach("FuzzE", 1, 1), reach("FuzzF", 1, 1)}},
			"Fuzzing: ran\nFuzzA\nFuzzB\nFuzzC\nFuzzD\nand 2 more fuzz tests",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := &hoverWriter{now: hoverNow}
			h.lineHover(test.detail)
			if got := h.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestHoverMarkdown(t *testing.T) {
	r := reach("Fuzz_a", 1, 1)
	r.Since, r.Input = hoverNow, "/m/a b/first/5c_3a"
	h := &hoverWriter{now: hoverNow, markdown: true}
	h.lineHover(live.LineDetail{Line: coverage.Line{State: coverage.Covered, Hit: 1, Points: 1}, Tests: []live.Reach{r}})
	want := "**Fuzzing**: ran  \nFuzz\\_a since 15:30:00, first by the input [5c\\_3a](file:///m/a%20b/first/5c_3a)"
	if got := h.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTestHover(t *testing.T) {
	running := live.Test{
		ID: live.TestID{Package: "example.com/m", Func: "FuzzParse"}, State: live.Running, HasFigures: true, Workers: 2, Started: hoverNow.Add(-time.Hour),
		Figures: supervisor.TestSnapshot{Runs: 1_204_331, NewRuns: 80_000, RunsPerSecond: 45_000, Unique: 345, Points: 312, TotalPoints: 1024, SinceFind: 12 * time.Second, Crashes: 2},
	}
	want := `FuzzParse: fuzzing since 14:30:00 with 2 workers, 45.0k runs a second, last find 12 s ago
1.20M runs, each of the fuzz function with one input; 80.0k of them in this campaign
345 unique runs: their inputs were kept, because they reached something new
312 of 1,024 points: places in the executable that report that they ran
2 crashes, told apart by their signature
Totals count all campaigns of this build.`
	if got := hoverOf(running); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	idle := live.Test{ID: running.ID, Failure: "building FuzzParse: exit status 1\nmore"}
	if got, want := hoverOf(idle), "FuzzParse: was not fuzzed yet\nThe last start failed: building FuzzParse: exit status 1"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for state := live.Idle; state <= live.Stopping; state++ {
		running.State, running.Failure = state, ""
		if lines := strings.Count(hoverOf(running), "\n") + 1; lines > 6 {
			t.Errorf("state %d: %d lines:\n%s", state, lines, hoverOf(running))
		}
	}
}

func hoverOf(t live.Test) string {
	h := &hoverWriter{now: hoverNow}
	h.testHover(&t)
	return h.String()
}

func TestDeclaration(t *testing.T) {
	for line, want := range map[string]string{
		"func FuzzParse(f *testing.F) {":   "FuzzParse",
		"func  FuzzÄ_1 (f *testing.F) {":   "FuzzÄ_1",
		"func (x T) FuzzParse(f int) {":    "",
		"\tfunc FuzzParse(f *testing.F) {": "",
		"// func FuzzParse(f *testing.F)":  "",
		"func Fuzz(f *testing.F) {":        "Fuzz",
	} {
		got := ""
		if m := declaration.FindStringSubmatch(line); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%q declares %q, want %q", line, got, want)
		}
	}
}
