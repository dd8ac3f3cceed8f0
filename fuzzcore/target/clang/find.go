package clang

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Find: from a directory to the fuzz tests in it.

// Workspace is what Find found.
type Workspace struct {
	// Root is the workspace's root, absolute.
	Root string
	// Harnesses are sorted by directory and file.
	Harnesses []Harness

	problems []target.Problem
}

// Harness is one fuzz test in the source, or one that comes built.
type Harness struct {
	// Test is what others know of it.
	Test target.FuzzTest
	// Recipe is what the workspace says about how it is built, nil if it says nothing or
	// if several recipes may fit: then the builder finds out.
	Recipe *Recipe
	// Exe is an executable that the user has built already, absolute; "" if there is none.
	Exe string
}

// Tests implements target.Found.
func (w *Workspace) Tests() []target.FuzzTest {
	tests := make([]target.FuzzTest, len(w.Harnesses))
	for i, h := range w.Harnesses {
		tests[i] = h.Test
	}
	return tests
}

// Problems implements target.Found.
func (w *Workspace) Problems() []target.Problem { return w.problems }

// Find finds the harnesses of the directories that the patterns name, and the executables
// among the patterns. It reads files and runs nothing. What cannot be read, and what is
// wrong in a fuzzls.toml, becomes a Problem; the error is ctx's or says that Dir cannot be
// read.
func Find(ctx context.Context, config target.FindConfig) (*Workspace, error) {
	f := &finder{config: config, workspace: &Workspace{Root: config.Root}, settings: map[string]*settings{}, scripts: map[string][]cmakeTarget{}}
	if err := f.find(ctx); err != nil {
		return nil, fmt.Errorf("finding C and C++ fuzz tests in %s: %w", config.Dir, err)
	}
	return f.workspace, nil
}

// finder is one Find.
type finder struct {
	config    target.FindConfig
	workspace *Workspace
	// settings are the fuzzls.toml of directories, scripts the executables of their
	// CMakeLists.txt; nil for directories without.
	settings map[string]*settings
	scripts  map[string][]cmakeTarget
}

func (f *finder) find(ctx context.Context) error {
	patterns := f.config.Patterns
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	var sources []string
	for _, pattern := range patterns {
		found, err := f.match(ctx, pattern)
		if err != nil {
			return err
		}
		sources = append(sources, found...)
	}
	slices.Sort(sources)
	sources = slices.Compact(sources)
	found, err := readHarnesses(ctx, sources)
	if err != nil {
		return err
	}
	for i, name := range found {
		if name != nil {
			f.add(sources[i], name)
		}
	}
	f.nameApart()
	slices.SortStableFunc(f.workspace.Harnesses, func(a, b Harness) int {
		return cmp.Or(cmp.Compare(a.Test.Package, b.Test.Package), cmp.Compare(a.Test.File, b.Test.File), cmp.Compare(a.Test.Line, b.Test.Line))
	})
	return nil
}

// match returns the source files that a pattern names, and takes over executables.
func (f *finder) match(ctx context.Context, pattern string) ([]string, error) {
	base, below := strings.CutSuffix(pattern, "...")
	dir := filepath.FromSlash(base)
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(f.config.Dir, dir)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil // a pattern of another language
	case err != nil:
		return nil, err
	case info.Mode().IsRegular() && isSource(dir):
		return []string{dir}, nil
	case info.Mode().IsRegular():
		if info.Mode()&0o111 != 0 { // else it is a source file of another language
			f.addExecutable(dir)
		}
		return nil, nil
	}
	return listSources(ctx, dir, below)
}

// isSkipped reports whether a directory of that name holds no harness of the workspace's
// own: state of tools (.git, .fuzzls), packages, programs of tests.
func isSkipped(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata"
}

// listSources returns the source files of a directory, if below is set of those below it,
// too. Directories of builds are left out.
func listSources(ctx context.Context, dir string, below bool) ([]string, error) {
	var sources []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil && path == dir:
			return err
		case err != nil:
			return nil // a directory that may not be read hides nothing but itself
		case entry.IsDir() && path != dir && (!below || isSkipped(entry.Name()) || isBuildDir(path)):
			return fs.SkipDir
		case !entry.IsDir() && isSource(path):
			sources = append(sources, path)
		}
		return nil
	})
	return sources, err
}

// isBuildDir reports whether a build system has made a directory: what is in it is made of
// the sources.
func isBuildDir(dir string) bool {
	for _, mark := range []string{"CMakeCache.txt", "meson-info", "build.ninja", ".cargo-lock"} {
		if _, err := os.Lstat(filepath.Join(dir, mark)); err == nil {
			return true
		}
	}
	return false
}

// readHarnesses reads files and returns for each the name of the harness that it defines,
// nil if it defines none. A file that cannot be read defines none.
func readHarnesses(ctx context.Context, paths []string) ([]*token, error) {
	found := make([]*token, len(paths))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	// Most files are small: a goroutine takes many.
	const chunk = 64
	for from := 0; from < len(paths); from += chunk {
		group.Go(func() error {
			for i := from; i < min(from+chunk, len(paths)); i++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				data, err := os.ReadFile(paths[i])
				if err != nil || !bytes.Contains(data, []byte(harnessName)) {
					continue
				}
				if name, ok := findHarness(data); ok {
					name.text = nil // it shares the file's
					found[i] = &name
				}
			}
			return nil
		})
	}
	return found, group.Wait()
}

// add adds the harness that a file defines.
func (f *finder) add(path string, name *token) {
	dir := filepath.Dir(path)
	h := Harness{Test: target.FuzzTest{
		Language: target.C, Package: f.packageOf(dir), Dir: dir, Name: baseName(path), File: path,
		Line: int(name.line), Column: int(name.col), Args: []string{}, ArgsKnown: true,
	}}
	if recipe := f.settingsFor(path); recipe != nil {
		h.Recipe, h.Test.Name = recipe, recipe.Name
	} else if name := f.cmakeName(path); name != "" {
		h.Test.Name = name
	}
	f.workspace.Harnesses = append(f.workspace.Harnesses, h)
}

// packageOf returns the identity of a directory: its path relative to the root.
func (f *finder) packageOf(dir string) string {
	rel, err := filepath.Rel(f.config.Root, dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}

// nameApart gives harnesses of one directory that would have the same name those of their
// files, with the extension.
func (f *finder) nameApart() {
	count := map[string]int{}
	for _, h := range f.workspace.Harnesses {
		count[h.Test.Package+"\x00"+h.Test.Name]++
	}
	for i := range f.workspace.Harnesses {
		t := &f.workspace.Harnesses[i].Test
		if count[t.Package+"\x00"+t.Name] > 1 && t.File != "" {
			t.Name = filepath.Base(t.File)
		}
	}
}

// addExecutable takes over an executable that the user has built. Whether it can be fuzzed
// is seen when it is prepared.
func (f *finder) addExecutable(path string) {
	f.workspace.Harnesses = append(f.workspace.Harnesses, Harness{
		Exe: path,
		Test: target.FuzzTest{
			Language: target.C, Package: f.packageOf(filepath.Dir(path)), Dir: filepath.Dir(path), Name: filepath.Base(path),
			Args: []string{}, ArgsKnown: true,
		},
	})
}

func (f *finder) problem(file string, line int, format string, args ...any) {
	f.workspace.problems = append(f.workspace.problems, target.Problem{
		Package: f.packageOf(filepath.Dir(file)), File: file, Line: line, Message: fmt.Sprintf(format, args...),
	})
}
