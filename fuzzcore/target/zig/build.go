package zig

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file builds test executables in fuzz mode, with our build runner.

//go:embed build/runner.zig
var runnerSource []byte

//go:embed build/files/build.zig
var filesSource []byte

// builder builds the test executables of one project.
type builder struct {
	tools *toolchain
	// dir is the project's directory, with its build.zig: `zig build` runs in it.
	dir string
	// options are -Dname=value.
	options []string
	// scratch is the directory of all builds of Zig in the workspace's state, absolute: the
	// build runner, Zig's cache and reports are in it.
	scratch string
}

// report is what the build runner writes.
type report struct {
	Tests []executable `json:"tests"`
}

// executable is a test executable of a project.
type executable struct {
	Name string `json:"name"`
	// Root is its root file, absolute; "" if a step of the build makes it.
	Root     string `json:"root"`
	Optimize string `json:"optimize"`
	// CustomRunner: it has a test runner of its own. Foreign: it is for another machine.
	CustomRunner bool `json:"custom_runner"`
	Foreign      bool `json:"foreign"`
	// Built: it was to be built. Exe is its path if that went well.
	Built bool   `json:"built"`
	Exe   string `json:"exe"`
	// FailedStep is the step that failed, Errors what the compiler said, Output what it or
	// another tool printed.
	FailedStep string         `json:"failed_step"`
	Errors     []buildMessage `json:"errors"`
	Output     string         `json:"output"`
}

// buildMessage is what the compiler says of a place. File is relative to the project's
// directory; Line and Column are 1-based, 0 if there is no place.
type buildMessage struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`
}

// buildError is a `zig build` that made no report: build.zig itself does not work.
type buildError struct {
	dir, output string
	err         error
}

func (e *buildError) Error() string { return fmt.Sprintf("zig build in %s: %v", e.dir, e.err) }

func (e *buildError) Unwrap() error { return e.err }

// list returns the project's test executables. It runs build.zig.
func (b *builder) list(ctx context.Context) ([]executable, error) {
	if err := pruneCache(b.cache(), maxCache); err != nil {
		return nil, err
	}
	return b.run(ctx, nil)
}

// cache is Zig's cache directory.
func (b *builder) cache() string { return filepath.Join(b.scratch, "cache") }

// build builds the test executables with those root files and returns all.
func (b *builder) build(ctx context.Context, roots []string) ([]executable, error) {
	return b.run(ctx, roots)
}

func (b *builder) run(ctx context.Context, roots []string) ([]executable, error) {
	runner, err := place(b.scratch, "runner.zig", runnerSource)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.scratch, fmt.Sprintf("report-%.8x.json", sha256.Sum256([]byte(b.dir))))
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	args := []string{b.tools.path, "build", "--build-runner", runner, "--cache-dir", b.cache(), "--color", "off"}
	args = append(append(args, b.options...), "--", path, b.tools.optimize)
	out, err := clang.Run(ctx, b.dir, b.tools.env, append(args, roots...)...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &buildError{b.dir, out, err}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &buildError{b.dir, out, fmt.Errorf("it ended without a report: %w", err)}
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, &buildError{b.dir, out, fmt.Errorf("report %s: %w", path, err)}
	}
	return r.Tests, nil
}

// place writes a file of ours, unless it is there already, and returns its path. Another
// version of it has another name: Zig's cache goes by it.
func place(dir, name string, content []byte) (string, error) {
	dir = filepath.Join(dir, fmt.Sprintf("%.8x", sha256.Sum256(content)))
	path := filepath.Join(dir, name)
	if have, err := os.ReadFile(path); err == nil && string(have) == string(content) {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("writing what builds Zig: %w", err)
	}
	temp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return "", fmt.Errorf("writing what builds Zig: %w", err)
	}
	return path, os.Rename(temp, path)
}

// filesProject returns the directory of the project that builds files without one.
func filesProject(scratch string) (string, error) {
	path, err := place(scratch, buildName, filesSource)
	return filepath.Dir(path), err
}
