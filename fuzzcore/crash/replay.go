package crash

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// This file defines where a Go reproducer is put and the command that runs it.

// Replay names a reproducer of a Go fuzz test.
type Replay struct {
	// Root is the directory in which the command is to be typed, the workspace root.
	// ModuleDir is the directory of the package's module; if it is not Root, and
	// Root has no go.work that makes it one with others, the command changes into it.
	Root      string
	ModuleDir string
	GoWork    bool
	// Dir is the package's directory. All of these are absolute.
	Dir string
	// Test is the fuzz test's function, Name the reproducer's file name.
	Test string
	Name string
	// Flags are the user's build flags that the crash may depend on (-race, -tags).
	Flags []string
	// Timeout, if not 0, ends the replay of an input that goes on for ever; without it
	// `go test` waits for ten minutes.
	Timeout time.Duration
}

// ReplayCommand returns the shell command that runs one reproducer under plain
// `go test`.
func ReplayCommand(r Replay) string {
	from := r.Root
	var b strings.Builder
	if !r.GoWork && r.ModuleDir != "" && r.ModuleDir != r.Root {
		from = r.ModuleDir
		fmt.Fprintf(&b, "cd %s && ", quote(relative(r.Root, from)))
	}
	b.WriteString("go test")
	for _, flag := range r.Flags {
		b.WriteString(" " + quote(flag))
	}
	if r.Timeout > 0 {
		fmt.Fprintf(&b, " -timeout=%s", r.Timeout)
	}
	fmt.Fprintf(&b, " -run='^%s$/^%s$' %s", r.Test, r.Name, quote(pattern(from, r.Dir)))
	return b.String()
}

// pattern names the package in dir for a go command in the directory from.
func pattern(from, dir string) string {
	rel := relative(from, dir)
	if rel == "." || filepath.IsAbs(rel) {
		return rel
	}
	return "./" + filepath.ToSlash(rel)
}

// relative returns dir relative to from, or as it is if it is not inside.
func relative(from, dir string) string {
	rel, err := filepath.Rel(from, dir)
	if err != nil || !filepath.IsLocal(rel) {
		return dir
	}
	return rel
}

// plain are the bytes that mean nothing to a shell.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./,:@%"

// quote makes one word of s for a POSIX shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ReproducerPath returns where a reproducer of a Go fuzz test must be for `go
// test` to run it: its name is that which `go test -fuzz` would give to the same
// file (internal/fuzz, writeToCorpus). dir is the package's directory, file the
// content in the format "go test fuzz v1".
func ReproducerPath(dir, test string, file []byte) string {
	sum := sha256.Sum256(file)
	return filepath.Join(dir, "testdata", "fuzz", test, fmt.Sprintf("%x", sum)[:16])
}
