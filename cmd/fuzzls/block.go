package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines the live display of a terminal: a table that is overwritten in
// place, with notes scrolling away above it.

// blockRows is the most fuzz tests that the block lists; blockFrame is how many
// rows of the terminal are for its headings and for what is above and below.
const (
	blockRows  = 16
	blockFrame = 8
)

// freshFor is how long a find counts as new: long enough to catch the eye.
const freshFor = 2 * time.Second

var (
	plainStyle = lipgloss.NewStyle()
	titleStyle = plainStyle.Bold(true)
	headStyle  = plainStyle.Faint(true)
	crashStyle = plainStyle.Foreground(lipgloss.Red).Bold(true)
	freshStyle = plainStyle.Foreground(lipgloss.Green)
)

// block is the display of a terminal.
type block struct {
	out   io.Writer
	color bool
	size  func() (width, height int) // of the terminal, in cells

	mu    sync.Mutex // guards what follows, and the order of what is written
	lines int        // rows on the screen that the next draw overwrites
	last  supervisor.Snapshot
	shown bool
}

func (b *block) show(s supervisor.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last, b.shown = s, true
	b.draw("", "fuzzing")
}

func (b *block) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw(text, "fuzzing")
}

func (b *block) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.shown {
		return
	}
	b.draw("", "fuzzed")
	b.lines, b.shown = 0, false
	io.WriteString(b.out, "\n")
}

// draw writes a note, which stays, and the block below it, in one write so that
// nothing flickers. The rows of the block are cut to the terminal's width and
// cleared at their end, not before they are written; a note is written whole,
// whatever rows it takes. The caller holds b.mu.
func (b *block) draw(note, verb string) {
	var out strings.Builder
	if b.lines > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\r", b.lines)
	}
	if note != "" {
		out.WriteString("\x1b[J" + note + "\n")
	}
	b.lines = 0
	if b.shown {
		width, height := b.size()
		for _, row := range b.table(verb, width, height) {
			out.WriteString(ansi.Truncate(row, width-1, "…"))
			out.WriteString("\x1b[K\n")
			b.lines++
		}
		out.WriteString("\x1b[J")
	}
	io.WriteString(b.out, out.String())
}

// column is a column of the table behind the names.
type column struct {
	title string
	width int
	// keep orders what a narrow terminal goes without: the least goes first.
	keep int
	cell func(*supervisor.TestSnapshot) (string, lipgloss.Style)
}

// columns returns the table's columns. Their widths do not change while a campaign
// runs, so that nothing moves sideways.
func columns(tests []supervisor.TestSnapshot) []column {
	points := len("points")
	for i := range tests {
		points = max(points, 2*len(strconv.FormatUint(tests[i].TotalPoints, 10))+len(" of "))
	}
	return []column{
		{"runs", 6, 3, func(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
			return supervisor.Short(float64(t.Runs)), plainStyle
		}},
		{"runs/s", 6, 2, func(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
			if t.RunsPerSecond == 0 {
				return "-", headStyle
			}
			return supervisor.Short(t.RunsPerSecond), plainStyle
		}},
		{"unique", 6, 0, func(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
			return strconv.FormatUint(t.Unique, 10), plainStyle
		}},
		{"points", points, 4, func(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
			return fmt.Sprintf("%d of %d", t.Points, t.TotalPoints), plainStyle
		}},
		{"last find", len("59m59s ago"), 1, lastFind},
		{"crashes", 7, 5, func(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
			if t.Crashes == 0 {
				return "0", plainStyle
			}
			return strconv.Itoa(t.Crashes), crashStyle
		}},
	}
}

func lastFind(t *supervisor.TestSnapshot) (string, lipgloss.Style) {
	switch {
	case t.NewRuns == 0:
		return "-", headStyle
	case t.SinceFind < freshFor:
		return clock(t.SinceFind) + " ago", freshStyle
	}
	return clock(t.SinceFind) + " ago", plainStyle
}

// columnGap is between columns: two blanks keep right-aligned numbers apart from
// the "of" within one.
const columnGap = "  "

// minName is the width of names below which columns are left out instead.
const minName = 16

// table returns the rows of the block for a terminal of this size.
func (b *block) table(verb string, width, height int) []string {
	tests := b.last.Tests
	names := testNames(tests)
	nameWidth := len("fuzz test")
	for _, name := range names {
		nameWidth = max(nameWidth, ansi.StringWidth(name))
	}
	columns := columns(tests)
	space := func() int {
		left := width - 1
		for _, c := range columns {
			left -= len(columnGap) + c.width
		}
		return left
	}
	for space() < min(nameWidth, minName) && len(columns) > 1 {
		columns = slices.Delete(columns, leastKept(columns), leastKept(columns)+1)
	}
	nameWidth = min(nameWidth, max(space(), 1))

	rows := []string{"", b.title(verb)}
	head := pad("fuzz test", nameWidth)
	for _, c := range columns {
		head += columnGap + fmt.Sprintf("%*s", c.width, c.title)
	}
	rows = append(rows, b.look(headStyle, head))
	listed := listed(tests, max(1, min(blockRows, height-blockFrame)))
	for _, i := range listed {
		row := pad(names[i], nameWidth)
		for _, c := range columns {
			text, style := c.cell(&tests[i])
			row += columnGap + b.look(style, fmt.Sprintf("%*s", c.width, text))
		}
		rows = append(rows, row)
	}
	if n := len(tests) - len(listed); n > 0 {
		rows = append(rows, fmt.Sprintf("… and %d more", n))
	}
	return rows
}

func (b *block) title(verb string) string {
	title := b.look(titleStyle, verb+" for "+clock(b.last.Elapsed))
	if verb != "fuzzing" {
		return title
	}
	if b.last.Workers > 0 {
		title += ", " + workerCount(b.last.Workers)
	}
	return title + b.look(headStyle, " · Ctrl-C ends it with the report")
}

func (b *block) look(s lipgloss.Style, text string) string {
	if !b.color {
		return text
	}
	return s.Render(text)
}

func leastKept(columns []column) int {
	least := 0
	for i := range columns {
		if columns[i].keep < columns[least].keep {
			least = i
		}
	}
	return least
}

// pad cuts or fills text to a width in cells.
func pad(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// listed returns the indexes of the tests that the block lists, in order: if there
// are more than n, those that run now, have crashed, or have found most recently.
func listed(tests []supervisor.TestSnapshot, n int) []int {
	indexes := make([]int, len(tests))
	for i := range indexes {
		indexes[i] = i
	}
	if len(tests) <= n {
		return indexes
	}
	rank := func(t *supervisor.TestSnapshot) int {
		switch {
		case t.RunsPerSecond > 0:
			return 0
		case t.Crashes > 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(indexes, func(i, j int) int {
		return cmp.Or(rank(&tests[i])-rank(&tests[j]), cmp.Compare(tests[i].SinceFind, tests[j].SinceFind))
	})
	indexes = indexes[:n]
	slices.Sort(indexes)
	return indexes
}

// testNames returns the tests' functions, with the package's last element where
// several packages have the same.
func testNames(tests []supervisor.TestSnapshot) []string {
	seen := map[string]int{}
	for i := range tests {
		seen[tests[i].Func]++
	}
	names := make([]string, len(tests))
	for i := range tests {
		names[i] = tests[i].Func
		if seen[tests[i].Func] > 1 {
			names[i] = lastElement(tests[i].Package) + "." + tests[i].Func
		}
	}
	return names
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
