package project

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Load: from a folder to its fuzz tests.

// Config says what to load.
type Config struct {
	// Dir is the directory that patterns are relative to, absolute.
	Dir string
	// Patterns are directories, with "/..." at the end also what is below; none means
	// "./...". To Go they are those of the go command; see golang.LoadConfig.
	Patterns []string
	Tools    target.Tools
	// SkipModules leaves out what is in Go modules below a folder that is in none: an
	// editor's server has workspaces of their own for them.
	SkipModules bool
}

// ErrNothing is returned for a folder that belongs to no Go module and has no fuzz tests of
// other languages.
var ErrNothing = errors.New("no fuzz tests")

// nothing is an ErrNothing that says what the go command said.
type nothing struct{ error }

func (nothing) Is(other error) bool { return other == ErrNothing }

func (n nothing) Unwrap() error { return n.error }

// Load finds the fuzz tests that the patterns name, in all languages. Nothing is compiled
// or run.
//
// A package that is broken, or a language whose tools are, becomes a Problem. If there is
// nothing but Go, errors are those of golang.Load. With ErrNothing, the workspace is
// returned, too, which is empty.
func Load(ctx context.Context, config Config) (*Workspace, error) {
	module := goRoot(config.Dir, config.Tools.Env)
	w := &Workspace{Root: module, Modules: []target.Module{}, Tests: []target.FuzzTest{}, Problems: []target.Problem{}}
	var goErr error
	patterns := goPatterns(config)
	asked := module != "" && (len(config.Patterns) == 0 || len(patterns) > 0)
	if asked {
		config := config
		config.Patterns = patterns
		goErr = w.addGo(ctx, config)
	}
	if w.Root == "" {
		w.Root = gitRoot(config.Dir)
	}
	if err := w.addOthers(ctx, config); err != nil {
		return nil, err
	}
	if !asked && len(w.Tests)+len(w.Problems) == 0 {
		goErr = w.addGo(ctx, config) // it says what is missing
	}
	if goErr != nil && (ctx.Err() != nil || len(w.Tests)+len(w.Problems) == 0) {
		if module == "" && ctx.Err() == nil {
			return w, nothing{goErr}
		}
		return nil, goErr
	}
	if goErr != nil {
		w.Problems = append(w.Problems, target.Problem{Package: ".", Message: goErr.Error()})
	}
	w.sort()
	return w, nil
}

// addGo adds the fuzz tests of Go, and takes over where their root is.
func (w *Workspace) addGo(ctx context.Context, config Config) error {
	found, err := loadGo(ctx, config)
	if err != nil {
		return err
	}
	w.Root, w.GoVersion, w.Modules = found.Root, found.GoVersion, found.Modules
	w.add(found)
	return nil
}

// addOthers adds the fuzz tests of the other languages. The error is ctx's.
func (w *Workspace) addOthers(ctx context.Context, config Config) error {
	for _, find := range others {
		found, err := find(ctx, target.FindConfig{Root: w.Root, Dir: config.Dir, Patterns: config.Patterns, Tools: config.Tools})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			w.Problems = append(w.Problems, target.Problem{Package: ".", Message: err.Error()})
			continue
		}
		if config.SkipModules && goRoot(config.Dir, config.Tools.Env) == "" {
			found = outsideModules{found}
		}
		w.add(found)
	}
	return nil
}

// outsideModules leaves out the fuzz tests that are in Go modules.
type outsideModules struct{ target.Found }

func (f outsideModules) Tests() []target.FuzzTest {
	return slices.DeleteFunc(slices.Clone(f.Found.Tests()), func(t target.FuzzTest) bool { return goRoot(t.Dir, nil) != "" })
}

// goPatterns returns the patterns that may name something of Go: not the directories
// without a Go file and not other files, of which the go command would complain.
func goPatterns(config Config) []string {
	var patterns []string
	for _, pattern := range config.Patterns {
		dir := pattern
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(config.Dir, dir)
		}
		if info, err := os.Stat(dir); err == nil {
			if info.IsDir() && !hasGoFile(dir) || info.Mode().IsRegular() && !strings.HasSuffix(dir, ".go") {
				continue
			}
		}
		patterns = append(patterns, pattern)
	}
	return patterns
}

// hasGoFile reports whether a directory may hold a Go package.
func hasGoFile(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".go") })
}

// goRoot returns the directory whose go.work or go.mod governs dir, as far as files tell:
// the go command knows better, unless it fails. It is "" where there is no Go.
func goRoot(dir string, env []string) string {
	work := os.Getenv("GOWORK")
	for _, assignment := range env {
		if value, ok := strings.CutPrefix(assignment, "GOWORK="); ok {
			work = value
		}
	}
	if filepath.IsAbs(work) {
		return filepath.Dir(work)
	}
	if root := above(dir, "go.work"); root != "" && work != "off" {
		return root
	}
	return above(dir, "go.mod")
}

// Root returns where the state of the project around dir belongs, as far as files tell.
func Root(dir string) string {
	if root := goRoot(dir, nil); root != "" {
		return root
	}
	return gitRoot(dir)
}

// gitRoot returns the top level of the git repository that dir is in, or dir.
func gitRoot(dir string) string {
	if root := above(dir, ".git"); root != "" {
		return root
	}
	return dir
}

// above returns dir or the nearest directory above it that holds name, "" if none does.
func above(dir, name string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
