package main

import (
	"strings"
	"testing"

	"golang.org/x/tools/cover"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

func TestCompare(t *testing.T) {
	points := &coverage.Points{
		PCs:   []uint64{1, 2, 3},
		Cells: []uint32{3, 4, 5},
		Files: []coverage.File{{Path: "/m/f.go", Profile: "m/f.go", Exact: true}},
		Spans: []coverage.Span{
			{Point: 0, StartLine: 1, StartCol: 1, EndLine: 2, EndCol: 9},
			{Point: 1, StartLine: 3, StartCol: 1, EndLine: 3, EndCol: 9},
			{Point: 2, StartLine: 4, StartCol: 1, EndLine: 4, EndCol: 9},
		},
	}
	profile := `mode: set
m/f.go:1.1,2.9 1 1
m/f.go:3.1,3.9 1 0
m/f.go:4.1,4.9 1 1
`
	profiles, err := cover.ParseProfilesFromReader(strings.NewReader(profile))
	if err != nil {
		t.Fatal(err)
	}
	f := compare(coverage.States(points, []uint64{0b011}), profiles)
	if f.shown != 3 || f.wrong != 1 || f.executed != 2 || f.found != 1 || len(f.examples) != 2 {
		t.Errorf("figures %+v", f)
	}
}
