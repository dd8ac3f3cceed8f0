package golang

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// This file defines goTool: running the user's go command.

// ErrNoGo is returned when there is no go command.
var ErrNoGo = errors.New("go not found: install Go 1.22 or newer (https://go.dev/dl) or put the directory of the go command on PATH")

// ErrOldGo is returned when the go command is too old.
var ErrOldGo = errors.New("go is too old: Go 1.22 or newer is needed")

// oldestGo is the oldest release the overlay is made and tested for.
const oldestGo = "go1.22"

// killDelay is how long a killed go command may take until its output pipes are
// closed by force: a process that left its process group might hold them.
const killDelay = 2 * time.Second

// goTool runs one go command in one directory.
type goTool struct {
	exe string
	dir string
	env []string
}

// output runs the go command and returns its standard output. On failure the
// first result is its standard error, which holds the messages, followed by its
// standard output, and the error is an *exec.ExitError or what kept it from
// running. When ctx ends, the go command and all compilers it started are killed.
func (g *goTool) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, g.exe, args...)
	cmd.Dir = g.dir
	cmd.Env = setEnv(g.env, "PWD", g.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	switch {
	case !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist):
	case !isDir(g.dir):
		return nil, fmt.Errorf("there is no directory %s any more: find the fuzz tests again", g.dir)
	default:
		return nil, fmt.Errorf("%w (looked for %q)", ErrNoGo, g.exe)
	}
	return append(stderr.Bytes(), stdout.Bytes()...), err
}

// goEnv is what `go env` says in the package's directory.
type goEnv struct {
	GOROOT     string
	GOVERSION  string
	GOFLAGS    string
	GOARCH     string
	GOMODCACHE string
}

func (g *goTool) readEnv(ctx context.Context) (*goEnv, error) {
	out, err := g.output(ctx, "env", "-json", "GOROOT", "GOVERSION", "GOFLAGS", "GOARCH", "GOMODCACHE")
	if err != nil {
		return nil, commandError("go env", out, err)
	}
	env := new(goEnv)
	if err := json.Unmarshal(out, env); err != nil {
		return nil, fmt.Errorf("`go env -json` printed no JSON: %w", err)
	}
	return env, nil
}

// check reports a go command that cannot build a target.
func (e *goEnv) check() error {
	// A development version ("devel go1.27-abcdef") is not a valid one; the overlay's
	// anchors decide about it.
	v := firstWord(e.GOVERSION)
	if version.IsValid(v) && version.Compare(v, oldestGo) < 0 {
		return fmt.Errorf("%w, %s is %s: install a newer one (https://go.dev/dl)", ErrOldGo, e.GOROOT, e.GOVERSION)
	}
	if e.GOARCH != "amd64" && e.GOARCH != "arm64" {
		return fmt.Errorf("GOARCH is %s: fuzz targets can be built for amd64 and arm64", e.GOARCH)
	}
	return nil
}

// listedPackage is what we read of a package from `go list -json`.
type listedPackage struct {
	ImportPath     string
	Dir            string
	ForTest        string
	Standard       bool
	DepOnly        bool
	Module         *listedModule
	GoFiles        []string
	CgoFiles       []string
	TestGoFiles    []string
	XTestGoFiles   []string
	IgnoredGoFiles []string
}

type listedModule struct {
	Path string
	Main bool
}

// list returns the packages that the test executable of the package is made of,
// each once, in dependency order. It does not compile anything. Problems in
// packages are left to the build to report. flags are build flags.
func (b *builder) list(ctx context.Context, g *goTool, flags []string) ([]listedPackage, error) {
	args := []string{"list", "-e", "-deps", "-test",
		"-json=ImportPath,Dir,ForTest,Standard,DepOnly,Module,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles"}
	args = append(append(args, flags...), ".")
	out, err := g.output(ctx, args...)
	if err != nil {
		return nil, b.newCompileError(out, err)
	}
	return parseList(out)
}

// parseList reads the output of `go list -deps -test -json`. A package that is
// there once as itself and once recompiled for the test ("p [q.test]") is
// returned once; external tests and the test's main package are left out: they
// take their flags from the package under test.
func parseList(out []byte) ([]listedPackage, error) {
	var list []listedPackage
	index := make(map[string]int)
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listedPackage
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("reading the output of `go list`: %w", err)
		}
		if strings.HasSuffix(p.ImportPath, ".test") && len(p.TestGoFiles)+len(p.XTestGoFiles) == 0 && isGenerated(p) {
			continue
		}
		if p.ForTest != "" {
			p.ImportPath, _, _ = strings.Cut(p.ImportPath, " [")
			p.GoFiles = slices.DeleteFunc(p.GoFiles, isTestFile)
			if p.ImportPath == p.ForTest+"_test" && len(p.GoFiles)+len(p.CgoFiles) == 0 {
				continue
			}
		}
		if i, ok := index[p.ImportPath]; ok {
			list[i].DepOnly = list[i].DepOnly && p.DepOnly
			continue
		}
		index[p.ImportPath] = len(list)
		list = append(list, p)
	}
	return list, nil
}

// isGenerated reports whether p is a test's main package: its one file is the go
// command's own, outside of the package's directory.
func isGenerated(p listedPackage) bool {
	return len(p.GoFiles) == 0 || len(p.GoFiles) == 1 && filepath.IsAbs(p.GoFiles[0])
}

func isTestFile(name string) bool { return strings.HasSuffix(name, "_test.go") }

// setEnv returns env with key set to value.
func setEnv(env []string, key, value string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(kv string) bool { return strings.HasPrefix(kv, key+"=") })
	return append(env, key+"="+value)
}

// commandError describes a go command that failed for a reason that is not in
// the user's packages.
func commandError(what string, out []byte, err error) error {
	if text := strings.TrimSpace(string(out)); text != "" {
		return fmt.Errorf("`%s`: %s", what, text)
	}
	return fmt.Errorf("`%s`: %w", what, err)
}
