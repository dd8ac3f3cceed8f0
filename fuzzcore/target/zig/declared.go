package zig

import (
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file finds fuzz tests in the text of an editor's buffer, and tells which files
// matter to builds.

// Extension is that of Zig's source files.
const Extension = ".zig"

// buildName is the file that says how a project is built, manifestName the one that says
// what it depends on.
const (
	buildName    = "build.zig"
	manifestName = "build.zig.zon"
)

// BuildFiles are the names of files that say how fuzz tests are built.
var BuildFiles = []string{buildName, manifestName}

// Declared returns where a text declares fuzz tests.
func Declared(path string, content []byte) []target.Declaration {
	if filepath.Ext(path) != Extension || !mayFuzz(content) {
		return nil
	}
	var declared []target.Declaration
	for _, t := range readSource(content).tests {
		declared = append(declared, target.Declaration{Name: nameOf(path, &t), Offset: t.head.at, Size: len(t.head.text)})
	}
	return declared
}

// nameOf returns the name of a fuzz test in a file: that of Zig, but for the directories
// between the root of the module and the file, which only the build knows.
func nameOf(path string, t *testBlock) string {
	return strings.TrimSuffix(filepath.Base(path), Extension) + "." + t.scope + t.name
}
