package lsp

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/linemap"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines where the lines of built texts are in present texts.

// lineMaps makes line maps, and remembers those of open documents: several answers are
// wanted for one keystroke.
type lineMaps struct {
	mu sync.Mutex // guards what follows
	// open holds the maps of open documents, by path.
	open map[string]lineMapEntry
}

type lineMapEntry struct {
	digest  string // of built, SHA-256
	built   *linemap.Built
	present *text.Text
	lines   *linemap.Map
}

func (m *lineMaps) documentOpened(doc *document) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.open = map[string]lineMapEntry{}
	}
	m.open[doc.path] = lineMapEntry{}
}

// documentChanged: the next question is about the new text.
func (m *lineMaps) documentChanged(*document) {}

func (m *lineMaps) documentClosed(doc *document) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, doc.path)
}

// of returns the map from the text that was built to the present text of a file; false
// if the built text is not known.
func (m *lineMaps) of(path string, f *live.FileCoverage, present *text.Text) (*linemap.Map, bool) {
	m.mu.Lock()
	entry, open := m.open[path]
	m.mu.Unlock()
	if entry.digest != f.SHA256 || f.SHA256 == "" {
		content, ok := builtText(f, present)
		if !ok {
			return nil, false
		}
		entry = lineMapEntry{digest: f.SHA256, built: linemap.NewBuilt(content)}
	}
	if entry.present != present {
		entry.present, entry.lines = present, entry.built.Map(present)
	}
	if open {
		m.keep(path, entry)
	}
	return entry.lines, true
}

func (m *lineMaps) keep(path string, entry lineMapEntry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, open := m.open[path]; open {
		m.open[path] = entry
	}
}

// builtText returns the text that was built. If it is not known, the present text or the
// file will do, if they are the same by their digest.
func builtText(f *live.FileCoverage, present *text.Text) ([]byte, bool) {
	if f.Text != nil {
		return f.Text, true
	}
	if f.SHA256 == "" {
		return nil, false
	}
	if digest(present.Bytes()) == f.SHA256 {
		return present.Bytes(), true
	}
	saved, err := os.ReadFile(f.Path)
	return saved, err == nil && digest(saved) == f.SHA256
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// coverageOf returns the coverage of a file, and where its lines are in the present text;
// nil if there is none, or if the built text is not known.
func coverageOf(source coverageSource, maps *lineMaps, path string, present *text.Text) (*live.FileCoverage, *linemap.Map) {
	if source == nil {
		return nil, nil
	}
	file, ok := source.File(path)
	if !ok {
		return nil, nil
	}
	lines, ok := maps.of(path, file, present)
	if !ok {
		return nil, nil
	}
	return file, lines
}

// lineMap returns where the built lines of a file are in its present text; nil if that is
// not known.
func (s *server) lineMap(path string, present *text.Text) *linemap.Map {
	_, lines := coverageOf(s.sourceOf(path), &s.maps, path, present)
	return lines
}
