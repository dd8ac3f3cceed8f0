package live

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines model: the coverage of all builds, kept up to date from their
// coverage files.

// model is the coverage of a workspace. Its methods may be called from several
// goroutines.
type model struct {
	mu sync.Mutex
	// All below is guarded by mu.
	generation uint64 // counts replacements
	builds     []modelBuild
	tracker    *coverage.Tracker
	view
	narrow narrowed

	watched  map[string]int      // paths, and how often
	watch    []bool              // by file: it is watched
	texts    map[string][]byte   // by SHA-256
	outlines map[string]*outline // by SHA-256 of the text

	// Scratch of sync, so that a tick without changes allocates nothing.
	points, translated []uint32
	changes            []coverage.Change
}

// view is what is known beyond the states of lines, for one merge of builds.
type view struct {
	merged *coverage.Merged
	files  map[string]uint32 // path to index in merged.Points.Files
	ran    [][]bool          // by file and line: something ran there at the last look
	// fresh is when lines ran first, newest the line that did so last, at newestAt, which
	// is zero if none has. In this process only.
	fresh    map[coverage.Change]time.Time
	newest   coverage.Change
	newestAt time.Time
}

// modelBuild is one build whose coverage file is mapped.
type modelBuild struct {
	target.Build
	file *abi.CoverageFile
	seen []uint64 // the bits that the tracker has
}

// lineChanges are the lines of a watched file that changed.
type lineChanges struct {
	path  string
	lines []uint32
}

func (m *model) init() {
	m.watched = map[string]int{}
	m.replace(nil)
}

func (m *model) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unmap()
}

// unmap lets go of the coverage files. The caller holds m.mu.
func (m *model) unmap() {
	for _, b := range m.builds {
		b.file.Close() // mapped for reading: nothing can be lost
	}
	m.builds = nil
}

// load reads the latest builds of a state and replaces what is known. Of fuzz tests that
// are running, it is the build that runs: running has its coverage id. What cannot be
// read is left out, and named by the error.
func (m *model) load(state *store.State, running map[TestID]uint64) error {
	targets, err := target.Latest(state)
	problems := []error{err}
	var builds []modelBuild
	for _, t := range targets {
		for _, name := range t.Tests {
			if id, ok := running[TestID{t.Package, name}]; ok {
				t.Coverage = id
			}
		}
		b, err := readBuild(state, t)
		problems = append(problems, err)
		if b != nil {
			builds = append(builds, *b)
		}
	}
	m.replace(builds)
	return errors.Join(problems...)
}

// readBuild reads a build and maps its coverage file; nil if it never ran.
func readBuild(state *store.State, t store.Target) (*modelBuild, error) {
	b, err := target.ReadBuild(state, t, nil)
	if err != nil || b.Hit == nil {
		return nil, err
	}
	file, err := abi.MapCoverage(state.CoveragePath(t.Coverage))
	if err != nil {
		return nil, err
	}
	b.Hit = file.Bits(b.Hit)
	return &modelBuild{Build: *b, file: file, seen: slices.Clone(b.Hit)}, nil
}

// replace makes builds all that is known.
func (m *model) replace(builds []modelBuild) {
	covered := make([]coverage.Build, len(builds))
	for i, b := range builds {
		covered[i] = coverage.Build{Points: b.Points, Hit: b.Hit}
	}
	merged := &coverage.Merged{Points: &coverage.Points{}}
	if len(builds) > 0 {
		merged = coverage.Merge(covered)
	}
	tracker := coverage.States(merged.Points, merged.Hit)
	for i := range builds {
		for _, entry := range builds[i].EntryLines(nil) {
			tracker.MarkEntryLine(entry.Path, entry.Line)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unmap()
	m.generation++
	before := m.view
	m.builds, m.tracker = builds, tracker
	m.view = view{merged: merged, files: map[string]uint32{}, fresh: map[coverage.Change]time.Time{}}
	for i := range merged.Points.Files {
		m.files[merged.Points.Files[i].Path] = uint32(i)
	}
	m.narrow, m.texts = narrowed{}, nil
	m.watch = make([]bool, len(merged.Points.Files))
	for path := range m.watched {
		if i, ok := m.files[path]; ok {
			m.watch[i] = true
		}
	}
	m.carryOver(&before)
}

// carryOver takes over which lines are fresh, and which have ever run, of files whose
// text is the same as before: a line that runs again after a rebuild is not news. The
// caller holds m.mu.
func (m *model) carryOver(before *view) {
	files := m.merged.Points.Files
	m.ran = make([][]bool, len(files))
	for i := range files {
		lines := m.tracker.Lines(i)
		m.ran[i] = make([]bool, len(lines))
		for l := range lines {
			m.ran[i][l] = ran(&lines[l])
		}
		was, ok := before.files[files[i].Path]
		if !ok || before.merged.Points.Files[was].SHA256 != files[i].SHA256 {
			continue
		}
		for l := range min(len(m.ran[i]), len(before.ran[was])) {
			m.ran[i][l] = m.ran[i][l] || before.ran[was][l]
		}
		for at, when := range before.fresh {
			if at.File == was {
				m.fresh[coverage.Change{File: uint32(i), Line: at.Line}] = when
			}
		}
		if !before.newestAt.IsZero() && before.newest.File == was {
			m.newest, m.newestAt = coverage.Change{File: uint32(i), Line: before.newest.Line}, before.newestAt
		}
	}
}

func ran(l *coverage.Line) bool { return l.State == coverage.Partly || l.State == coverage.Covered }

// sync takes over what the coverage files have more than the tracker, and returns the
// changed lines of watched files. Without a change it allocates nothing.
func (m *model) sync(now time.Time) []lineChanges {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.syncLocked(now)
}

func (m *model) syncLocked(now time.Time) []lineChanges {
	m.changes = m.changes[:0]
	for i := range m.builds {
		b := &m.builds[i]
		m.points = b.file.DiffInto(b.seen, m.points[:0])
		if len(m.points) == 0 {
			continue
		}
		m.translated = m.merged.Translate(i, m.points, m.translated[:0])
		m.changes = m.tracker.Add(m.translated, m.changes)
	}
	if len(m.changes) == 0 {
		return nil
	}
	for _, at := range m.changes {
		m.noteFresh(at, now)
	}
	return m.watchedChanges()
}

// noteFresh remembers when a line ran first. The caller holds m.mu.
func (m *model) noteFresh(at coverage.Change, now time.Time) {
	was := &m.ran[at.File][at.Line-1]
	if *was || !ran(&m.tracker.Lines(int(at.File))[at.Line-1]) {
		return
	}
	*was = true
	m.fresh[at] = now
	if m.merged.Points.Files[at.File].Own {
		m.newest, m.newestAt = at, now
	}
}

// watchedChanges groups m.changes by watched file. The caller holds m.mu.
func (m *model) watchedChanges() []lineChanges {
	changes := slices.DeleteFunc(m.changes, func(c coverage.Change) bool { return !m.watch[c.File] })
	slices.SortFunc(changes, compareChanges) // several builds may have changed one file
	changes = slices.Compact(changes)
	var grouped []lineChanges
	for i, c := range changes {
		if i == 0 || c.File != changes[i-1].File {
			grouped = append(grouped, lineChanges{path: m.merged.Points.Files[c.File].Path})
		}
		last := &grouped[len(grouped)-1]
		last.lines = append(last.lines, c.Line)
	}
	return grouped
}

func compareChanges(a, b coverage.Change) int {
	if a.File != b.File {
		return int(a.File) - int(b.File)
	}
	return int(a.Line) - int(b.Line)
}

// ownFiles returns the user's own files that a package's build was made of, as far as
// they have points.
func (m *model) ownFiles(pkg string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var paths []string
	for i := range m.builds {
		if m.builds[i].Package != pkg {
			continue
		}
		for _, f := range m.builds[i].Points.Files {
			if f.Own {
				paths = append(paths, f.Path)
			}
		}
	}
	return paths
}
