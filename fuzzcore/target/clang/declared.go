package clang

import (
	"bytes"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file finds the harness in the text of an editor's buffer, and tells which files
// matter to builds.

// Declared returns where a text defines a harness. A C or C++ file has at most one.
func Declared(path string, content []byte) []target.Declaration {
	if !isSource(path) {
		return nil
	}
	name, ok := findHarness(content)
	if !ok {
		return nil
	}
	at := 0 // where the line begins
	for range name.line - 1 {
		at += bytes.IndexByte(content[at:], '\n') + 1
	}
	return []target.Declaration{{Offset: at + int(name.col) - 1, Size: len(harnessName)}}
}

// headerExtensions are those of files that are included.
var headerExtensions = []string{".h", ".hh", ".hpp", ".hxx", ".h++", ".H", ".inc", ".inl", ".ipp", ".def"}

// Extensions returns those of the files that builds depend on.
func Extensions() []string { return slices.Concat(sourceExtensions, headerExtensions) }

// BuildFiles are the names of files that say how harnesses are built.
var BuildFiles = []string{settingsName, "CMakeLists.txt", "compile_commands.json", "meson.build", "Makefile", "makefile", "GNUmakefile"}
