package golang

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Load: from patterns to the fuzz tests of a workspace.

// LoadConfig says what to load.
type LoadConfig struct {
	// Dir is the directory that patterns are relative to, absolute.
	Dir string
	// Patterns are those of the go command; none means "./...". A pattern "dir/..."
	// covers, beyond what it means to the go command, all modules of a go.work
	// workspace whose directories are below dir, and in the workspace's root all of
	// its modules. Nested modules that no go.work names are left out, as the go
	// command leaves them out.
	Patterns []string
	// BuildFlags are the user's build flags, as BuildRequest.Flags. Tags and overlays
	// decide which files there are.
	BuildFlags []string
	// Go is the go command; empty means "go" on PATH.
	Go string
	// Env is the environment of the go command; nil means that of this process.
	Env []string
}

// Workspace is what Load found. Its slices are never nil.
type Workspace struct {
	// Root is where the state of the workspace belongs: the directory of go.work or,
	// without one, of the main module. Absolute.
	Root string `json:"root"`
	// GoWork: Root is the directory of a go.work file.
	GoWork bool `json:"go_work"`
	// GoVersion is the release of the go command here ("go1.26.1"), which a
	// toolchain line in go.mod may have chosen.
	GoVersion string `json:"go_version"`
	// Modules are the workspace's own modules, sorted by path.
	Modules []target.Module `json:"modules"`
	// Packages are the packages with fuzz tests, sorted by import path.
	Packages []Package `json:"packages"`
	// Problems are what is wrong with the packages that the patterns name, sorted by
	// place. Fuzz tests that could be read in spite of them are in Packages.
	Problems []target.Problem `json:"problems"`
}

// Package is a package with fuzz tests, which are in its own test files or in
// those of its external test package.
type Package struct {
	ImportPath string `json:"package"`
	// Module is the path of its module; "" in the standard library.
	Module string `json:"module,omitempty"`
	// Dir is absolute.
	Dir string `json:"dir"`
	// Files are its Go source files that the build flags choose, those of both test
	// packages included, absolute and sorted.
	Files []string `json:"files"`
	// Tests are its fuzz tests, sorted by file and line.
	Tests []target.FuzzTest `json:"fuzz_tests"`
}

// ModulePaths returns the paths of the workspace's own modules.
func (w *Workspace) ModulePaths() []string {
	paths := make([]string, len(w.Modules))
	for i, m := range w.Modules {
		paths[i] = m.Path
	}
	return paths
}

// FuzzTests returns the fuzz tests of all packages, in order.
func (w *Workspace) FuzzTests() []target.FuzzTest {
	tests := []target.FuzzTest{}
	for _, p := range w.Packages {
		tests = append(tests, p.Tests...)
	}
	return tests
}

// Only returns a copy of w with the fuzz tests for which keep is true, and the
// packages that have any.
func (w *Workspace) Only(keep func(*target.FuzzTest) bool) *Workspace {
	kept := *w
	kept.Packages = []Package{}
	for _, p := range w.Packages {
		p.Tests = slices.DeleteFunc(slices.Clone(p.Tests), func(t target.FuzzTest) bool { return !keep(&t) })
		if len(p.Tests) > 0 {
			kept.Packages = append(kept.Packages, p)
		}
	}
	return &kept
}

// Load finds the fuzz tests of the packages that the patterns name. `go list`
// tells which files belong to which package, and the files are read: nothing is
// compiled, no cgo and no code of the user runs.
//
// A package that is broken becomes a Problem. Errors are ErrNoGo, ErrOldGo,
// *FlagError, ctx's error, all wrapped, or say why the go command could not list
// anything: no module, a faulty go.mod or go.work.
func Load(ctx context.Context, config LoadConfig) (*Workspace, error) {
	w, err := loadWorkspace(ctx, config)
	if err == nil {
		return w, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err() // what a killed go command said is of no use
	}
	return nil, fmt.Errorf("finding fuzz tests in %s: %w", config.Dir, err)
}

func loadWorkspace(ctx context.Context, config LoadConfig) (*Workspace, error) {
	l, err := newLoader(config)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Modules: []target.Module{}, Packages: []Package{}, Problems: []target.Problem{}}
	if err := l.locate(ctx, w); err != nil {
		return nil, err
	}
	if w.Modules, err = l.modules(ctx); err != nil {
		return nil, err
	}
	patterns := expandPatterns(config.Patterns, config.Dir, w)
	listed, problems, err := l.list(ctx, patterns)
	if err != nil {
		return nil, err
	}
	w.Problems = append(w.Problems, problems...)
	found, problems, err := findAll(ctx, listed, l.flags.overlay)
	if err != nil {
		return nil, err
	}
	w.Packages = append(w.Packages, found...)
	w.Problems = append(w.Problems, problems...)
	w.sort()
	return w, nil
}

func (w *Workspace) sort() {
	slices.SortFunc(w.Modules, func(a, b target.Module) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortFunc(w.Packages, func(a, b Package) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
	slices.SortFunc(w.Problems, func(a, b target.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message), cmp.Compare(a.Package, b.Package))
	})
	// A fault in one package is reported again for what depends on it.
	w.Problems = slices.CompactFunc(w.Problems, func(a, b target.Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Message == b.Message && (a.File != "" || a.Package == b.Package)
	})
}

// loader runs the go commands of one Load.
type loader struct {
	goTool
	config LoadConfig
	flags  *buildFlags
}

func newLoader(config LoadConfig) (*loader, error) {
	l := &loader{goTool: goTool{exe: config.Go, dir: config.Dir, env: config.Env}, config: config}
	if l.exe == "" {
		l.exe = "go"
	}
	if l.env == nil {
		l.env = os.Environ()
	}
	if !filepath.IsAbs(l.dir) {
		return nil, fmt.Errorf("directory %q is not absolute", l.dir)
	}
	if _, err := os.Stat(l.dir); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath(l.exe); err != nil {
		return nil, fmt.Errorf("%w (looked for %q)", ErrNoGo, l.exe)
	}
	return l, nil
}

// locate asks which release of Go this is, which workspace or module the
// directory is in, and reads the build flags.
func (l *loader) locate(ctx context.Context, w *Workspace) error {
	out, err := l.output(ctx, "env", "-json", "GOVERSION", "GOROOT", "GOARCH", "GOFLAGS", "GOWORK", "GOMOD")
	if err != nil {
		return commandError("go env", out, err)
	}
	var env struct {
		goEnv
		GOWORK, GOMOD string
	}
	if err := json.Unmarshal(out, &env); err != nil {
		return fmt.Errorf("`go env -json` printed no JSON: %w", err)
	}
	if err := env.check(); err != nil {
		return err
	}
	w.GoVersion = firstWord(env.GOVERSION)
	switch {
	case env.GOWORK != "" && env.GOWORK != "off":
		w.Root, w.GoWork = filepath.Dir(env.GOWORK), true
	case env.GOMOD != "" && env.GOMOD != os.DevNull:
		w.Root = filepath.Dir(env.GOMOD)
	default:
		return fmt.Errorf("there is no go.mod here or above: change to a module, or make one with `go mod init`")
	}
	if l.flags, err = parseFlags(env.GOFLAGS, l.config.BuildFlags, w.Root, l.dir); err != nil {
		return err
	}
	l.env = setEnv(l.env, "GOFLAGS", l.flags.goflags)
	return nil
}

// args returns the arguments of `go list` with the user's build flags.
func (l *loader) args(more ...string) []string {
	args := append([]string{"list"}, l.flags.args...)
	if l.flags.overlayFile != "" {
		args = append(args, "-overlay="+l.flags.overlayFile)
	}
	return append(args, more...)
}

// modules returns the workspace's own modules.
func (l *loader) modules(ctx context.Context) ([]target.Module, error) {
	out, err := l.output(ctx, l.args("-m", "-f", "{{.Path}}\t{{.Dir}}")...)
	if err != nil {
		return nil, commandError("go list -m", out, err)
	}
	modules := []target.Module{}
	for line := range strings.Lines(string(out)) {
		if path, dir, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t"); ok {
			modules = append(modules, target.Module{Path: path, Dir: dir})
		}
	}
	return modules, nil
}

// expandPatterns returns the patterns for the go command. It refuses "dir/..." if
// no module holds dir, and otherwise stays in dir's module; people who stand in
// a workspace mean all of it.
func expandPatterns(asked []string, dir string, w *Workspace) []string {
	if len(asked) == 0 {
		asked = []string{"./..."}
	}
	var patterns []string
	for _, pattern := range asked {
		base, ok := strings.CutSuffix(pattern, "/...")
		if !w.GoWork || !ok || strings.Contains(base, "...") || !isRelative(base) && !filepath.IsAbs(base) {
			patterns = append(patterns, pattern)
			continue
		}
		if !filepath.IsAbs(base) {
			base = filepath.Join(dir, base)
		}
		below := modulesBelow(base, w)
		if len(below) == 0 || slices.ContainsFunc(w.Modules, func(m target.Module) bool { return isInside(base, m.Dir) }) {
			patterns = append(patterns, pattern)
		}
		patterns = append(patterns, below...)
	}
	return patterns
}

// modulesBelow returns patterns for the modules whose directories are below base,
// for all of them if base is the workspace's root.
func modulesBelow(base string, w *Workspace) []string {
	var patterns []string
	for _, m := range w.Modules {
		if m.Dir != base && (base == w.Root || isInside(m.Dir, base)) {
			patterns = append(patterns, m.Dir+"/...")
		}
	}
	return patterns
}

// isInside reports whether dir is parent or below it.
func isInside(dir, parent string) bool {
	return dir == parent || strings.HasPrefix(dir, strings.TrimSuffix(parent, "/")+"/")
}
