package clang

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/cruntime"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/ossfuzz"
)

// This file defines Prepare: from harnesses to fuzz tests that are ready to run.

// Files implements target.Found: the harnesses, and the sources that are named for them.
func (w *Workspace) Files(pkg string) []string {
	var files []string
	for _, h := range w.Harnesses {
		if h.Test.Package != pkg || h.Test.File == "" {
			continue
		}
		files = append(files, h.Test.File)
		if h.Recipe != nil {
			files = append(files, h.Recipe.Sources...)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}

// Prepare implements target.Found.
func (w *Workspace) Prepare(ctx context.Context, tests []target.FuzzTest, config target.PrepareConfig) (*target.Prepared, error) {
	p := &preparer{config: config, workspace: w, prepared: new(target.Prepared)}
	wanted := map[string]bool{}
	for i := range tests {
		wanted[testName(&tests[i])] = true
	}
	var tool *toolchain
	for i := range w.Harnesses {
		h := &w.Harnesses[i]
		if !wanted[testName(&h.Test)] {
			continue
		}
		if tool == nil && h.Exe == "" {
			var err error
			if tool, err = p.toolchain(ctx); err != nil {
				p.fail(&h.Test, err)
				break
			}
		}
		if err := p.add(ctx, h, tool); err != nil {
			p.fail(&h.Test, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return p.prepared, ctx.Err()
}

type preparer struct {
	config    target.PrepareConfig
	workspace *Workspace
	prepared  *target.Prepared
}

func (p *preparer) fail(t *target.FuzzTest, err error) {
	p.prepared.Failed = append(p.prepared.Failed, p.workspace.prepareError(t, err))
}

// toolchain finds the compiler and builds the runtime with it.
func (p *preparer) toolchain(ctx context.Context) (*toolchain, error) {
	sanitizer, err := checkSanitizer(p.config.Tools.Clang.Sanitizer)
	if err != nil {
		return nil, err
	}
	c, err := findCompiler(ctx, p.config.Tools.Clang.Path, p.config.Tools.Env)
	if err != nil {
		return nil, err
	}
	library, err := cruntime.Build(ctx, cruntime.Compiler{Path: c.path}, filepath.Join(p.config.State.BuildsDir(), "runtime"))
	if err != nil {
		return nil, err
	}
	return &toolchain{compiler: c, sanitizer: sanitizer, library: library}, nil
}

// buildDir is the directory of a fuzz test's builds: one for each way to build it, so that
// going back to an earlier choice costs nothing.
func (p *preparer) buildDir(h *Harness, tool *toolchain) string {
	name := testName(&h.Test)
	if tool == nil {
		return filepath.Join(p.config.State.BuildsDir(), fmt.Sprintf("%s-%.8x", h.Test.Name, sha256.Sum256([]byte(name))))
	}
	key := strings.Join(append([]string{name, tool.path, tool.version, tool.library}, instrumentation(tool.major, tool.sanitizer)...), "\x00")
	return filepath.Join(p.config.State.BuildsDir(), fmt.Sprintf("%s-%.8x", h.Test.Name, sha256.Sum256([]byte(key))))
}

// add builds a harness and describes its fuzz test.
func (p *preparer) add(ctx context.Context, h *Harness, tool *toolchain) error {
	b := &builder{harness: h, root: p.workspace.Root, dir: p.buildDir(h, tool), environ: p.config.Tools.Env, progress: p.config.Progress}
	if tool != nil {
		b.tool = *tool
	}
	made, err := b.build(ctx)
	if err != nil {
		return err
	}
	t := &target.Test{
		Language: target.C, Name: testName(&h.Test), Package: h.Test.Package, Func: h.Test.Name, File: h.Test.File, Line: h.Test.Line,
		Sources: p.workspace.Root, Exe: made.exe, Args: []string{}, Dir: h.Test.Dir, Env: p.config.Tools.Env, Schema: target.RawSchema(),
	}
	seeds := ossfuzz.Config{Dir: h.Test.Dir, Name: h.Test.Name, SeedDirs: made.corpus, Dictionary: made.dict}
	if err := Complete(ctx, t, b.dir, seeds, p.config); err != nil {
		return err
	}
	p.prepared.Tests = append(p.prepared.Tests, *t)
	return nil
}
