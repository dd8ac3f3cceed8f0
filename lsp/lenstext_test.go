package lsp

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests what lenses say, against a golden file.

func TestLensTexts(t *testing.T) {
	figures := supervisor.TestSnapshot{
		Runs: 1_200_000, RunsPerSecond: 45_000, Points: 312, TotalPoints: 1024, SinceFind: 12 * time.Second,
	}
	running := live.Test{State: live.Running, HasFigures: true, Figures: figures}
	old := running
	old.Figures.SinceFind, old.Figures.RunsPerSecond = 3*time.Hour, 0
	just := running
	just.Figures = supervisor.TestSnapshot{Runs: 1, RunsPerSecond: 1, TotalPoints: 1_234_567, SinceFind: time.Millisecond}
	failed := live.Test{Failure: "building FuzzParse: ./parse.go:3:7: undefined: x\nsecond line"}
	locked := live.Test{Failure: "the state .fuzzls is in use by process 4711 (fuzzls fuzz) since 12:03: stop it first", HasFigures: true, Figures: figures}

	var got strings.Builder
	for _, test := range []struct {
		name     string
		test     live.Test
		notBuilt bool
		crashes  int
	}{
		{"never ran", live.Test{}, false, 0},
		{"ran", live.Test{HasFigures: true, Figures: figures}, false, 0},
		{"ran and crashed", live.Test{HasFigures: true, Figures: figures}, false, 1},
		{"queued", live.Test{State: live.Queued}, false, 0},
		{"building", live.Test{State: live.BuildingTest}, false, 0},
		{"starting", live.Test{State: live.Running}, false, 0},
		{"running", running, false, 2},
		{"another one's turn", old, false, 0},
		{"just started", just, false, 0},
		{"replaying", live.Test{State: live.ReplayingTest}, false, 0},
		{"stopping", live.Test{State: live.Stopping}, false, 0},
		{"not built", failed, true, 0},
		{"failed", failed, false, 0},
		{"locked", locked, false, 0},
	} {
		fmt.Fprintf(&got, "%s\n", test.name)
		for _, l := range lensesOf(&test.test, test.notBuilt, test.crashes) {
			fmt.Fprintf(&got, "  %-22s %s\n", l.command, l.title)
		}
	}
	compareGolden(t, filepath.Join("testdata", "lenses.golden"), got.String())
}

func TestAmounts(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1 << 63: "9,223,372,036,854,775,808"} {
		if got := grouped(n); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for d, want := range map[time.Duration]string{time.Millisecond: "now", 59 * time.Second: "59 s ago", 61 * time.Minute: "1 h ago"} {
		if got := agoText(d); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
