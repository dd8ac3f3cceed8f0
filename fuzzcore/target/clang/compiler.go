package clang

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// This file finds the compiler.

const (
	// oldest is the first release of clang whose tables and flags this package knows and
	// that is tested.
	oldest = 14
	// newest is the newest release that is looked for by name.
	newest = 22
)

// compiler is a clang.
type compiler struct {
	// path and plusPath are the commands for C and C++, absolute.
	path, plusPath string
	// version is the first line that it prints about itself, major the release in it.
	version string
	major   int
	// lld: it can link with lld, which link-time optimization needs.
	lld bool
}

// ErrNoClang means that there is no clang, or that it is too old.
var ErrNoClang = errors.New("clang not found")

// findCompiler returns the clang at path or, if path is "", the one that $CC names, or the
// newest on PATH.
func findCompiler(ctx context.Context, path string, env []string) (*compiler, error) {
	if path != "" {
		c, err := newCompiler(ctx, path)
		if err != nil {
			return nil, fmt.Errorf(`%w: correct the setting "fuzzls.clang.path" or --clang`, err)
		}
		return c, nil
	}
	var old error
	for _, name := range compilerNames(env) {
		found, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		c, err := newCompiler(ctx, found)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		old = cmpErr(old, err)
	}
	if old != nil {
		return nil, old
	}
	hint := `install it (on Debian: apt-get install clang-19 libclang-rt-19-dev), or set "fuzzls.clang.path" or --clang`
	if _, err := exec.LookPath("gcc"); err == nil {
		return nil, fmt.Errorf("%w, and gcc cannot be used, because it does not write the tables that tell which source was covered: %s", ErrNoClang, hint)
	}
	return nil, fmt.Errorf("%w: %s", ErrNoClang, hint)
}

func cmpErr(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// compilerNames are the commands to look for, the best first.
func compilerNames(env []string) []string {
	var names []string
	cc := os.Getenv("CC")
	for _, assignment := range env {
		if value, ok := strings.CutPrefix(assignment, "CC="); ok {
			cc = value
		}
	}
	if words := strings.Fields(cc); len(words) == 1 && strings.Contains(filepath.Base(words[0]), "clang") {
		names = append(names, words[0])
	}
	for release := newest; release >= oldest; release-- {
		names = append(names, fmt.Sprintf("clang-%d", release))
	}
	return append(names, "clang")
}

// versionPattern matches what clang prints first: "Debian clang version 19.1.7 (3~deb12u1)".
var versionPattern = regexp.MustCompile(`clang version (\d+)\.`)

// newCompiler asks a clang for its version.
func newCompiler(ctx context.Context, path string) (*compiler, error) {
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNoClang, err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	out, err := exec.CommandContext(ctx, path, "--version").CombinedOutput()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s --version: %w", ErrNoClang, path, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	match := versionPattern.FindStringSubmatch(line)
	if match == nil || strings.HasPrefix(line, "Apple") {
		return nil, fmt.Errorf("%w: %s says that it is %q, not clang", ErrNoClang, path, line)
	}
	c := &compiler{path: path, version: line}
	c.major, _ = strconv.Atoi(match[1]) // digits, by the pattern
	if c.major < oldest {
		return nil, fmt.Errorf("%w: %s is clang %d; clang %d or newer is needed", ErrNoClang, path, c.major, oldest)
	}
	if c.plusPath, err = plusPath(path); err != nil {
		return nil, err
	}
	c.lld = c.hasLLD(ctx)
	return c, nil
}

// plusPath returns the C++ command that belongs to a C command: clang++-19 to clang-19.
func plusPath(path string) (string, error) {
	dir, base := filepath.Split(path)
	plus := strings.Replace(base, "clang", "clang++", 1)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	for _, candidate := range []string{dir + plus, filepath.Join(filepath.Dir(real), "clang++")} {
		if _, err := os.Stat(candidate); err == nil && plus != base {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%w: there is no %s beside %s, which C++ needs", ErrNoClang, plus, path)
}

// hasLLD reports whether c finds lld.
func (c *compiler) hasLLD(ctx context.Context) bool {
	out, err := exec.CommandContext(ctx, c.path, "-print-prog-name=ld.lld").Output()
	_, missing := os.Stat(strings.TrimSpace(string(out)))
	return err == nil && missing == nil
}

// Sanitizers are what the setting "fuzzls.sanitizer" may be; the first is the default.
var sanitizers = []string{"address", "undefined", "memory", "none"}

// checkSanitizer returns the sanitizer that a setting means.
func checkSanitizer(setting string) (string, error) {
	if setting == "" {
		return sanitizers[0], nil
	}
	if !slices.Contains(sanitizers, setting) {
		return "", fmt.Errorf("sanitizer %q is not known: it can be %s", setting, strings.Join(sanitizers, ", "))
	}
	return setting, nil
}

// sanitizerFlags are the flags, of compiler and linker, for a sanitizer.
func sanitizerFlags(sanitizer string) []string {
	switch sanitizer {
	case "address":
		return []string{"-fsanitize=address"}
	case "undefined":
		// What is undefined ends the process, or else it would only be printed.
		// -fsanitize=function takes calls through pointers of another type, which much
		// old C has, for faults.
		return []string{"-fsanitize=undefined", "-fno-sanitize=function", "-fno-sanitize-recover=all"}
	case "memory":
		return []string{"-fsanitize=memory"}
	}
	return nil
}

// regionsRelease is the first release of clang with one byte for each region.
const regionsRelease = 19

// instrumentation are the flags for what is compiled.
//
//   - -fsanitize=fuzzer-no-link: edge counters, their table of addresses, and hooks at
//     comparisons; and it keeps the optimizer from joining branches.
//   - no stack-depth: it costs a store for each call, and nothing uses it.
//   - FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION is the macro by which projects leave out what
//     hinders fuzzing, such as checksums; OSS-Fuzz defines it.
//   - Regions, from clang 19 on, tell exactly which text ran. Each has one byte, which a
//     store sets. The library of fuzzls reads them, so what writes profiles is not linked.
//   - no-prune, before clang 19: every basic block has a counter, so that more lines are
//     known.
func instrumentation(release int, sanitizer string) []string {
	flags := []string{
		"-g", "-fno-omit-frame-pointer", "-fsanitize=fuzzer-no-link",
		"-fno-sanitize-coverage=stack-depth",
		"-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION",
		// Messages with absolute paths can be found again, whatever directory a build
		// system compiles in. The others keep a project's choice of warnings from
		// ending a build with a compiler it was not chosen for.
		"-fdiagnostics-absolute-paths", "-fno-color-diagnostics", "-fno-caret-diagnostics", "-Wno-error", "-Qunused-arguments",
	}
	if release >= regionsRelease {
		flags = append(flags, "-Xclang", "-fprofile-instrument=clang", "-Xclang", "-fcoverage-mapping", "-mllvm", "-enable-single-byte-coverage")
	} else {
		flags = append(flags, "-fsanitize-coverage=no-prune")
	}
	return append(flags, sanitizerFlags(sanitizer)...)
}

// real is the compiler's own path, behind the symbolic links of a distribution; the other
// programs of its release lie beside it.
func (c *compiler) real() string {
	if path, err := filepath.EvalSymlinks(c.path); err == nil {
		return path
	}
	return c.path
}
