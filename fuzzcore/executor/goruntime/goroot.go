package goruntime

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// This file makes a GOROOT usable for an overlay.

// Root returns a name for goroot under which its files may be overlaid. Go
// toolchains that the go command has downloaded itself lie beneath GOMODCACHE, and
// since Go 1.25 it refuses to overlay files there; then Root makes a symbolic link
// to goroot at link and returns that.
//
// To build with the result, give it to Overlay, run its bin/go, and set
// GOROOT=<result> and GOTOOLCHAIN=local.
func Root(goroot, modCache, link string) (string, error) {
	rel, err := filepath.Rel(modCache, goroot)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return goroot, nil
	}
	if to, err := os.Readlink(link); err == nil && to == goroot {
		return link, nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return "", fmt.Errorf("linking to %s: %w", goroot, err)
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("linking to %s: %w", goroot, err)
	}
	if err := os.Symlink(goroot, link); err != nil {
		return "", fmt.Errorf("linking to %s: %w", goroot, err)
	}
	return link, nil
}
