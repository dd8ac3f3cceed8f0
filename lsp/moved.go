package lsp

import (
	"bytes"
	"os"
	"time"

	"github.com/fuzzls/fuzzls/lsp/linemap"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines where lines that a crash names are now.

// movedLines says where lines are. It remembers what it read, is for one goroutine, and
// not for long.
type movedLines struct {
	server  *server
	present func(path string) *text.Text
	// saved and built hold the maps from the saved and from the built text of files to
	// the present one. nil: the lines are where they were, or it is not known.
	saved, built map[string]*linemap.Map
}

func (s *server) movedLines(present func(path string) *text.Text) *movedLines {
	return &movedLines{s, present, map[string]*linemap.Map{}, map[string]*linemap.Map{}}
}

// now returns where a line is, or would be, in the present text of a file; 0-based both.
// The line was told of at the time seen. If the file was not saved since, the line is one
// of the saved text; otherwise, and always if seen is zero, it is taken for one of the
// text that was built last.
func (m *movedLines) now(path string, line int, seen time.Time) int {
	lines := m.builtMap
	if info, err := os.Stat(path); err == nil && !info.ModTime().After(seen) {
		lines = m.savedMap
	}
	if l := lines(path); l != nil {
		return l.Near(line)
	}
	return line
}

func (m *movedLines) builtMap(path string) *linemap.Map {
	lines, ok := m.built[path]
	if !ok {
		if t := m.present(path); t != nil {
			lines = m.server.lineMap(path, t)
		}
		m.built[path] = lines
	}
	return lines
}

// savedMap is nil for a file without unsaved edits.
func (m *movedLines) savedMap(path string) *linemap.Map {
	lines, ok := m.saved[path]
	if !ok {
		if doc := m.server.documentAt(path); doc != nil {
			content, err := os.ReadFile(path)
			if err == nil && !bytes.Equal(content, doc.text.Bytes()) {
				lines = linemap.NewBuilt(content).Map(doc.text)
			}
		}
		m.saved[path] = lines
	}
	return lines
}
