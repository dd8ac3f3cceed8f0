package coverage

import (
	"fmt"
	"slices"
	"testing"
)

func statesOf(lines []Line) []State {
	var out []State
	for _, l := range lines {
		out = append(out, l.State)
	}
	return out
}

func TestStates(t *testing.T) {
	tr := States(testPoints(), positive)
	got := statesOf(tr.Lines(0))
	want := make([]State, 14)
	want[4], want[5], want[7], want[8], want[10], want[13] = Partly, NotCovered, Partly, Covered, NotCovered, NotCovered
	if !slices.Equal(got, want) {
		t.Errorf("states\n%v, want\n%v", got, want)
	}
	if l := tr.Lines(0)[4]; l.Hit != 1 || l.Points != 1 || l.BranchesHit != 1 || l.Branches != 2 {
		t.Errorf("line 5 is %+v", l)
	}
	if got := tr.Total(true); got != (Summary{Instrumented: 6, Covered: 1, Partly: 2}) {
		t.Errorf("total %+v", got)
	}
	if got := statesOf(tr.Lines(1)); !slices.Equal(got, []State{NotInstrumented, NotInstrumented, Covered, Covered}) {
		t.Errorf("test file: %v", got)
	}
}

func TestInexactLineNeedsOnePointOnly(t *testing.T) {
	p := testPoints()
	p.Spans = append(p.Spans, Span{Point: 4, File: 1, StartLine: 4, EndLine: 4})
	tr := States(p, positive)
	if got := tr.Lines(1)[3].State; got != Covered {
		t.Errorf("a line that one of two edges reached is %v", got)
	}
}

func TestAddReportsEachLineOnce(t *testing.T) {
	tr := NewTracker(testPoints())
	got := tr.Add([]uint32{5, 6, 1, 2, 6, 4000, NoPoint}, nil)
	want := []Change{{0, 5}, {1, 3}, {1, 4}}
	if !slices.Equal(got, want) {
		t.Errorf("changes %v, want %v", got, want)
	}
	if got := tr.Lines(0)[4].State; got != Covered {
		t.Errorf("line 5 is %v after both branches", got)
	}
	if got := tr.Add([]uint32{5, 6}, nil); len(got) != 0 {
		t.Errorf("points hit before changed %v", got)
	}
}

func TestMarkEntry(t *testing.T) {
	tr := NewTracker(testPoints())
	if c, ok := tr.MarkEntry(0x1f0); !ok || c != (Change{1, 2}) || !tr.Lines(1)[1].Entry {
		t.Errorf("entry at %v, %v", c, ok)
	}
	if _, ok := tr.MarkEntry(0x1f1); ok {
		t.Error("an address inside a function is taken for an entry")
	}
}

// bigPoints has n block points of three lines each, 500 to a file.
func bigPoints(n int) *Points {
	p := &Points{PCs: make([]uint64, n)}
	for i := range n {
		if i%500 == 0 {
			p.Files = append(p.Files, File{Path: fmt.Sprint(i), Exact: true})
		}
		line := uint32(i%500*3 + 1)
		p.Spans = append(p.Spans, Span{Point: uint32(i), File: uint32(len(p.Files) - 1), StartLine: line, StartCol: 1, EndLine: line + 2, EndCol: 2})
	}
	return p
}

// BenchmarkAdd measures a live tick in which one point in a thousand is new.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%dk", n/1000), func(b *testing.B) {
			p := bigPoints(n)
			tick := make([]uint32, 0, n/1000)
			for i := 0; i < n; i += 1000 {
				tick = append(tick, uint32(i))
			}
			var changes []Change
			tr := NewTracker(p)
			changes = tr.Add(tick, changes)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				for _, p := range tick {
					tr.hit[p/64] &^= 1 << (p % 64)
				}
				changes = tr.Add(tick, changes[:0])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tick)), "ns/point")
		})
	}
}

// BenchmarkNewTracker measures the start: all lines of a build.
func BenchmarkNewTracker(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%dk", n/1000), func(b *testing.B) {
			p := bigPoints(n)
			b.ResetTimer()
			for range b.N {
				NewTracker(p)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/point")
		})
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	tr := NewTracker(testPoints())
	points := []uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	changes := tr.Add(points, nil)
	allocs := testing.AllocsPerRun(100, func() {
		clear(tr.hit)
		changes = tr.Add(points, changes[:0])
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// Of a line that may run without its point, nothing is known until the point is hit.
func TestUnsure(t *testing.T) {
	p := &Points{
		ID: 1, PCs: []uint64{1, 2}, Edges: 2, Files: []File{{Path: "a.zig", Own: true}},
		Spans: []Span{{Point: 0, StartLine: 1, EndLine: 1}, {Point: 1, StartLine: 2, EndLine: 2, Unsure: true}},
	}
	for _, test := range []struct {
		hit    uint64
		states [2]State
		ran    int
	}{{0, [2]State{NotCovered, NotInstrumented}, 0}, {0b01, [2]State{Covered, NotInstrumented}, 1}, {0b11, [2]State{Covered, Covered}, 2}} {
		tracker := States(p, []uint64{test.hit})
		lines, sum := tracker.Lines(0), tracker.Total(true)
		if lines[0].State != test.states[0] || lines[1].State != test.states[1] || sum.Ran() != test.ran || sum.Instrumented != 2 {
			t.Errorf("hit %b: lines %v and %v, %+v", test.hit, lines[0].State, lines[1].State, sum)
		}
	}
	merged := Merge([]Build{{p, []uint64{1}}, {p, []uint64{0}}})
	if lines := States(merged.Points, merged.Hit).Lines(0); lines[0].State != Covered || lines[1].State != NotInstrumented {
		t.Errorf("merged: %v and %v", lines[0].State, lines[1].State)
	}
}
