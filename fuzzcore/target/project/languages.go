package project

import (
	"context"
	"os"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/rust"
	"github.com/fuzzls/fuzzls/fuzzcore/target/zig"
)

// This file defines the languages: how each finds fuzz tests.

// find finds the fuzz tests of one language. Nothing is built or run.
type find func(ctx context.Context, config target.FindConfig) (target.Found, error)

// others are the languages beside Go, which is first and decides where the root is.
var others = []find{findClang, findRust, findZig}

func findClang(ctx context.Context, config target.FindConfig) (target.Found, error) {
	return clang.Find(ctx, config)
}

func findRust(ctx context.Context, config target.FindConfig) (target.Found, error) {
	return rust.Find(ctx, config)
}

func findZig(ctx context.Context, config target.FindConfig) (target.Found, error) {
	return zig.Find(ctx, config)
}

// goFound is a Go workspace as a target.Found.
type goFound struct{ *golang.Workspace }

// loadGo finds the fuzz tests of Go.
func loadGo(ctx context.Context, config Config) (goFound, error) {
	load := golang.LoadConfig{
		Dir: config.Dir, Patterns: config.Patterns, BuildFlags: config.Tools.Go.Flags, Go: config.Tools.Go.Path,
	}
	if len(config.Tools.Env) > 0 {
		load.Env = append(os.Environ(), config.Tools.Env...)
	}
	w, err := golang.Load(ctx, load)
	return goFound{w}, err
}

func (f goFound) Tests() []target.FuzzTest { return f.FuzzTests() }

func (f goFound) Problems() []target.Problem { return f.Workspace.Problems }

func (f goFound) Files(pkg string) []string {
	for i := range f.Packages {
		if f.Packages[i].ImportPath == pkg {
			return f.Packages[i].Files
		}
	}
	return nil
}

func (f goFound) Prepare(ctx context.Context, tests []target.FuzzTest, config target.PrepareConfig) (*target.Prepared, error) {
	wanted := idsOf(tests)
	selected := f.Only(func(t *target.FuzzTest) bool { return wanted[idOf(t)] })
	tools := &config.Tools
	return golang.Prepare(ctx, selected, golang.PrepareConfig{
		State: config.State, Scope: golang.ParseScope(tools.Go.Scope), Flags: tools.Go.Flags, Go: tools.Go.Path,
		Env: tools.Env, Progress: config.Progress,
	})
}

// id names a fuzz test among those of one language.
type id struct{ pkg, name string }

func idOf(t *target.FuzzTest) id { return id{t.Package, t.Name} }

func idsOf(tests []target.FuzzTest) map[id]bool {
	ids := make(map[id]bool, len(tests))
	for i := range tests {
		ids[idOf(&tests[i])] = true
	}
	return ids
}
