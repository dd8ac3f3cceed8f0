package main

import (
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/frontier"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests with a real campaign that what was compared is known by line.

func TestFrontier(t *testing.T) {
	dir := module(t, "m.go", `package m

func Near(b []byte, s string) int {
	if 2*len(b) == 33 {
		return 1
	}
	if s == "secret" {
		return 2
	}
	return 3
}
`, "m_test.go", `package m

import "testing"

func FuzzNear(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte, s string) { Near(b, s) })
}
`)
	for _, limit := range []string{"--limit=100K", "--limit=100"} { // the second one adds to the first
		campaign(t, dir, limit, "-j=1")
		sites := comparesByLine(t, dir)
		var never, text *frontier.Site
		for i, s := range sites[4] {
			if s.Nearest != nil && (s.Nearest.A == 33 || s.Nearest.B == 33) {
				never = &sites[4][i]
			}
		}
		for i, s := range sites[7] {
			if s.Bits == 0 {
				text = &sites[7][i]
			}
		}
		if never == nil || text == nil {
			t.Fatalf("%s: comparisons by line: %+v", limit, sites)
		}
		if n := never.Nearest; never.Outcomes&frontier.Equal != 0 || n.A+n.B != 33+32 && n.A+n.B != 33+34 {
			t.Errorf("%s: 2*len(b) == 33: %+v, nearest %+v, want one beside 33", limit, *never, *n)
		}
		if want := frontier.Equal | frontier.Differs; text.Outcomes != want {
			t.Errorf("%s: s == \"secret\": outcomes %b, want %b", limit, text.Outcomes, want)
		}
	}
}

// comparesByLine returns what is known of the comparisons in m.go.
func comparesByLine(t *testing.T, dir string) map[uint32][]frontier.Site {
	t.Helper()
	state, err := store.Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	built, err := state.Target("example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	points, err := target.Points(state, built.Coverage)
	if err != nil {
		t.Fatal(err)
	}
	known, err := frontier.LoadCompares(state.FuzzTest("example.com/m", "FuzzNear"), built.Coverage)
	if err != nil {
		t.Fatal(err)
	}
	places := map[uint32]coverage.CompareSite{}
	for _, c := range points.Compares {
		places[c.Site] = c
	}
	out := map[uint32][]frontier.Site{}
	for _, s := range known {
		c, ok := places[s.Site]
		if !ok {
			t.Errorf("site %#x has no place", s.Site)
			continue
		}
		out[c.Line] = append(out[c.Line], s)
	}
	return out
}
