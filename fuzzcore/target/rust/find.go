package rust

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file defines Find: from a directory to the fuzz tests of cargo fuzz in it.

// Workspace is what Find found. It implements target.Found.
type Workspace struct {
	// Root is the workspace's root, absolute.
	Root     string
	targets  []fuzzTarget
	problems []target.Problem
}

// fuzzTarget is one binary of a package for cargo fuzz.
type fuzzTarget struct {
	test target.FuzzTest
	// manifest is the Cargo.toml of its package, absolute.
	manifest string
}

// manifest is what is read of a Cargo.toml.
type manifest struct {
	Package struct {
		Metadata map[string]any `toml:"metadata"`
	} `toml:"package"`
	Dependencies map[string]any `toml:"dependencies"`
	Bin          []struct {
		Name string `toml:"name"`
		Path string `toml:"path"`
	} `toml:"bin"`
}

// Tests implements target.Found.
func (w *Workspace) Tests() []target.FuzzTest {
	tests := make([]target.FuzzTest, len(w.targets))
	for i, t := range w.targets {
		tests[i] = t.test
	}
	return tests
}

// Problems implements target.Found.
func (w *Workspace) Problems() []target.Problem { return w.problems }

// Files implements target.Found: the files of the fuzz tests.
func (w *Workspace) Files(pkg string) []string {
	var files []string
	for _, t := range w.targets {
		if t.test.Package == pkg {
			files = append(files, t.test.File)
		}
	}
	return files
}

// Find finds the packages for cargo fuzz below the directories that the patterns name, and
// the fuzz tests in them. It reads files and runs nothing. What is wrong with a Cargo.toml
// becomes a Problem; the error is ctx's or says that a directory cannot be read.
func Find(ctx context.Context, config target.FindConfig) (*Workspace, error) {
	w := &Workspace{Root: config.Root}
	patterns := config.Patterns
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	for _, pattern := range patterns {
		base, below := strings.CutSuffix(pattern, "...")
		dir := filepath.FromSlash(base)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(config.Dir, dir)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue // a pattern of another language
		}
		if err := w.walk(ctx, dir, below); err != nil {
			return nil, fmt.Errorf("finding Rust fuzz tests in %s: %w", dir, err)
		}
	}
	slices.SortFunc(w.targets, func(a, b fuzzTarget) int {
		return cmp.Or(cmp.Compare(a.test.Package, b.test.Package), cmp.Compare(a.test.File, b.test.File), cmp.Compare(a.test.Name, b.test.Name))
	})
	w.targets = slices.CompactFunc(w.targets, func(a, b fuzzTarget) bool { return a.test.Package == b.test.Package && a.test.Name == b.test.Name })
	return w, nil
}

// walk adds the fuzz tests whose files are in dir or, if below is set, below it.
func (w *Workspace) walk(ctx context.Context, dir string, below bool) error {
	if !below {
		// The Cargo.toml is above the directory of the fuzz tests.
		for at := dir; ; at = filepath.Dir(at) {
			if w.read(filepath.Join(at, "Cargo.toml"), dir) || at == w.Root || at == filepath.Dir(at) {
				return nil
			}
		}
	}
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == dir:
			return err
		case err != nil:
			return nil // a directory that may not be read hides nothing but itself
		case entry.IsDir() && path != dir && isSkipped(path):
			return fs.SkipDir
		case entry.Name() == "Cargo.toml" && entry.Type().IsRegular():
			w.read(path, "")
		}
		return nil
	})
}

// isSkipped reports whether a directory holds nothing of the user's: hidden ones, packages
// of npm, and those that cargo builds in, which it marks.
func isSkipped(dir string) bool {
	name := filepath.Base(dir)
	if strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "CACHEDIR.TAG"))
	return err == nil
}

// read adds the fuzz tests of a Cargo.toml, only those in the directory if that is set, and
// reports whether it is one of a package for cargo fuzz.
func (w *Workspace) read(path, only string) bool {
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte("libfuzzer-sys")) && !bytes.Contains(data, []byte("cargo-fuzz")) {
		return false
	}
	var m manifest
	if err := toml.Unmarshal(data, &m); err != nil {
		w.problem(path, err)
		return true
	}
	if _, ok := m.Dependencies["libfuzzer-sys"]; !ok && m.Package.Metadata["cargo-fuzz"] != true {
		return false
	}
	for _, bin := range m.Bin {
		file := filepath.Join(filepath.Dir(path), filepath.FromSlash(bin.Path))
		source, err := os.ReadFile(file)
		line, column, ok := clang.FindWord(source, "fuzz_target", "!")
		if err != nil || !ok || only != "" && filepath.Dir(file) != only {
			continue // a binary that is no fuzz test
		}
		w.targets = append(w.targets, fuzzTarget{manifest: path, test: target.FuzzTest{
			Language: target.Rust, Package: w.packageOf(filepath.Dir(file)), Dir: filepath.Dir(file), Name: bin.Name, File: file,
			Line: line, Column: column, Args: []string{}, ArgsKnown: true,
		}})
	}
	return true
}

func (w *Workspace) problem(path string, err error) {
	p := target.Problem{Package: w.packageOf(filepath.Dir(path)), File: path, Message: err.Error()}
	if bad := (toml.ParseError{}); errors.As(err, &bad) {
		p.Line, p.Message = bad.Position.Line, bad.Message
	}
	w.problems = append(w.problems, p)
}

// packageOf returns the identity of a directory: its path relative to the root.
func (w *Workspace) packageOf(dir string) string {
	rel, err := filepath.Rel(w.Root, dir)
	if err != nil {
		return filepath.ToSlash(dir)
	}
	return filepath.ToSlash(rel)
}
