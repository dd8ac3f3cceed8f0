package crash

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// This file defines the command that runs the reproducer of a fuzz test whose executable
// takes files: C's and Rust's.

// RawReplay names a reproducer of a fuzz test whose executable runs the files that it is
// given. All paths are absolute.
type RawReplay struct {
	// Root is the directory in which the command is to be typed, the workspace root; Dir
	// that in which the fuzz test runs.
	Root, Dir string
	// Exe is the executable, File the reproducer.
	Exe, File string
	// Env is what the fuzz test needs in its environment, as "key=value".
	Env []string
	// Timeout, if not 0, ends the replay of an input that goes on for ever.
	Timeout time.Duration
}

// RawReplayCommand returns the shell command that runs one reproducer in the executable of
// the fuzz test.
func RawReplayCommand(r RawReplay) string {
	var b strings.Builder
	from := r.Root
	if r.Dir != r.Root {
		from = r.Dir
		fmt.Fprintf(&b, "cd %s && ", quote(relative(r.Root, from)))
	}
	for _, assignment := range r.Env {
		name, value, _ := strings.Cut(assignment, "=")
		fmt.Fprintf(&b, "%s=%s ", name, quote(value))
	}
	if r.Timeout > 0 {
		fmt.Fprintf(&b, "timeout %gs ", r.Timeout.Seconds())
	}
	fmt.Fprintf(&b, "%s %s", quote(command(from, r.Exe)), quote(between(from, r.File)))
	return b.String()
}

// command returns how a shell in the directory from starts an executable: with a slash,
// or it would look for it on the PATH.
func command(from, exe string) string {
	rel := between(from, exe)
	if !strings.Contains(rel, "/") {
		return "./" + rel
	}
	return rel
}

// between returns path relative to the directory from, by way of directories above it.
func between(from, path string) string {
	rel, err := filepath.Rel(from, path)
	if err != nil {
		return path
	}
	return rel
}
