package live

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests and measures how coverage files become changed lines.

// pointsPerFile is that of a large source file.
const pointsPerFile = 1000

// syntheticModel returns a model of one build with n points, one on each line of its
// files, and the coverage file to hit them in.
func syntheticModel(t testing.TB, n int) (*model, *abi.CoverageFile) {
	t.Helper()
	points := &coverage.Points{PCs: make([]uint64, n), Edges: 0}
	for i := range n {
		points.PCs[i] = 0x400000 + uint64(i)
		if i%pointsPerFile == 0 {
			points.Files = append(points.Files, coverage.File{Path: fmt.Sprintf("/src/%04d.go", i/pointsPerFile), Own: true, Exact: true})
		}
		line := uint32(i%pointsPerFile) + 1
		points.Spans = append(points.Spans, coverage.Span{Point: uint32(i), File: uint32(i / pointsPerFile), StartLine: line, EndLine: line})
	}
	points.ID = abi.CoverageID(points.PCs)
	path := filepath.Join(t.TempDir(), "v")
	live, err := abi.OpenCoverage(path, points.PCs)
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := abi.MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	m := new(model)
	m.init()
	hit := mapped.Bits(nil)
	m.replace([]modelBuild{{
		Build: target.Build{Target: store.Target{Name: "p", Coverage: points.ID}, Points: points, Hit: hit},
		file:  mapped, seen: slices.Clone(hit),
	}})
	t.Cleanup(func() {
		m.close()
		live.Close()
	})
	return m, live
}

func TestSync(t *testing.T) {
	m, live := syntheticModel(t, 3*pointsPerFile)
	m.setWatched("/src/0001.go", 1)
	m.setWatched("/src/none.go", 1)
	now := time.Now()
	if got := m.sync(now); got != nil {
		t.Errorf("changes of nothing: %v", got)
	}
	live.Set(7)                 // not watched
	live.Set(pointsPerFile + 4) // watched
	live.Set(pointsPerFile + 2)
	got := m.sync(now)
	if len(got) != 1 || got[0].path != "/src/0001.go" || !slices.Equal(got[0].lines, []uint32{3, 5}) {
		t.Errorf("changes %v", got)
	}
	file, ok := m.file("/src/0000.go", nil, now)
	if !ok || file.Lines[7].State != coverage.Covered || len(file.Fresh) != 1 || file.Fresh[8] != now {
		t.Errorf("a file that is not watched: %v, fresh %v", ok, file.Fresh)
	}
	if file, _ := m.file("/src/0000.go", nil, now.Add(FreshFor+1)); len(file.Fresh) > 0 {
		t.Errorf("fresh for ever: %v", file.Fresh)
	}
	m.setWatched("/src/0001.go", -1)
	live.Set(pointsPerFile)
	if got := m.sync(now); got != nil {
		t.Errorf("changes without a watcher: %v", got)
	}
	if allocated := testing.AllocsPerRun(100, func() { m.sync(now) }); allocated > 0 {
		t.Errorf("a tick without changes allocates %v times", allocated)
	}
}

// TestCarryOver: after a rebuild of the same text, lines that ran before are not fresh.
func TestCarryOver(t *testing.T) {
	m, live := syntheticModel(t, 2*pointsPerFile)
	before := time.Now()
	live.Set(3)
	m.sync(before)
	builds := m.builds
	m.builds = nil // kept open for the replacement
	again := builds[0]
	again.seen = make([]uint64, len(again.seen))
	again.Hit = slices.Clone(again.seen)
	m.replace([]modelBuild{again})
	live.Set(4)
	now := before.Add(time.Second)
	m.sync(now)
	file, _ := m.file("/src/0000.go", nil, now)
	if file.Fresh[4] != before || file.Fresh[5] != now || file.Build != 3 {
		t.Errorf("build %d, fresh %v", file.Build, file.Fresh)
	}
}

// BenchmarkTick measures a tick without change at a million points.
func BenchmarkTick(b *testing.B) {
	m, _ := syntheticModel(b, 1<<20)
	m.setWatched("/src/0001.go", 1)
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		m.sync(now)
	}
}

// BenchmarkTickChange measures a tick with one new point of a watched file, at a million
// points.
func BenchmarkTickChange(b *testing.B) {
	const n = 1 << 20
	m, live := syntheticModel(b, n)
	for _, f := range m.merged.Points.Files {
		m.setWatched(f.Path, 1)
	}
	now := time.Now()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		live.Set(i % n)
		i++
		m.sync(now)
	}
}
