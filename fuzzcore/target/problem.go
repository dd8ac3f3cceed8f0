package target

import (
	"fmt"
	"path/filepath"
)

// This file defines Problem: what keeps fuzz tests from being found or built.

// Problem is something that is wrong with a package.
type Problem struct {
	// Package is that of FuzzTest.Package, or the pattern that names none.
	Package string `json:"package"`
	// File is absolute; "" if the problem has no place in a file.
	File string `json:"file,omitempty"`
	// Line and Column are 1-based, Column counts bytes; 0 if unknown.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Message may have several lines.
	Message string `json:"message"`
}

// String returns the problem as compilers print it, with an absolute path.
func (p Problem) String() string { return p.In("") }

// In returns the problem as compilers print it; the path is relative to dir if
// the file is in it.
func (p Problem) In(dir string) string {
	if p.File == "" {
		return p.Package + ": " + p.Message
	}
	file := Relative(dir, p.File)
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d: %s", file, p.Line, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", file, p.Line, p.Column, p.Message)
}

// Relative returns path relative to root if it is inside of it, and otherwise as it is.
func Relative(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Clean(path)
	}
	return rel
}
