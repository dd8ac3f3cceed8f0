package rust

import (
	"regexp"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file finds fuzz tests in the text of an editor's buffer, and tells which files
// matter to builds.

// macroUse matches a use of the macro that defines a fuzz test, at the start of a line.
var macroUse = regexp.MustCompile(`(?m)^[ \t]*(?:libfuzzer_sys::)?(fuzz_target!)\s*[({\[]`)

// Declared returns where a text defines a fuzz test: a file defines one at most.
func Declared(path string, content []byte) []target.Declaration {
	if !strings.HasSuffix(path, Extension) {
		return nil
	}
	m := macroUse.FindSubmatchIndex(content)
	if m == nil {
		return nil
	}
	return []target.Declaration{{Offset: m[2], Size: m[3] - m[2]}}
}

// Extension is that of Rust's source files.
const Extension = ".rs"

// BuildFiles are the names of files that say how fuzz tests are built.
var BuildFiles = []string{"Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"}
