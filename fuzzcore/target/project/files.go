package project

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/rust"
	"github.com/fuzzls/fuzzls/fuzzcore/target/zig"
)

// This file defines what files mean to the languages, by their names and texts.

// moduleFiles decide which files and dependencies a build gets.
var moduleFiles = slices.Concat([]string{"go.mod", "go.sum", "go.work", "go.work.sum"}, clang.BuildFiles, rust.BuildFiles, zig.BuildFiles)

// RootFiles are the names of the files that describe a workspace as a whole, the most
// telling first.
var RootFiles = slices.Concat([]string{"go.work", "go.mod"}, clang.BuildFiles, rust.BuildFiles, zig.BuildFiles)

// nativeExtensions are those of the sources of languages whose packages are not their
// directories: a file may belong to any build of the workspace.
var nativeExtensions = append(clang.Extensions(), rust.Extension, zig.Extension)

// IsSource reports whether builds depend on a file, by its name: source text, or what
// IsBuildFile accepts.
func IsSource(path string) bool {
	return strings.HasSuffix(path, ".go") || IsNative(path) || IsBuildFile(path)
}

// IsNative reports whether a file is source text of a language whose builds may depend on
// any file of the workspace.
func IsNative(path string) bool { return slices.Contains(nativeExtensions, filepath.Ext(path)) }

// IsBuildFile reports whether a file says how fuzz tests are built.
func IsBuildFile(path string) bool { return slices.Contains(moduleFiles, filepath.Base(path)) }

// Declared returns where the text of an editor's buffer declares fuzz tests, in order. It
// may be newer than what was saved, and broken.
func Declared(path string, content []byte) []target.Declaration {
	switch filepath.Ext(path) {
	case ".go":
		return golang.Declared(path, content)
	case rust.Extension:
		return rust.Declared(path, content)
	case zig.Extension:
		return zig.Declared(path, content)
	}
	return clang.Declared(path, content)
}

// MayDeclare reports whether a file may declare fuzz tests, by its name.
func MayDeclare(path string) bool {
	return strings.HasSuffix(path, "_test.go") || IsNative(path)
}

// WatchPatterns are patterns of the files that IsSource accepts, as editors take them.
func WatchPatterns() []string {
	patterns := []string{"**/*.go"}
	for _, name := range moduleFiles {
		patterns = append(patterns, "**/"+name)
	}
	var extensions []string
	for _, extension := range nativeExtensions {
		extensions = append(extensions, strings.TrimPrefix(extension, "."))
	}
	return append(patterns, "**/*.{"+strings.Join(extensions, ",")+"}")
}
