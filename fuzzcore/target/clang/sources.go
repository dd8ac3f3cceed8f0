package clang

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines the source files of a target.

// sources is the table of files, in order of first use.
type sources struct {
	config PointsConfig
	files  []coverage.File
	index  map[string]uint32
	// code are the positions of the tokens of files that count, nil for files that are not
	// there; set by read.
	code [][]position
}

func newSources(config PointsConfig) *sources {
	return &sources{config: config, index: map[string]uint32{}}
}

// file returns the number of the file with that path.
func (s *sources) file(path string) uint32 {
	if i, ok := s.index[path]; ok {
		return i
	}
	i := uint32(len(s.files))
	s.files = append(s.files, coverage.File{Path: path, Own: s.isOwn(path)})
	s.index[path] = i
	return i
}

func (s *sources) isOwn(path string) bool {
	for _, dir := range s.config.Foreign {
		if isInside(path, dir) {
			return false
		}
	}
	for _, dir := range s.config.Own {
		if isInside(path, dir) {
			return true
		}
	}
	return false
}

// read reads the texts of all files.
func (s *sources) read() {
	s.code = make([][]position, len(s.files))
	for i := range s.files {
		data, err := os.ReadFile(s.files[i].Path)
		if err != nil {
			continue // of a library, or generated and deleted again
		}
		sum := sha256.Sum256(data)
		s.files[i].SHA256 = hex.EncodeToString(sum[:])
		if s.code[i] = plainPositions(data); filepath.Ext(s.files[i].Path) != ".rs" {
			s.code[i] = codePositions(data)
		}
		s.files[i].Code = codeLines(s.code[i])
	}
}

// trimSpans sets the lines on which spans count, and leaves out those that have no text
// there.
func (s *sources) trimSpans(spans []coverage.Span) []coverage.Span {
	kept := spans[:0]
	for _, span := range spans {
		if code := s.code[span.File]; code == nil || trim(&span, code) {
			kept = append(kept, span)
		}
	}
	return kept
}
