package clang

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// This file makes the wrappers that stand for the compiler during a build.

//go:embed wrapper.sh
var wrapperScript string

// toolchain is what a build compiles with.
type toolchain struct {
	*compiler
	sanitizer string
	// library is libfuzzls.a, absolute.
	library string
	// cc and cxx are the wrappers, absolute; set by writeWrappers.
	cc, cxx string
}

// writeWrappers writes the wrappers into dir, under names that build systems know.
func (t *toolchain) writeWrappers(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	t.cc, t.cxx = filepath.Join(dir, "clang"), filepath.Join(dir, "clang++")
	for path, compiler := range map[string]string{t.cc: t.path, t.cxx: t.plusPath} {
		if err := writeIfChanged(path, []byte(t.wrapper(compiler)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// wrapper is the script for one compiler.
func (t *toolchain) wrapper(compiler string) string {
	lto := ""
	if t.lld {
		lto = "-fuse-ld=lld"
	}
	return strings.NewReplacer(
		"@compiler@", shellQuote(compiler),
		"@library@", shellQuote(t.library),
		"@cflags@", shellQuote(strings.Join(instrumentation(t.major, t.sanitizer), " ")),
		"@ldflags@", shellQuote(linkFlags),
		"@lto@", shellQuote(lto),
	).Replace(wrapperScript)
}

// linkFlags are those for executables beside the library: what it uses, an index of the
// build for what is made of it, and that it may take the place of the target's own main.
const linkFlags = "-lpthread -ldl -lm -Wl,--build-id -Wl,--wrap=__libc_start_main"

// shellQuote makes a text one word of a shell command.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// writeIfChanged writes a file unless it has that content already: build systems compile
// again what is newer than what was made of it.
func writeIfChanged(path string, data []byte, mode os.FileMode) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(data) {
		return nil
	}
	temp := path + ".new"
	if err := os.WriteFile(temp, data, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(temp, path)
}
