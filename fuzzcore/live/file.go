package live

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines what is told of the coverage of source files.

// FileCoverage is the coverage of one source file at one moment. It is the caller's.
type FileCoverage struct {
	Path string
	// Build counts up when builds change: lines of different numbers do not compare.
	Build uint64
	// Text is the text that was built; nil if it is not known, then nothing can be shown
	// unless the present text has the digest SHA256.
	Text   []byte
	SHA256 string
	Exact  bool
	// Lines holds line n at index n-1.
	Lines []coverage.Line
	// Fresh maps lines (1-based) that were newly covered in the last FreshFor to when.
	Fresh   map[uint32]time.Time
	Summary coverage.Summary
}

// FreshFor is how long a newly covered line counts as fresh: long enough to be seen by
// someone who looks up from the keyboard.
const FreshFor = 5 * time.Second

// FileSummary is how much of a file is covered.
type FileSummary struct {
	Path    string
	Summary coverage.Summary
}

// File returns the coverage of a source file; false if no build has it.
func (w *Workspace) File(path string) (*FileCoverage, bool) {
	w.tick()
	return w.coverage.file(path, w.existingState(), time.Now())
}

func (m *model) file(path string, state *store.State, now time.Time) (*FileCoverage, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.files[path]
	if !ok {
		return nil, false
	}
	f := &m.merged.Points.Files[i]
	coverage := &FileCoverage{
		Path: path, Build: m.generation, Text: m.textOf(f, state), SHA256: f.SHA256, Exact: f.Exact,
		Lines: slices.Clone(m.tracker.Lines(int(i))), Summary: m.tracker.Summary(int(i)), Fresh: map[uint32]time.Time{},
	}
	for at, when := range m.fresh {
		switch {
		case now.Sub(when) > FreshFor:
			delete(m.fresh, at)
		case at.File == i:
			coverage.Fresh[at.Line] = when
		}
	}
	return coverage, true
}

// textOf returns the text of a file as it was built; nil if it is not known. The caller
// holds m.mu.
func (m *model) textOf(f *coverage.File, state *store.State) []byte {
	if text := m.texts[f.SHA256]; text != nil {
		return text
	}
	text, err := sourceText(f, state)
	if err != nil {
		return nil
	}
	if m.texts == nil {
		m.texts = map[string][]byte{}
	}
	m.texts[f.SHA256] = text
	return text
}

// sourceText reads a text that was built: from the state, which keeps those of the
// user's own files, or from the disk if it is still the same.
func sourceText(f *coverage.File, state *store.State) ([]byte, error) {
	if state != nil {
		if text, err := state.Source(f.SHA256); err == nil {
			return text, nil
		}
	}
	text, err := os.ReadFile(f.Path)
	if err == nil && store.SourceDigest(text) != f.SHA256 {
		err = fmt.Errorf("%s has changed since it was built", f.Path)
	}
	return text, err
}

// Files returns the user's own files of all builds, sorted by path.
func (w *Workspace) Files() []FileSummary {
	w.tick()
	m := &w.coverage
	m.mu.Lock()
	defer m.mu.Unlock()
	files := []FileSummary{}
	for i, f := range m.merged.Points.Files {
		if summary := m.tracker.Summary(i); f.Own && summary.Instrumented > 0 {
			files = append(files, FileSummary{f.Path, summary})
		}
	}
	slices.SortFunc(files, func(a, b FileSummary) int { return cmp.Compare(a.Path, b.Path) })
	return files
}

// Newest returns the line of the user's own code that was newly covered last; false if
// none was in this process.
func (w *Workspace) Newest() (path string, line uint32, when time.Time, ok bool) {
	w.tick()
	m := &w.coverage
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.newestAt.IsZero() {
		return "", 0, time.Time{}, false
	}
	return m.merged.Points.Files[m.newest.File].Path, m.newest.Line, m.newestAt, true
}
