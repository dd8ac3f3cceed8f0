package zig

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines the source files of an executable: those of the user.

// fileTable is the user's files, in order of first use.
type fileTable struct {
	config *pointsConfig
	// real is config.Own without symbolic links: compilers say where files really are.
	real  string
	files []coverage.File
	index map[string]uint32
}

func newFileTable(config *pointsConfig) *fileTable {
	t := &fileTable{config: config, real: config.Own, index: map[string]uint32{}}
	if real, err := filepath.EvalSymlinks(config.Own); err == nil {
		t.real = real
	}
	return t
}

// own returns the number of the file with that path; false if it is not the user's.
func (t *fileTable) own(path string) (uint32, bool) {
	if path == "" {
		return 0, false
	}
	if slices.ContainsFunc(t.config.Foreign, func(dir string) bool { return isInside(path, dir) }) {
		return 0, false
	}
	if rel, err := filepath.Rel(t.real, path); err == nil && filepath.IsLocal(rel) {
		path = filepath.Join(t.config.Own, rel)
	}
	if !isInside(path, t.config.Own) {
		return 0, false
	}
	i, ok := t.index[path]
	if !ok {
		i = uint32(len(t.files))
		t.files = append(t.files, coverage.File{Path: path, Own: true})
		t.index[path] = i
	}
	return i, true
}

func isInside(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// read reads the texts of the files and returns them.
func (t *fileTable) read() []coverage.File {
	for i := range t.files {
		data, err := os.ReadFile(t.files[i].Path)
		if err != nil {
			continue // generated and deleted again
		}
		t.files[i].SHA256, t.files[i].Code = store.SourceDigest(data), codeLines(data)
	}
	return t.files
}

// codeLines returns the lines of a text that hold more than brackets, commas and comments.
func codeLines(data []byte) []coverage.Lines {
	var out []coverage.Lines
	for _, t := range lex(data) {
		if t.kind == tokenPunct && slices.Contains([]byte("{}()[],;"), t.text[0]) {
			continue
		}
		switch n := len(out); {
		case n > 0 && out[n-1].Last >= t.line:
		case n > 0 && out[n-1].Last+1 == t.line:
			out[n-1].Last++
		default:
			out = append(out, coverage.Lines{First: t.line, Last: t.line})
		}
	}
	return out
}

// isCode reports whether a line is among those with code; if these are not known, all are.
func isCode(code []coverage.Lines, line uint32) bool {
	return len(code) == 0 || slices.ContainsFunc(code, func(l coverage.Lines) bool { return l.First <= line && line <= l.Last })
}
