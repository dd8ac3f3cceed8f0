package golang

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
)

// This file defines Build: from a package to an instrumented executable.

// BuildRequest says which package to build and how.
type BuildRequest struct {
	// ImportPath names the package whose fuzz tests are wanted; Dir is its
	// directory, absolute.
	ImportPath string
	Dir        string
	// Root is the workspace root, absolute. Diagnostics name files relative to it,
	// and relative paths in Flags refer to it. Empty means Dir.
	Root string
	// Modules are the paths of the workspace's modules. Packages of the go tool's
	// own main modules count as the user's even when they are not named here.
	Modules []string
	// Scope chooses the packages to instrument.
	Scope Scope
	// Flags are the user's build flags, as `go build` takes them.
	Flags []string
	// Go is the go command; empty means "go" on PATH.
	Go string
	// Env is the environment of the go command; nil means that of this process.
	Env []string
	// BuildDir is where builds are kept (.fuzzls/builds), absolute. Build makes it.
	BuildDir string
	// Parallel is how many compile steps the go command may run at once; 0 means
	// one for each processor.
	Parallel int
	// Progress, if set, is told what is being done, one line at a time. Build calls
	// it from the goroutine that called Build.
	Progress func(line string)
}

// Target is a built test executable.
type Target struct {
	ImportPath string
	// Dir is the package's directory, where the executable must be run.
	Dir string
	// Exe is the executable, absolute. A later build of the same request replaces
	// the file; it never changes an executable that is running.
	Exe string
	// GoVersion ("go1.26.1") and GoRoot belong to the go command that built Exe,
	// which a toolchain line in go.mod may have chosen. GoRoot may be a symbolic
	// link in the request's BuildDir.
	GoVersion string
	GoRoot    string
	// Stock: Exe holds no runtime of ours and speaks only the protocol of `go test
	// -fuzz`. A notice says why.
	Stock bool
	// Race: Exe was built with the race detector.
	Race bool
	// CoverMode is the mode of Go's own cover blocks, "set" or "atomic"; empty if
	// Exe has none.
	CoverMode string
	// Packages are the instrumented packages, sorted by import path.
	Packages []InstrumentedPackage
	// Notices are sentences for the user about what was built differently from
	// what might be expected.
	Notices []string
}

// InstrumentedPackage is one package that a target observes.
type InstrumentedPackage struct {
	ImportPath string
	Dir        string
	// Files are the names of the Go files in Dir that belong to the build, those
	// with cgo included and tests not.
	Files []string
	// Own: the package belongs to the workspace, it is no dependency.
	Own bool
	// Blocks: the package has Go's cover blocks beside its edge counters.
	Blocks bool
}

// Build builds req's package with the user's own go command, instrumented with
// edge counters and compare hooks (-d=libfuzzer), with Go's cover blocks, and
// with the runtime of package goruntime laid over the standard library. An
// unchanged package costs only what the go command needs to see that.
//
// Errors are *CompileError for what the go command refused to build, ErrNoGo,
// ErrOldGo, ErrNoFuzzTest, *FlagError, all wrapped in the package's name, or
// ctx's error.
func Build(ctx context.Context, req BuildRequest) (*Target, error) {
	b := builder{BuildRequest: req, overlay: goruntime.Overlay}
	return b.build(ctx)
}

// builder is one build.
type builder struct {
	BuildRequest
	// overlay writes the files of the overlay; tests replace it.
	overlay overlayWriter
}

func (b *builder) build(ctx context.Context) (*Target, error) {
	t, err := b.run(ctx)
	if err == nil {
		return t, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("building %s: %w", b.ImportPath, ctx.Err())
	}
	var compile *CompileError
	if errors.As(err, &compile) {
		return nil, err // it names the package itself
	}
	return nil, fmt.Errorf("building %s: %w", b.ImportPath, err)
}

func (b *builder) run(ctx context.Context) (*Target, error) {
	if err := b.complete(); err != nil {
		return nil, err
	}
	start := time.Now()
	b.progress("%s: preparing", b.ImportPath)
	g := goTool{exe: b.Go, dir: b.Dir, env: b.Env}
	env, err := g.readEnv(ctx)
	if err != nil {
		return nil, err
	}
	if err := env.check(); err != nil {
		return nil, err
	}
	if err := g.leaveModuleCache(env, b.BuildDir); err != nil {
		return nil, err
	}
	flags, err := parseFlags(env.GOFLAGS, b.Flags, b.Root, b.Dir)
	if err != nil {
		return nil, err
	}
	unlock, err := b.makeDir(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	g.env = setEnv(setEnv(g.env, "GOFLAGS", flags.goflags), "GOTMPDIR", b.tmp())
	t := &Target{
		ImportPath: b.ImportPath,
		Dir:        b.Dir,
		Exe:        filepath.Join(b.dir(), "x.test"),
		GoVersion:  env.GOVERSION,
		GoRoot:     env.GOROOT,
		Race:       flags.race,
		Notices:    flags.notices,
	}
	if err := b.compile(ctx, &g, t, flags); err != nil {
		return nil, err
	}
	b.progress("%s: built in %v", b.ImportPath, time.Since(start).Round(10*time.Millisecond))
	return t, nil
}

// complete puts in what the request left out.
func (b *builder) complete() error {
	if b.Go == "" {
		b.Go = "go"
	}
	if b.Root == "" {
		b.Root = b.Dir
	}
	if b.Env == nil {
		b.Env = os.Environ()
	}
	if b.Parallel <= 0 {
		b.Parallel = runtime.NumCPU()
	}
	for _, dir := range []string{b.Dir, b.Root, b.BuildDir} {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("directory %q is not absolute", dir)
		}
	}
	return nil
}

// makeDir makes the target's own directory and locks it until unlock is called.
// The go command's temporary files are there too, so that it can put the
// executable in place with a rename; what a killed build left of them is
// nobody's, because the directory is locked.
func (b *builder) makeDir(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(b.dir(), 0o755); err != nil {
		return nil, fmt.Errorf("making the build directory: %w", err)
	}
	release, err := lockDir(ctx, b.dir())
	if err != nil {
		return nil, err
	}
	if err := errors.Join(os.RemoveAll(b.tmp()), os.Mkdir(b.tmp(), 0o755)); err != nil {
		release()
		return nil, fmt.Errorf("making the build directory: %w", err)
	}
	return func() {
		os.RemoveAll(b.tmp()) // if that fails, the next build does it
		release()
	}, nil
}

// dir is the target's directory: the same for the same package built in the same
// way, readable at its end.
func (b *builder) dir() string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %v %q", b.ImportPath, b.Dir, b.Scope, b.Flags)
	return filepath.Join(b.BuildDir, fmt.Sprintf("%s-%x", path.Base(b.ImportPath), h.Sum(nil)[:8]))
}

func (b *builder) tmp() string { return filepath.Join(b.dir(), "tmp") }

// compile chooses the packages to instrument, runs `go test -c` and completes t.
// If only the runtime does not compile, it builds a stock target.
func (b *builder) compile(ctx context.Context, g *goTool, t *Target, flags *buildFlags) error {
	err := b.compileWith(ctx, g, t, flags)
	if !t.Stock && b.isRuntimesFault(err, t.GoRoot) {
		t.makeStock(err)
		err = b.compileWith(ctx, g, t, flags)
	}
	return err
}

func (b *builder) compileWith(ctx context.Context, g *goTool, t *Target, flags *buildFlags) error {
	overlay, err := b.makeOverlay(t, flags.overlay)
	if err != nil {
		return err
	}
	args := slices.Clone(flags.args)
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	deps, err := b.list(ctx, g, args)
	if err != nil {
		return err
	}
	if err := checkFuzzTests(deps, b.ImportPath, flags.overlay); err != nil {
		return err
	}
	if t.Packages, err = b.Scope.choose(deps, b.ImportPath, b.Root, b.Modules); err != nil {
		return err
	}
	t.dropReplacedBlocks(flags.overlay)
	if t.Stock {
		t.dropBlocks()
	}
	t.CoverMode = coverMode(t.Packages, flags.race)

	b.progress("%s: compiling with %s, instrumented packages: %d", b.ImportPath, t.GoVersion, len(t.Packages))
	args = append([]string{"test", "-c", "-vet=off", fmt.Sprintf("-p=%d", b.Parallel)}, args...)
	args = append(args, instrumentation(t, deps, flags, b.ImportPath)...)
	args = append(args, "-o="+t.Exe, ".")
	if out, err := g.output(ctx, args...); err != nil {
		return b.compileError(ctx, g, t, flags, out, err)
	}
	return checkBuilt(t)
}

func (b *builder) progress(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}

// checkBuilt makes sure that t.Exe was made, and by the go command that the
// overlay was made for.
func checkBuilt(t *Target) error {
	info, err := buildinfo.ReadFile(t.Exe)
	if err != nil {
		return fmt.Errorf("the go command reported success but made no usable executable: %w", err)
	}
	if version, _, _ := strings.Cut(info.GoVersion, " "); version != firstWord(t.GoVersion) {
		return fmt.Errorf("`go env` in %s says %s, but the executable was built by %s: make go.mod, go.work and GOTOOLCHAIN agree on one version",
			t.Dir, t.GoVersion, info.GoVersion)
	}
	return nil
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}
