package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file tests the live displays: what they write, and that the block stays in
// its place.

func snapshot(elapsed time.Duration) supervisor.Snapshot {
	return supervisor.Snapshot{Elapsed: elapsed, Workers: 2, Tests: []supervisor.TestSnapshot{
		{Package: "example.com/m/a", Func: "FuzzParse", Runs: 1_250_000, NewRuns: 250_000, RunsPerSecond: 48_213, Unique: 310,
			Points: 1165, TotalPoints: 2257, SinceFind: time.Second, Crashes: 2},
		{Package: "example.com/m/b", Func: "FuzzParse", Runs: 870, NewRuns: 870, Unique: 9,
			Points: 31, TotalPoints: 640, SinceFind: 187 * time.Second},
		{Package: "example.com/m/b", Func: "FuzzAVeryLongNameThatDoesNotFitAnywhere", TotalPoints: 640, SinceFind: elapsed},
	}}
}

func manyTests(n int) supervisor.Snapshot {
	s := supervisor.Snapshot{Elapsed: 10 * time.Second, Workers: 1}
	for i := range n {
		t := supervisor.TestSnapshot{
			Package: "example.com/m", Func: fmt.Sprintf("FuzzNumber%02d", i), Runs: 100, NewRuns: 100,
			Points: 5, TotalPoints: 50, SinceFind: time.Duration(n-i) * time.Second,
		}
		if i == 0 {
			t.Crashes = 1
		}
		if i == 1 {
			t.RunsPerSecond = 1000
		}
		s.Tests = append(s.Tests, t)
	}
	return s
}

// testBlock returns a block for a terminal of this size, and what it writes.
func testBlock(width, height int, color bool) (*block, *strings.Builder) {
	var out strings.Builder
	return &block{out: &out, color: color, size: func() (int, int) { return width, height }}, &out
}

func TestBlock(t *testing.T) {
	for _, test := range []struct {
		name          string
		width, height int
		color         bool
		snapshot      supervisor.Snapshot
	}{
		{"wide", 100, 40, false, snapshot(191 * time.Second)},
		{"color", 100, 40, true, snapshot(191 * time.Second)},
		{"narrow", 60, 40, false, snapshot(191 * time.Second)},
		{"tiny", 20, 10, false, snapshot(191 * time.Second)},
		{"many", 100, 24, false, manyTests(30)},
		{"low", 100, 12, false, manyTests(30)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, out := testBlock(test.width, test.height, test.color)
			b.show(test.snapshot)
			for line := range strings.Lines(out.String()) {
				if w := ansi.StringWidth(line); w >= test.width {
					t.Errorf("%d cells in a terminal of %d: %q", w, test.width, line)
				}
			}
			if b.lines > test.height {
				t.Errorf("%d rows in a terminal of %d", b.lines, test.height)
			}
			text := out.String()
			if !test.color {
				text = ansi.Strip(text)
			}
			compareGolden(t, filepath.Join("testdata", "progress", test.name+".golden"), text)
		})
	}
}

// TestBlockOnScreen replays what a block writes on a screen of its own: notes stay
// above it, whole, and of the block nothing but its last state.
func TestBlockOnScreen(t *testing.T) {
	b, out := testBlock(60, 40, true)
	long := "a note that is longer than the terminal is wide: " + strings.Repeat("word ", 10) + "end"
	b.note("built")
	b.show(snapshot(time.Second))
	b.note(long)
	b.show(manyTests(4)) // one row more
	b.show(snapshot(2 * time.Second))
	b.note("two\nlines")
	b.finish()
	b.note("after the end")
	compareGolden(t, filepath.Join("testdata", "progress", "screen.golden"), screen(out.String(), 60))
}

// screen returns what a terminal shows of text: it knows what draw writes, that is
// cursor up, erase to the end of the line or of the screen, and wrapping.
func screen(text string, width int) string {
	var rows [][]rune
	row, column := 0, 0
	at := func() []rune {
		for len(rows) <= row {
			rows = append(rows, nil)
		}
		return rows[row]
	}
	put := func(r rune) {
		if column == width {
			row, column = row+1, 0
		}
		line := at()
		for len(line) <= column {
			line = append(line, ' ')
		}
		line[column] = r
		rows[row], column = line, column+1
	}
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; r {
		case '\n':
			row, column = row+1, 0
		case '\r':
			column = 0
		case '\x1b':
			n := 0
			for i += 2; runes[i] >= '0' && runes[i] <= '9' || runes[i] == ';'; i++ {
				n = n*10 + int(runes[i]-'0')
			}
			line := at()
			switch runes[i] {
			case 'A':
				row -= n
			case 'J':
				rows = rows[:row+1]
				fallthrough
			case 'K':
				rows[row] = line[:min(column, len(line))]
			}
		default:
			put(r)
		}
	}
	var b strings.Builder
	for _, line := range rows {
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return b.String()
}

func TestLines(t *testing.T) {
	var out strings.Builder
	l := &lines{out: &out}
	l.note("built")
	l.show(supervisor.Snapshot{Tests: snapshot(0).Tests[2:]}) // nothing has run
	first := snapshot(6 * time.Second)
	l.show(first)
	l.show(snapshot(7 * time.Second)) // too early
	l.note("a note")
	later := snapshot(12 * time.Second)
	later.Tests[1].NewRuns += 30
	later.Tests[1].Runs += 30
	l.show(later) // the other tests have not run
	l.finish()
	compareGolden(t, filepath.Join("testdata", "progress", "lines.golden"), out.String())
}

func BenchmarkBlock(b *testing.B) {
	block, out := testBlock(100, 40, true)
	s := manyTests(16)
	for b.Loop() {
		out.Reset()
		block.show(s)
	}
	b.ReportMetric(float64(out.Len()), "bytes/frame")
}
