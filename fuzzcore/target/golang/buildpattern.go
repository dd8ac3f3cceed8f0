package golang

import (
	"path/filepath"
	"regexp"
	"strings"
)

// This file defines matching of packages against the go command's patterns, as
// cmd/go/internal/load.MatchPackage does it.

// isRelative reports whether pattern names directories, not import paths.
func isRelative(pattern string) bool {
	return pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../")
}

// matchPackage reports whether pattern matches p: "all", "std", "cmd", "work", an
// import path or a directory relative to dir, both with or without "...".
func matchPackage(pattern, dir string, p *listedPackage) bool {
	switch {
	case isRelative(pattern):
		return matchPath(filepath.ToSlash(filepath.Join(dir, pattern)), filepath.ToSlash(p.Dir))
	case pattern == "all":
		return true
	case pattern == "std":
		return p.Standard
	case pattern == "cmd":
		return p.Standard && strings.HasPrefix(p.ImportPath, "cmd/")
	case pattern == "work":
		return p.Module != nil && p.Module.Main
	}
	return matchPath(pattern, p.ImportPath)
}

// matchPath reports whether path matches pattern, in which "..." stands for any
// text and "/..." at the end also for nothing.
func matchPath(pattern, path string) bool {
	if !strings.Contains(pattern, "...") {
		return pattern == path
	}
	expr := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, `.*`)
	if prefix, ok := strings.CutSuffix(expr, `/.*`); ok {
		expr = prefix + `(/.*)?`
	}
	return regexp.MustCompile(`^` + expr + `$`).MatchString(path)
}
