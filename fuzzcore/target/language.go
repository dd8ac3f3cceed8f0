package target

import (
	"context"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines what every language does for package project: it finds fuzz tests
// and prepares them.

// Tools are the user's choices about what finds and builds fuzz tests.
type Tools struct {
	// Env is added to the environment of what builds, and of the fuzz tests, as
	// "key=value".
	Env   []string
	Go    GoTool
	Clang ClangTool
	Zig   ZigTool
}

// GoTool is how Go is built.
type GoTool struct {
	// Path is the go command, "" for that on PATH; Flags are flags of `go build`.
	Path  string
	Flags []string
	// Scope chooses what is instrumented: "module" or "", "all", or import path patterns
	// of dependencies separated by commas.
	Scope string
}

// ClangTool is how C and C++ are built.
type ClangTool struct {
	// Path is the clang command, "" for the newest on PATH.
	Path string
	// Sanitizer is one of Sanitizers; "" is the first.
	Sanitizer string
}

// Sanitizers are the choices of ClangTool.Sanitizer, the usual one first.
var Sanitizers = []string{"address", "undefined", "memory", "none"}

// ZigTool is how Zig is built.
type ZigTool struct {
	// Path is the zig command, "" for that on PATH.
	Path string
	// Optimize is one of ZigOptimize; "" is the first.
	Optimize string
}

// ZigOptimize are the choices of ZigTool.Optimize, the usual one first.
var ZigOptimize = []string{"ReleaseSafe", "Debug"}

// FindConfig says where to look for fuzz tests.
type FindConfig struct {
	// Root is the workspace's root, which packages are relative to; Dir is the directory
	// that patterns are relative to, in Root. Both are absolute.
	Root, Dir string
	// Patterns are directories relative to Dir, those that end in "/..." with all that is
	// below; none means "./...". What names nothing of the language is passed over.
	Patterns []string
	Tools    Tools
}

// Found is the fuzz tests of one language in a workspace. Its slices may be nil.
type Found interface {
	// Tests are sorted by package, file and line.
	Tests() []FuzzTest
	Problems() []Problem
	// Files returns the source files of a package, absolute, as far as they are known
	// without a build.
	Files(pkg string) []string
	// Prepare builds the packages of tests, some of those of Tests, and describes them.
	// What fails is in Prepared.Failed; the error is ctx's.
	Prepare(ctx context.Context, tests []FuzzTest, config PrepareConfig) (*Prepared, error)
}

// PrepareConfig says how to prepare.
type PrepareConfig struct {
	// State is the workspace's state, locked by the caller.
	State *store.State
	Tools Tools
	// Progress, if set, is told what is being done and what the user should know,
	// one line at a time. Its calls do not overlap.
	Progress func(line string)
}

// Prepared is what Prepare made.
type Prepared struct {
	// Tests are grouped by package, in the workspace's order.
	Tests []Test
	// Failed holds what is not in Tests.
	Failed []*PrepareError
}

// PrepareError says why a package or a fuzz test could not be prepared.
type PrepareError struct {
	// Package and Func are those of a Test; Func is "" if the whole package failed.
	Package, Func string
	// Problems are the compiler's messages that name a place, in its order; none if the
	// failure has no place.
	Problems []Problem
	// Err names package and fuzz test itself, and holds what Problems tell.
	Err error
}

func (e *PrepareError) Error() string { return e.Err.Error() }

func (e *PrepareError) Unwrap() error { return e.Err }
