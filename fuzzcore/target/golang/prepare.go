package golang

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines Prepare: from the packages of a workspace to fuzz tests that
// are ready to run. It builds the packages, reads their points, and runs each fuzz
// test once up to f.Fuzz to learn its types and seeds.

// PrepareConfig says how to prepare.
type PrepareConfig struct {
	// State is the workspace's state, locked by the caller.
	State *store.State
	// Scope chooses what is instrumented, Flags are the user's build flags.
	Scope Scope
	Flags []string
	// Go is the go command, "" for that on PATH. Env, as "key=value", is added to the
	// environment of the go command and of the fuzz tests.
	Go  string
	Env []string
	// Progress, if set, is told what is being done and what the user should know,
	// one line at a time.
	Progress func(line string)
}

// Prepare builds the packages of w and describes their fuzz tests. What fails is in
// Prepared.Failed; the error is ctx's.
func Prepare(ctx context.Context, w *Workspace, config PrepareConfig) (*target.Prepared, error) {
	p := &preparer{config: config, workspace: w, prepared: new(target.Prepared)}
	requests := make([]BuildRequest, len(w.Packages))
	for i := range w.Packages {
		requests[i] = p.request(&w.Packages[i])
	}
	for i, result := range BuildAll(ctx, requests, runtime.NumCPU()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := result.Err
		if err == nil {
			err = p.add(ctx, &w.Packages[i], result.Target)
		}
		if err != nil {
			p.fail(w.Packages[i].ImportPath, "", err)
		}
	}
	return p.prepared, ctx.Err()
}

type preparer struct {
	config    PrepareConfig
	workspace *Workspace
	prepared  *target.Prepared
}

func (p *preparer) fail(pkg, fn string, err error) {
	failure := &target.PrepareError{Package: pkg, Func: fn, Err: err}
	var compile *CompileError
	if errors.As(err, &compile) {
		failure.Problems = compile.problems(pkg, p.workspace.Root)
	}
	p.prepared.Failed = append(p.prepared.Failed, failure)
}

func (p *preparer) request(pkg *Package) BuildRequest {
	return BuildRequest{
		ImportPath: pkg.ImportPath, Dir: pkg.Dir, Root: p.workspace.Root, Modules: p.workspace.ModulePaths(),
		Scope: p.config.Scope, Flags: p.config.Flags, BuildDir: p.config.State.BuildsDir(),
		Go: p.config.Go, Env: p.environment(), Progress: p.config.Progress,
	}
}

// environment returns that of the go command; nil means this process's own.
func (p *preparer) environment() []string {
	if len(p.config.Env) == 0 {
		return nil
	}
	return append(os.Environ(), p.config.Env...)
}

// add reads the points of a built package and describes its fuzz tests.
func (p *preparer) add(ctx context.Context, pkg *Package, built *Target) error {
	for _, notice := range built.Notices {
		p.progress("%s: %s", pkg.ImportPath, notice)
	}
	id, err := p.inspect(ctx, pkg, built)
	if err != nil {
		return fmt.Errorf("preparing %s: %w", pkg.ImportPath, err)
	}
	record := store.Target{Name: pkg.ImportPath, Coverage: id, Exe: built.Exe, Built: time.Now()}
	for i := range pkg.Tests {
		t, err := p.describe(ctx, &pkg.Tests[i], built)
		if err != nil {
			p.fail(pkg.ImportPath, pkg.Tests[i].Name, fmt.Errorf("preparing %s.%s: %w", pkg.ImportPath, pkg.Tests[i].Name, err))
			continue
		}
		t.CoverageID, t.Dictionary = id, dictionaryPath(built)
		kept := p.config.State.FuzzTest(t.Package, t.Func)
		if err := errors.Join(kept.Create(), provenance.Prune(kept, id), kept.PruneCompares(id)); err != nil {
			return err
		}
		record.Tests = append(record.Tests, t.Func)
		record.Entries = append(record.Entries, t.Entry)
		p.prepared.Tests = append(p.prepared.Tests, *t)
	}
	return p.config.State.SaveTarget(record)
}

// describe learns what only the built fuzz test knows.
func (p *preparer) describe(ctx context.Context, test *target.FuzzTest, built *Target) (*target.Test, error) {
	t := &target.Test{
		Name: test.Package + "." + test.Name, Package: test.Package, Func: test.Name, File: test.File, Line: test.Line,
		Exe: built.Exe, Args: goruntime.Args(test.Name), Dir: built.Dir, Env: p.config.Env, Stock: built.Stock,
	}
	if built.Stock {
		return t, p.describeStock(t, test)
	}
	d, err := executor.Describe(ctx, executor.Config{Exe: t.Exe, Args: t.Args, Env: t.Environ(), Dir: t.Dir})
	if err != nil {
		return nil, err
	}
	for _, problem := range d.Problems {
		p.progress("%s: %s", t.Name, problem)
	}
	t.Types, t.Schema, t.Entry = d.Types, d.Schema, d.Entry
	for _, seed := range d.Seeds {
		t.Seeds = append(t.Seeds, seed.Data)
		t.SeedFiles = append(t.SeedFiles, seedFile(t.Dir, seed.Origin))
	}
	return t, nil
}

// seedFile returns the file of a seed with this executor.Seed.Origin, "" if it is f.Add's.
func seedFile(dir, origin string) string {
	if strings.HasPrefix(origin, "seed#") {
		return ""
	}
	return filepath.Join(dir, filepath.FromSlash(origin))
}

// describeStock does what can be done for a target without our runtime: the source
// tells the types, testdata holds seeds; those of f.Add are not to be had.
func (p *preparer) describeStock(t *target.Test, test *target.FuzzTest) error {
	if !test.ArgsKnown {
		return errors.New("the argument types are not clear from the source, and this Go version's testing package is not known: call f.Fuzz with a function literal")
	}
	schema, err := gocorpus.SchemaOf(test.Args)
	if err != nil {
		return err
	}
	t.Types, t.Schema = test.Args, schema
	paths, err := filepath.Glob(filepath.Join(t.Dir, "testdata", "fuzz", t.Func, "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		var stream []byte
		if err == nil {
			stream, err = gocorpus.Unmarshal(data, t.Types)
		}
		if err != nil {
			p.progress("%s: seed %s is left out: %v", t.Name, path, err)
			continue
		}
		t.Seeds = append(t.Seeds, stream)
		t.SeedFiles = append(t.SeedFiles, path)
	}
	return nil
}

// inspectVersion changes when the same executable has other points or another
// dictionary than before, or the note of its inspection another layout.
const inspectVersion = 4

// dictionaryPath is where the dictionary of a target is.
func dictionaryPath(built *Target) string { return built.Exe + ".dictionary" }

// inspect makes sure that the points of a built target and the texts that they refer
// to are in the state, and its dictionary beside it, and returns the points' id. An
// executable that was inspected before is recognized by its content.
func (p *preparer) inspect(ctx context.Context, pkg *Package, built *Target) (uint64, error) {
	key, err := fileKey(built.Exe)
	if err != nil {
		return 0, err
	}
	path := built.Exe + ".points"
	if note, err := readInspectNote(path); err == nil && note.key == key && p.config.State.HasPoints(note.id) && isFile(dictionaryPath(built)) {
		return note.id, p.saveSources(note.sources)
	}
	p.progress("%s: reading the executable's points", built.ImportPath)
	points, err := ReadPoints(ctx, built.Exe, p.pointsConfig(built))
	if err != nil {
		return 0, err
	}
	var data bytes.Buffer
	if err := points.Encode(&data); err != nil {
		return 0, err
	}
	if err := p.config.State.SavePoints(points.ID, data.Bytes()); err != nil {
		return 0, err
	}
	note := inspectNote{key: key, id: points.ID, sources: ownSources(points)}
	if err := p.saveSources(note.sources); err != nil {
		return 0, err
	}
	if err := target.SaveDictionary(dictionaryPath(built), tokens(Constants(pkg, built))); err != nil {
		return 0, err
	}
	if err := os.WriteFile(path, note.encode(), 0o644); err != nil {
		return 0, fmt.Errorf("noting the points of %s: %w", built.Exe, err)
	}
	return points.ID, nil
}

func (p *preparer) pointsConfig(built *Target) PointsConfig {
	config := PointsConfig{Packages: map[string]string{}}
	for _, m := range p.workspace.Modules {
		config.Modules = append(config.Modules, SourceModule{Path: m.Path, Dir: m.Dir, Own: true})
	}
	for _, pkg := range built.Packages {
		config.Packages[pkg.ImportPath] = pkg.Dir
	}
	return config
}

func (p *preparer) progress(format string, args ...any) {
	if p.config.Progress != nil {
		p.config.Progress(fmt.Sprintf(format, args...))
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// fileKey identifies a file by its content.
func fileKey(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a built target: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("reading a built target: %w", err)
	}
	return fmt.Sprintf("%d-%x", inspectVersion, sum.Sum(nil)), nil
}

// ParseScope reads the notation of a scope: "module", "all", or patterns of
// dependencies separated by commas.
func ParseScope(s string) Scope {
	switch s {
	case "", "module":
		return Scope{Mode: ScopeModule}
	case "all":
		return Scope{Mode: ScopeAll}
	}
	return Scope{Mode: ScopePatterns, Patterns: strings.Split(s, ",")}
}
