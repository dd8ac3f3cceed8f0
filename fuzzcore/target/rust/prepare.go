package rust

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/ossfuzz"
)

// This file defines Prepare: from fuzz tests of cargo fuzz to such that are ready to run.

// Prepare implements target.Found.
func (w *Workspace) Prepare(ctx context.Context, tests []target.FuzzTest, config target.PrepareConfig) (*target.Prepared, error) {
	prepared := &target.Prepared{}
	wanted := map[string]bool{}
	for _, t := range tests {
		wanted[t.Package+"."+t.Name] = true
	}
	c := &crate{config: config}
	for i := range w.targets {
		t := &w.targets[i]
		if !wanted[t.test.Package+"."+t.test.Name] {
			continue
		}
		if c.library == "" {
			if err := c.prepare(ctx); err != nil {
				prepared.Failed = append(prepared.Failed, prepareError(t, err, w.Root))
				break
			}
		}
		test, err := w.add(ctx, c, t)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			prepared.Failed = append(prepared.Failed, prepareError(t, err, w.Root))
			continue
		}
		prepared.Tests = append(prepared.Tests, *test)
	}
	return prepared, ctx.Err()
}

// add builds a fuzz test and describes it.
func (w *Workspace) add(ctx context.Context, c *crate, t *fuzzTarget) (*target.Test, error) {
	name := target.FullName(t.test.Package, t.test.Name)
	if c.config.Progress != nil {
		c.config.Progress(name + ": building with cargo")
	}
	// All fuzz tests of a package share what cargo builds.
	key := sha256.Sum256([]byte(t.manifest + "\x00" + strings.Join(c.environment, "\x00")))
	dir := filepath.Join(c.config.State.BuildsDir(), fmt.Sprintf("cargo-%.8x", key))
	exe, err := c.build(ctx, t, filepath.Join(dir, "target"))
	if err != nil {
		return nil, err
	}
	own := filepath.Join(c.config.State.BuildsDir(), fmt.Sprintf("%s-%.8x", t.test.Name, key))
	if exe, err = clang.Place(exe, own, t.test.Name); err != nil {
		return nil, err
	}
	test := &target.Test{
		Language: target.Rust, Name: name, Package: t.test.Package, Func: t.test.Name, File: t.test.File, Line: t.test.Line,
		Sources: w.Root, Exe: exe, Args: []string{}, Dir: filepath.Dir(t.manifest), Env: c.config.Tools.Env, Schema: target.RawSchema(),
	}
	// cargo fuzz keeps its corpora beside the package's Cargo.toml.
	seeds := ossfuzz.Config{Dir: filepath.Dir(t.manifest), Name: t.test.Name}
	return test, clang.Complete(ctx, test, own, seeds, c.config)
}
