package rust

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file builds a fuzz test with cargo.

// flags are rustc's, as cargo fuzz sets them: counters at the edges of the control flow,
// their table of addresses, hooks at comparisons, assertions. Every block is counted, so
// that more lines are known.
var flags = []string{
	"-Cpasses=sancov-module", "-Cllvm-args=-sanitizer-coverage-level=4", "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
	"-Cllvm-args=-sanitizer-coverage-pc-table", "-Cllvm-args=-sanitizer-coverage-trace-compares",
	"-Cllvm-args=-sanitizer-coverage-prune-blocks=0", "--cfg", "fuzzing", "-Ccodegen-units=1", "-Cdebug-assertions", "-Cforce-frame-pointers=yes",
}

// crate builds the fuzz tests of packages for cargo fuzz.
type crate struct {
	config target.PrepareConfig
	// library is libfuzzls.a, triple the machine as rustc calls it; set by prepare.
	library, triple string
	// environment is what cargo gets.
	environment []string
}

// hostLine matches the machine in what `rustc -vV` prints.
var hostLine = regexp.MustCompile(`(?m)^host: (\S+)$`)

// prepare finds the tools.
func (c *crate) prepare(ctx context.Context) error {
	if _, err := exec.LookPath("cargo"); err != nil {
		return errors.New("cargo not found: install Rust from https://rustup.rs")
	}
	var err error
	if c.library, err = clang.Runtime(ctx, c.config); err != nil {
		return err
	}
	out, err := clang.Run(ctx, c.config.State.Dir(), c.config.Tools.Env, "rustc", "-vV")
	if err != nil {
		return err
	}
	host := hostLine.FindStringSubmatch(out)
	if host == nil {
		return fmt.Errorf("rustc -vV does not say for which machine it compiles:\n%s", out)
	}
	c.triple = host[1]
	all := append([]string{}, flags...)
	if sanitizer := c.config.Tools.Clang.Sanitizer; sanitizer == "" || sanitizer == "address" {
		// Rust's own sanitizers are not stable yet; the variable below lets the stable
		// compiler use them, as cargo fuzz does.
		all = append(all, "-Zsanitizer=address")
	}
	c.environment = append([]string{
		"RUSTC_BOOTSTRAP=1", "RUSTFLAGS=" + strings.TrimSpace(os.Getenv("RUSTFLAGS")+" "+strings.Join(all, " ")),
		"CUSTOM_LIBFUZZER_PATH=" + c.library, "CARGO_PROFILE_RELEASE_DEBUG=2", "CARGO_TERM_COLOR=never",
	}, c.config.Tools.Env...)
	return nil
}

// build builds a fuzz test into dir and returns the executable.
func (c *crate) build(ctx context.Context, t *fuzzTarget, dir string) (string, error) {
	_, err := clang.Run(ctx, filepath.Dir(t.manifest), c.environment,
		// The triple keeps the flags from build scripts and macros.
		"cargo", "build", "--release", "--message-format=short", "--manifest-path", t.manifest, "--bin", t.test.Name, "--target", c.triple, "--target-dir", dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, c.triple, "release", t.test.Name), nil
}

// errorLine matches a short message of rustc: file, line, column, text.
var errorLine = regexp.MustCompile(`(?m)^(\S[^:\n]*\.rs):(\d+):(\d+): error(?:\[\w+\])?: (.*)$`)

// prepareError makes the error of a fuzz test that could not be built.
func prepareError(t *fuzzTarget, err error, root string) *target.PrepareError {
	e := &target.PrepareError{Package: t.test.Package, Func: t.test.Name}
	name := t.test.Package + "." + t.test.Name
	// Cargo names files relative to the directory of the workspace of packages.
	for _, match := range errorLine.FindAllStringSubmatch(err.Error(), -1) {
		line, _ := strconv.Atoi(match[2]) // digits, by the pattern
		column, _ := strconv.Atoi(match[3])
		e.Problems = append(e.Problems, target.Problem{
			Package: t.test.Package, File: locate(match[1], filepath.Dir(t.manifest)), Line: line, Column: column, Message: match[4],
		})
	}
	if len(e.Problems) == 0 {
		e.Err = fmt.Errorf("building %s: %w", name, err)
		return e
	}
	text := ""
	for _, p := range e.Problems {
		text += "\n" + p.In(root)
	}
	e.Err = fmt.Errorf("building %s: it does not compile:%s", name, text)
	return e
}

// locate returns the absolute path of a file that is named relative to dir or to a
// directory above it.
func locate(name, dir string) string {
	if filepath.IsAbs(name) {
		return name
	}
	for at := dir; ; at = filepath.Dir(at) {
		path := filepath.Join(at, name)
		if _, err := os.Stat(path); err == nil || at == filepath.Dir(at) {
			return path
		}
	}
}
