package linemap

import (
	"iter"
	"sort"
)

// This file defines Map and the questions it answers.

// Map joins lines of a built text to equal lines of a present text. It is immutable. The
// zero Map joins nothing.
type Map struct {
	// runs are ascending in both texts; two that touch in both are one.
	runs []Run
	// built and present are the numbers of lines.
	built, present int
}

// Run joins N lines of the built text, from Built, to as many of the present text, from
// Present.
type Run struct{ Built, Present, N int }

// Runs yields the joined lines, ascending.
func (m *Map) Runs() iter.Seq[Run] {
	return func(yield func(Run) bool) {
		for _, r := range m.runs {
			if !yield(r) {
				return
			}
		}
	}
}

// Hunk is a place where the texts differ: Removed lines of the built text, from Built,
// gave way to Inserted lines of the present text, from Present. One of the two can be 0.
type Hunk struct{ Built, Removed, Present, Inserted int }

// Hunks yields the places where the texts differ, ascending.
func (m *Map) Hunks() iter.Seq[Hunk] {
	return func(yield func(Hunk) bool) {
		for i := range len(m.runs) + 1 {
			h := m.hunk(i)
			if h.Removed+h.Inserted > 0 && !yield(h) {
				return
			}
		}
	}
}

// hunk returns what is between runs i-1 and i.
func (m *Map) hunk(i int) Hunk {
	var before Run
	if i > 0 {
		before = m.runs[i-1]
	}
	after := Run{Built: m.built, Present: m.present}
	if i < len(m.runs) {
		after = m.runs[i]
	}
	built, present := before.Built+before.N, before.Present+before.N
	return Hunk{Built: built, Removed: after.Built - built, Present: present, Inserted: after.Present - present}
}

// Now returns where a line of the built text is; false if it changed or is gone.
func (m *Map) Now(built int) (present int, ok bool) {
	i := sort.Search(len(m.runs), func(i int) bool { return m.runs[i].Built > built }) - 1
	if built < 0 || i < 0 || built >= m.runs[i].Built+m.runs[i].N {
		return 0, false
	}
	return built - m.runs[i].Built + m.runs[i].Present, true
}

// Near returns where a line of the built text is or, if it changed or is gone, the line
// nearest to where it would be. It is a line of the present text.
func (m *Map) Near(built int) int {
	if present, ok := m.Now(built); ok {
		return present
	}
	i := sort.Search(len(m.runs), func(i int) bool { return m.runs[i].Built > built })
	h := m.hunk(i)
	within := min(max(built-h.Built, 0), max(h.Inserted-1, 0))
	return max(0, min(h.Present+within, m.present-1))
}

// Built returns which line of the built text a line of the present text is; false if
// the build had no such line there.
func (m *Map) Built(present int) (built int, ok bool) {
	i := m.runBefore(present)
	if present < 0 || i < 0 || present >= m.runs[i].Present+m.runs[i].N {
		return 0, false
	}
	return present - m.runs[i].Present + m.runs[i].Built, true
}

// runBefore returns the index of the last run that starts at or before a line of the
// present text, -1 if there is none.
func (m *Map) runBefore(present int) int {
	return sort.Search(len(m.runs), func(i int) bool { return m.runs[i].Present > present }) - 1
}

// Stale reports whether a line of the present text took the place of lines of the built
// text. A line that was only inserted is not stale.
func (m *Map) Stale(present int) bool {
	if _, ok := m.Built(present); ok || present < 0 || present >= m.present {
		return false
	}
	return m.hunk(m.runBefore(present)+1).Removed > 0
}
