package golang

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// This file defines Scope: which packages of a target are instrumented.

// ScopeMode is a way of choosing packages.
type ScopeMode int

// The ways of choosing packages.
const (
	// ScopeModule takes the packages of the workspace's own modules.
	ScopeModule ScopeMode = iota
	// ScopePatterns takes those and the dependencies that match Scope.Patterns.
	ScopePatterns
	// ScopeAll takes everything that can be instrumented, the standard library
	// included.
	ScopeAll
)

// Scope chooses the packages to instrument among those a test executable is made
// of. The package under test is always one of them. Packages of the standard
// library get edge counters only, other packages cover blocks as well.
type Scope struct {
	Mode ScopeMode
	// Patterns are import paths, in which "..." stands for any text, or "std", or
	// directories relative to the workspace root ("./third_party/...").
	Patterns []string
}

// uninstrumentable are the packages that are never instrumented: those that
// cmd/go/internal/test leaves out with `go test -fuzz`, because the testing
// machinery uses them between runs too or the linker refuses, and unsafe, which
// has no code.
var uninstrumentable = map[string]bool{
	"context":               true,
	"internal/fuzz":         true,
	"internal/godebug":      true,
	"internal/runtime/maps": true,
	"internal/sync":         true,
	"reflect":               true,
	"runtime":               true,
	"runtime/coverage":      true,
	"sync":                  true,
	"sync/atomic":           true,
	"syscall":               true,
	"testing":               true,
	"time":                  true,
	"unsafe":                true,
}

// choose returns the packages of deps that are in the scope, sorted by import
// path. tested is the package under test, root and modules are the workspace's.
func (s Scope) choose(deps []listedPackage, tested, root string, modules []string) ([]InstrumentedPackage, error) {
	matched := make([]bool, len(s.Patterns))
	var chosen []InstrumentedPackage
	for i := range deps {
		p := &deps[i]
		if uninstrumentable[p.ImportPath] && p.ImportPath != tested {
			continue
		}
		own := isOwn(p, tested, modules)
		if !own && !s.includes(p, root, matched) {
			continue
		}
		files := slices.Concat(p.GoFiles, p.CgoFiles)
		slices.Sort(files)
		chosen = append(chosen, InstrumentedPackage{
			ImportPath: p.ImportPath,
			Dir:        p.Dir,
			Files:      files,
			Own:        own,
			Blocks:     len(files) > 0 && (!p.Standard || own) && !uninstrumentable[p.ImportPath],
		})
	}
	for i, pattern := range s.Patterns {
		if s.Mode == ScopePatterns && !matched[i] {
			return nil, fmt.Errorf("scope %q matches no package that the tests of %s depend on and that can be instrumented: `go list -deps -test %s` lists them",
				pattern, tested, tested)
		}
	}
	slices.SortFunc(chosen, func(a, b InstrumentedPackage) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
	return chosen, nil
}

// includes reports whether the dependency p is in the scope, and notes in
// matched which patterns have had a match. A pattern that matches own packages
// only has none.
func (s Scope) includes(p *listedPackage, root string, matched []bool) bool {
	switch s.Mode {
	case ScopeAll:
		return true
	case ScopePatterns:
		included := false
		for i, pattern := range s.Patterns {
			if matchPackage(pattern, root, p) {
				matched[i], included = true, true
			}
		}
		return included
	}
	return false
}

// isOwn reports whether p belongs to the user: to a main module, to a module of
// the workspace, or, outside of modules, not to the standard library.
func isOwn(p *listedPackage, tested string, modules []string) bool {
	switch {
	case p.ImportPath == tested:
		return true
	case p.Standard:
		return false
	case p.Module == nil:
		return true
	}
	return p.Module.Main || slices.Contains(modules, p.Module.Path)
}

// coverMode returns the mode of the cover blocks for packages; "" if none has any.
func coverMode(packages []InstrumentedPackage, race bool) string {
	if !slices.ContainsFunc(packages, func(p InstrumentedPackage) bool { return p.Blocks }) {
		return ""
	}
	if race {
		return "atomic" // the go command demands it
	}
	return "set" // one plain store for each block: the cheapest
}

// instrumentation returns the flags that instrument t.Packages. The last
// matching -gcflags is the one that counts, so each package's repeats the user's.
func instrumentation(t *Target, deps []listedPackage, flags *buildFlags, tested string) []string {
	listed := make(map[string]*listedPackage, len(deps))
	for i := range deps {
		listed[deps[i].ImportPath] = &deps[i]
	}
	var args, blocks []string
	for _, p := range t.Packages {
		user := flags.gcflagsFor(listed[p.ImportPath], p.ImportPath == tested)
		args = append(args, "-gcflags="+p.ImportPath+"="+strings.TrimSpace(user+" -d=libfuzzer"))
		if p.Blocks {
			blocks = append(blocks, p.ImportPath)
		}
	}
	if t.CoverMode != "" {
		args = append(args, "-cover", "-covermode="+t.CoverMode, "-coverpkg="+strings.Join(blocks, ","))
	}
	return args
}
