package coverage

import (
	"slices"
	"testing"
)

func TestMergeOfOneIsItself(t *testing.T) {
	p := testPoints()
	m := Merge([]Build{{p, positive}})
	if m.Points != p {
		t.Error("a single build was changed")
	}
	if got := m.Translate(0, []uint32{3, 5}, nil); !slices.Equal(got, []uint32{3, 5}) {
		t.Errorf("points became %v", got)
	}
}

func TestMergeCoversWhatAnyBuildCovers(t *testing.T) {
	// The second build lacks a block and has the points in another order.
	a, b := testPoints(), testPoints()
	slices.Reverse(b.PCs)
	flip := func(p uint32) uint32 {
		if p == NoPoint {
			return p
		}
		return 10 - p
	}
	for i := range b.Spans {
		b.Spans[i].Point = flip(b.Spans[i].Point)
	}
	for i := range b.Branches {
		b.Branches[i].Point = flip(b.Branches[i].Point)
	}
	for i := range b.Funcs {
		b.Funcs[i].First = flip(b.Funcs[i].First)
	}
	b.Spans[4].Point = NoPoint
	slices.SortFunc(b.Branches, func(x, y Branch) int { return int(x.Line) - int(y.Line) })

	// Build a ran Sign(1), build b Sign(-1).
	m := Merge([]Build{{a, positive}, {b, bitsOf(flip(0), flip(1), flip(5), flip(6), flip(7))}})
	tr := States(m.Points, m.Hit)
	got := statesOf(tr.Lines(0))
	want := make([]State, 14)
	want[4], want[5], want[7], want[8], want[10], want[13] = Covered, Covered, Partly, Covered, NotCovered, NotCovered
	if !slices.Equal(got, want) {
		t.Errorf("states\n%v, want\n%v", got, want)
	}

	// What is new in build a afterwards arrives through Translate.
	fresh := m.Translate(0, []uint32{10, 4}, nil)
	if got := tr.Add(fresh, nil); !slices.Equal(got, []Change{{0, 8}, {0, 11}}) {
		t.Errorf("changes %v", got)
	}
	if !tr.Hit(m.Points.Funcs[0].First) {
		t.Error("Sign's entry is not hit")
	}
}

func TestMergeKeepsComparisons(t *testing.T) {
	a, b := testPoints(), testPoints()
	// The second build has its files in another order, one site more, and disagrees
	// about one.
	slices.Reverse(b.Files)
	b.Spans, b.Branches, b.Funcs = nil, nil, nil
	b.Compares = []CompareSite{{0x10, 1, 8}, {0x50, 1, 5}, {0x60, 0, 4}}
	m := Merge([]Build{{a, nil}, {b, nil}})
	want := []CompareSite{{0x10, 0, 8}, {0x50, 0, 5}, {0x51, 0, 5}, {0x60, 1, 3}}
	if !slices.Equal(m.Points.Compares, want) {
		t.Errorf("comparisons %v, want %v", m.Points.Compares, want)
	}
	b.Files[1].SHA256 = "other"
	want = []CompareSite{{0x50, 0, 5}, {0x51, 0, 5}, {0x60, 1, 3}}
	if m = Merge([]Build{{a, nil}, {b, nil}}); !slices.Equal(m.Points.Compares, want) {
		t.Errorf("with changed text comparisons %v, want %v", m.Points.Compares, want)
	}
	if own := m.Points.Select(func(f *File) bool { return f.Exact }); !slices.Equal(own.Compares, want[:2]) {
		t.Errorf("of the exact files comparisons %v", own.Compares)
	}
}

func TestMergeDropsTextThatChanged(t *testing.T) {
	a, b := testPoints(), testPoints()
	b.Files[0].SHA256 = "other"
	m := Merge([]Build{{a, nil}, {b, positive}})
	if !slices.Equal(m.Stale, []string{"/src/parse.go"}) {
		t.Errorf("stale files %v", m.Stale)
	}
	tr := States(m.Points, m.Hit)
	if got := tr.Summary(0); got.Ran() != 0 || got.Instrumented != 6 {
		t.Errorf("summary %+v", got)
	}
	if got := tr.Summary(1); got.Ran() != 2 {
		t.Errorf("the unchanged file's summary is %+v", got)
	}
}
