package zig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Find: from a directory to the fuzz tests of Zig in it.

// Workspace is what Find found. It implements target.Found.
type Workspace struct {
	// Root is the workspace's root, absolute.
	Root string
	// found are sorted by package, file and line.
	found []fuzzTest
}

// fuzzTest is a fuzz test in the source.
type fuzzTest struct {
	test target.FuzzTest
	// inFile is its name without that of the file ("test.push and pop").
	inFile string
	// project is the directory of the build.zig that the file belongs to, absolute; "" if
	// it belongs to none.
	project string
}

// Tests implements target.Found.
func (w *Workspace) Tests() []target.FuzzTest {
	tests := make([]target.FuzzTest, len(w.found))
	for i, t := range w.found {
		tests[i] = t.test
	}
	return tests
}

// Problems implements target.Found: what is wrong with a Zig file is what its compiler says.
func (w *Workspace) Problems() []target.Problem { return nil }

// Files implements target.Found: the files of the fuzz tests, and those that they import.
func (w *Workspace) Files(pkg string) []string {
	files := map[string]bool{}
	for _, t := range w.found {
		if t.test.Package != pkg {
			continue
		}
		addImports(t.test.File, files)
		if t.project != "" {
			files[filepath.Join(t.project, buildName)] = true
		}
	}
	var sorted []string
	for path := range files {
		sorted = append(sorted, path)
	}
	slices.Sort(sorted)
	return sorted
}

// addImports adds a file and those that it imports by their paths, if they are there.
func addImports(path string, files map[string]bool) {
	if files[path] {
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return
	}
	files[path] = true
	for _, name := range readSource(data).imports {
		addImports(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)), files)
	}
}

// Find finds the fuzz tests in the files and directories that the patterns name. It reads
// files and runs nothing. The error is ctx's or says that a directory cannot be read.
func Find(ctx context.Context, config target.FindConfig) (*Workspace, error) {
	w := &Workspace{Root: config.Root}
	patterns := config.Patterns
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	files := map[string]bool{}
	for _, pattern := range patterns {
		if err := match(ctx, config.Dir, pattern, files); err != nil {
			return nil, fmt.Errorf("finding Zig fuzz tests in %s: %w", pattern, err)
		}
	}
	for path := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.read(path)
	}
	slices.SortFunc(w.found, func(a, b fuzzTest) int {
		return cmp.Or(cmp.Compare(a.test.Package, b.test.Package), cmp.Compare(a.test.File, b.test.File), cmp.Compare(a.test.Line, b.test.Line), cmp.Compare(a.test.Column, b.test.Column))
	})
	w.nameApart()
	return w, nil
}

// match adds the Zig files that a pattern names, which is relative to dir.
func match(ctx context.Context, dir, pattern string, files map[string]bool) error {
	base, below := strings.CutSuffix(pattern, "...")
	path := filepath.FromSlash(base)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // a pattern of another language
	case err != nil:
		return err
	case info.Mode().IsRegular():
		if filepath.Ext(path) == Extension {
			files[path] = true
		}
		return nil
	}
	return filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && at == path:
			return err
		case err != nil:
			return nil // a directory that may not be read hides nothing but itself
		case entry.IsDir() && at != path && (!below || isSkipped(entry.Name())):
			return fs.SkipDir
		case !entry.IsDir() && filepath.Ext(at) == Extension:
			files[at] = true
		}
		return nil
	})
}

// isSkipped reports whether a directory of that name holds no source of the workspace's
// own: state of tools (.git, .zig-cache), what builds make, packages, programs of tests.
func isSkipped(name string) bool {
	switch name {
	case "node_modules", "testdata", "zig-out", "zig-cache", "zig-pkg":
		return true
	}
	return strings.HasPrefix(name, ".")
}

// read adds the fuzz tests of a file. One that cannot be read has none.
func (w *Workspace) read(path string) {
	data, err := os.ReadFile(path)
	if err != nil || !mayFuzz(data) {
		return
	}
	tests := readSource(data).tests
	if len(tests) == 0 {
		return
	}
	project := projectOf(path, w.Root)
	dir := cmp.Or(project, filepath.Dir(path))
	for i := range tests {
		t := &tests[i]
		w.found = append(w.found, fuzzTest{project: project, inFile: t.scope + t.name, test: target.FuzzTest{
			Language: target.Zig, Package: w.packageOf(dir), Dir: dir, Name: nameOf(path, t), File: path,
			Line: int(t.head.line), Column: int(t.head.col), FuzzLine: t.fuzzLine, Args: []string{}, ArgsKnown: true,
		}})
	}
}

// projectOf returns the directory of the nearest build.zig above a file, in the workspace
// or above it; "" if there is none. What build.zig itself holds is not part of the project.
func projectOf(path, root string) string {
	if filepath.Base(path) == buildName {
		return ""
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(filepath.Join(dir, buildName)); err == nil && info.Mode().IsRegular() {
			return dir
		}
		if dir == root || dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// packageOf returns the identity of a directory: its path relative to the root.
func (w *Workspace) packageOf(dir string) string {
	rel, err := filepath.Rel(w.Root, dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}

// nameApart gives fuzz tests of files that have the same name, in different directories of
// a project, names with the directories.
func (w *Workspace) nameApart() {
	files := map[[2]string]map[string]bool{}
	for _, t := range w.found {
		key := [2]string{t.test.Package, t.test.Name}
		if files[key] == nil {
			files[key] = map[string]bool{}
		}
		files[key][t.test.File] = true
	}
	for i := range w.found {
		t := &w.found[i].test
		if len(files[[2]string{t.Package, t.Name}]) < 2 {
			continue
		}
		if rel, err := filepath.Rel(t.Dir, filepath.Dir(t.File)); err == nil && rel != "." {
			t.Name = strings.ReplaceAll(filepath.ToSlash(rel), "/", ".") + "." + t.Name
		}
	}
}
