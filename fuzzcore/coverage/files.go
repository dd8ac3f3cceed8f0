package coverage

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// This file lists files and functions as exports show them.

// byPath returns the files with instrumented lines, sorted by path.
func (t *Tracker) byPath() []int {
	var out []int
	for f := range t.files {
		if t.Summary(f).Instrumented > 0 {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b int) int {
		return strings.Compare(t.points.Files[a].Path, t.points.Files[b].Path)
	})
	return out
}

// declaredFunc is one function of the source text.
type declaredFunc struct {
	name string
	line uint32
	hit  bool
}

// functions returns the functions of a file, sorted by line; the instances of a
// generic function are one.
func (t *Tracker) functions(file int) []declaredFunc {
	funcs := t.points.Funcs
	from, _ := slices.BinarySearchFunc(funcs, uint32(file), func(f Func, file uint32) int { return cmp.Compare(f.File, file) })
	var out []declaredFunc
	for _, f := range funcs[from:] {
		if f.File != uint32(file) {
			break
		}
		name := sourceName(f.Name)
		i := slices.IndexFunc(out, func(d declaredFunc) bool { return d.line == f.Line && d.name == name })
		if i < 0 {
			i = len(out)
			out = append(out, declaredFunc{name: name, line: f.Line})
		}
		out[i].hit = out[i].hit || t.Hit(f.First)
	}
	return out
}

// sourceName removes type arguments and the directory of the import path from a
// function's symbol name.
func sourceName(symbol string) string {
	if open := strings.IndexByte(symbol, '['); open >= 0 {
		if end := strings.LastIndexByte(symbol, ']'); end > open {
			symbol = symbol[:open] + symbol[end+1:]
		}
	}
	return path.Base(symbol)
}
