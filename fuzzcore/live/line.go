package live

import (
	"cmp"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines what is told of one line.

// LineDetail is what is known of one line of the built text.
type LineDetail struct {
	coverage.Line
	Tests []Reach // fuzz tests that reach it, by name
}

// Reach is how a fuzz test reached a line.
type Reach struct {
	Test TestID
	// Hit of Points points of the line.
	Hit, Points uint32
	// Since is when an input first reached it, zero if unknown; Input the file that
	// holds that input, absolute, "" if unknown. FromSeed: it came with the source.
	Since    time.Time
	Input    string
	FromSeed bool
}

// narrowed are the builds' points of the one file that was asked about last: questions
// about lines come in rows, and finding the points of a file takes a look at all.
type narrowed struct {
	path  string
	parts []part
}

// part is one build's knowledge of a file.
type part struct {
	build  target.Build
	points *coverage.Points // of that file only
	file   int              // its index in points.Files
}

// narrowTo returns what the builds know of a file whose text is the one that is shown.
// The caller holds m.mu.
func (m *model) narrowTo(path string) []part {
	if m.narrow.path == path {
		return m.narrow.parts
	}
	m.narrow = narrowed{path: path}
	shown, ok := m.files[path]
	if !ok {
		return nil
	}
	digest := m.merged.Points.Files[shown].SHA256
	for _, b := range m.builds {
		for i, f := range b.Points.Files {
			if f.Path == path && f.SHA256 == digest {
				points := b.Points.Select(func(f *coverage.File) bool { return f.Path == path })
				m.narrow.parts = append(m.narrow.parts, part{b.Build, points, i})
			}
		}
	}
	return m.narrow.parts
}

// Line returns what is known of a line of the built text; false if it holds no
// instrumented code.
func (w *Workspace) Line(path string, line uint32) (LineDetail, bool) {
	w.tick()
	state := w.existingState()
	m := &w.coverage
	m.mu.Lock()
	i, ok := m.files[path]
	if !ok || line == 0 || int(line) > len(m.tracker.Lines(int(i))) {
		m.mu.Unlock()
		return LineDetail{}, false
	}
	detail := LineDetail{Line: m.tracker.Lines(int(i))[line-1]}
	parts := m.narrowTo(path)
	m.mu.Unlock()
	if detail.State == coverage.NotInstrumented && !detail.Entry {
		return LineDetail{}, false
	}
	for _, p := range parts {
		for _, name := range p.build.Tests {
			if reach, ok := p.reach(state, name, line); ok {
				detail.Tests = append(detail.Tests, reach)
			}
		}
	}
	slices.SortFunc(detail.Tests, func(a, b Reach) int {
		return cmp.Or(cmp.Compare(a.Test.Func, b.Test.Func), cmp.Compare(a.Test.Package, b.Test.Package))
	})
	return detail, true
}

// reach tells how a fuzz test reached a line; false if it did not.
func (p *part) reach(state *store.State, test string, line uint32) (Reach, bool) {
	own := state.FuzzTest(p.build.Name, test)
	file, err := abi.MapCoverage(own.CoveragePath(p.build.Coverage))
	if err != nil {
		return Reach{}, false // it never ran
	}
	defer file.Close()
	if file.ID() != p.points.ID {
		return Reach{}, false // damaged; the next campaign says so
	}
	tracker := coverage.States(p.points, file.Bits(nil))
	lines := tracker.Lines(p.file)
	if int(line) > len(lines) || !ran(&lines[line-1]) {
		return Reach{}, false
	}
	l := lines[line-1]
	reach := Reach{Test: TestID{p.build.Name, test}, Hit: l.Hit, Points: l.Points}
	if l.Points == 0 {
		reach.Hit, reach.Points = l.BranchesHit, l.Branches
	}
	if record, ok := p.first(own, tracker, line); ok {
		reach.Since, reach.Input, reach.FromSeed = record.Time, record.Input, record.Origin == provenance.Seed
	}
	return reach, true
}

// first returns the record of the input that reached a line first; false if that is
// unknown.
func (p *part) first(test *store.FuzzTest, tracker *coverage.Tracker, line uint32) (first provenance.Record, ok bool) {
	log, _ := provenance.Open(test, p.build.Coverage, p.points.Len()) // what it could read is of use all the same
	consider := func(point uint32) {
		record, known := log.First(point)
		if !known || !tracker.Hit(point) {
			return
		}
		if !ok || record.Time.Before(first.Time) {
			first, ok = record, true
		}
	}
	for _, s := range p.points.Spans {
		if s.StartLine <= line && line <= s.EndLine {
			consider(s.Point)
		}
	}
	for _, b := range p.points.Branches {
		if b.Line == line {
			consider(b.Point)
		}
	}
	return first, ok
}
