package linemap

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// This file tests maps: examples, and what holds for all texts.

// Lines of a Built serve as a present text, too.
func mapOf(built, present string) *Map {
	return NewBuilt([]byte(built)).Map(NewBuilt([]byte(present)))
}

// drawn writes for each present line the built line, "+" if it is new and "~" if stale.
func drawn(m *Map) string {
	var out []string
	for p := range m.present {
		b, ok := m.Built(p)
		switch {
		case ok:
			out = append(out, fmt.Sprint(b))
		case m.Stale(p):
			out = append(out, "~")
		default:
			out = append(out, "+")
		}
	}
	return strings.Join(out, " ")
}

func TestMap(t *testing.T) {
	for _, test := range []struct{ name, built, present, want string }{
		{"same", "a\nb\nc", "a\nb\nc", "0 1 2"},
		{"both empty", "", "", "0"},
		{"insert above", "a\nb", "x\ny\na\nb", "+ + 0 1"},
		{"insert at the end", "a\nb", "a\nb\nx", "0 1 +"},
		{"delete", "a\nb\nc", "a\nc", "0 2"},
		{"change", "a\nb\nc", "a\nB\nc", "0 ~ 2"},
		{"change to more lines", "a\nb\nc", "a\nB\nBB\nc", "0 ~ ~ 2"},
		{"change all", "a\nb", "x\ny\nz", "~ ~ ~"},
		{"move", "a\nb\nc\nd", "b\nc\nd\na", "1 2 3 +"},
		{"line ends", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "0 1 2 3"},
		{"trailing white space", "a\nb \t\nc", "a  \nb\nc\t", "0 1 2"},
		{"indentation counts", "a\n\tb\nc", "a\n  b\nc", "0 ~ 2"},
		{"two edits far apart", "a\nb\nc\nd\ne\nf", "a\nB\nc\nd\nx\ne\nf", "0 ~ 2 3 + 4 5"},
		{"repeated lines", "f{\n}\n\ng{\n}\n\nh{\n}", "f{\n}\n\nn{\n}\n\ng{\n}\n\nh{\n}", "0 1 2 + + + 3 4 5 6 7"},
		{"no line is unique", "a\na\nb\nb\na\nb", "b\na\na\nb\na\na\nb", "+ 0 1 2 ~ 4 5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := mapOf(test.built, test.present)
			if got := drawn(m); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestNear(t *testing.T) {
	m := mapOf("a\nb\nc\nd\ne", "a\nX\nd") // b and c became X, e is gone
	var got []int
	for b := range 7 {
		got = append(got, m.Near(b))
	}
	if want := []int{0, 1, 1, 2, 2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (&Map{}).Near(3); got != 0 {
		t.Errorf("in no text: %d", got)
	}
}

func TestOutOfRange(t *testing.T) {
	m := mapOf("a\nb\nc", "a\nx\nc")
	for _, n := range []int{-1, 3, 1 << 40} {
		if p, ok := m.Now(n); ok {
			t.Errorf("built line %d is present line %d", n, p)
		}
		if b, ok := m.Built(n); ok {
			t.Errorf("present line %d is built line %d", n, b)
		}
		if m.Stale(n) {
			t.Errorf("line %d is stale", n)
		}
	}
}

// check tests what holds for every map.
func check(t *testing.T, built, present string) {
	b, p := NewBuilt([]byte(built)), NewBuilt([]byte(present))
	m := b.Map(p)
	last, joined := -1, 0
	for l := range b.Lines() {
		now, ok := m.Now(l)
		if near := m.Near(l); near < 0 || near >= p.Lines() || ok && near != now {
			t.Fatalf("line %d is near %d", l, near)
		}
		if !ok {
			continue
		}
		joined++
		if now <= last {
			t.Fatalf("line %d is at %d, behind %d", l, now, last)
		}
		last = now
		if back, ok := m.Built(now); !ok || back != l {
			t.Fatalf("line %d is at %d, which is line %d (%v)", l, now, back, ok)
		}
		if !bytes.Equal(significant(b.Line(l)), significant(p.Line(now))) {
			t.Fatalf("line %d is %q, line %d is %q", l, b.Line(l), now, p.Line(now))
		}
	}
	checkHunks(t, m, joined)
	if again := b.Map(p); !slices.Equal(again.runs, m.runs) {
		t.Fatalf("%v, then %v", m.runs, again.runs)
	}
	if same := b.Map(b); len(same.runs) != 1 {
		t.Fatalf("to itself: %v", same.runs)
	}
}

// checkHunks tests that runs and hunks are all lines, and that stale lines are those
// of hunks that replace lines.
func checkHunks(t *testing.T, m *Map, joined int) {
	removed, inserted, inRuns := 0, 0, 0
	for r := range m.Runs() {
		inRuns += r.N
	}
	for h := range m.Hunks() {
		removed += h.Removed
		inserted += h.Inserted
		for l := h.Present; l < h.Present+h.Inserted; l++ {
			if m.Stale(l) != (h.Removed > 0) {
				t.Fatalf("line %d of %+v: stale %v", l, h, m.Stale(l))
			}
		}
	}
	if inRuns != joined || joined+removed != m.built || joined+inserted != m.present {
		t.Fatalf("%d joined, %d in runs, %d removed of %d, %d inserted of %d", joined, inRuns, removed, m.built, inserted, m.present)
	}
}

func FuzzMap(f *testing.F) {
	f.Add("a\nb\nc", "a\nx\nc")
	f.Add("a\r\nb \n\n\n}", "\n}\na\n")
	f.Add("f\n}\n\ng\n}\n", "g\n}\n\nf\n}\n")
	f.Add("a\nb\na\nb\na", "b\nb\na\na\nb")
	f.Fuzz(check)
}

// TestMapOfRandomEdits edits texts of few different lines, where nearly everything is
// ambiguous, and texts of many.
func TestMapOfRandomEdits(t *testing.T) {
	random := newRandom(t)
	for i := range 400 {
		different := 3
		if i%2 == 1 {
			different = 1000
		}
		built := randomLines(random, random.IntN(300), different)
		present := slices.Clone(built)
		for range random.IntN(8) {
			at := random.IntN(len(present) + 1)
			end := min(at+random.IntN(20), len(present))
			present = slices.Replace(present, at, end, randomLines(random, random.IntN(20), different)...)
		}
		check(t, strings.Join(built, "\n"), strings.Join(present, "\n"))
	}
}
