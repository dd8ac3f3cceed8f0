package golang

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// This file defines how a Go installation inside of the module cache is used: the
// go command from 1.25 on refuses to overlay files there, but that is where it
// puts the toolchains that it downloads.

// leaveModuleCache makes g run the Go installation that env describes through a
// symbolic link in buildDir if it is in the module cache, and env say so.
func (g *goTool) leaveModuleCache(env *goEnv, buildDir string) error {
	if env.GOMODCACHE == "" || !isBelow(env.GOMODCACHE, env.GOROOT) {
		return nil
	}
	// The name tells different installations of the same version apart.
	sum := sha256.Sum256([]byte(env.GOROOT))
	link := filepath.Join(buildDir, fmt.Sprintf("%s-%x", firstWord(env.GOVERSION), sum[:4]))
	if err := os.MkdirAll(buildDir, 0o755); err != nil {
		return fmt.Errorf("making the build directory: %w", err)
	}
	if err := os.Symlink(env.GOROOT, link); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("linking to the Go installation: %w", err)
	}
	env.GOROOT = link
	g.exe = filepath.Join(link, "bin", "go")
	// The choice of a toolchain is made already.
	g.env = setEnv(setEnv(g.env, "GOROOT", link), "GOTOOLCHAIN", "local")
	return nil
}

// isBelow reports whether name is inside of the directory dir.
func isBelow(dir, name string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel) && rel != "."
}
