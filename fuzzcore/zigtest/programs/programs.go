// Package programs builds Zig fuzz executables for tests and benchmarks, by hand: without
// the builder that users' tests go through.
package programs

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Version is the version of Zig that everything here is about.
const Version = "0.16.0"

// The modes in which executables are built.
const (
	Debug       = "Debug"
	ReleaseSafe = "ReleaseSafe"
)

// All is the source of fuzz tests that end in all ways. Its file is called all.zig, so the
// first is called "all.test.panics".
//
//go:embed all.zig
var All string

// Zig returns the path of the Zig compiler: where scripts/setup puts it, or that on PATH.
func Zig() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	paths := []string{filepath.Join(cache, "fuzzls", "zig-"+Version, "ziglang", "zig")}
	if path, err := exec.LookPath("zig"); err == nil {
		paths = append(paths, path)
	}
	for _, path := range paths {
		if out, err := exec.Command(path, "version").Output(); err == nil && strings.TrimSpace(string(out)) == Version {
			return path, nil
		}
	}
	return "", fmt.Errorf("Zig %s not found: run scripts/setup", Version)
}

// Build builds the fuzz executable of a source text, name.zig, and returns its path. What
// was built before is not built again.
func Build(name, source, mode string) (string, error) {
	zig, err := Zig()
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	args := []string{"test", "-ffuzz", "-O" + mode, "--test-no-exec"}
	if mode == Debug {
		args = append(args, "-fllvm", "-fno-error-tracing")
	}
	sum := sha256.Sum256([]byte(Version + "\x00" + source + "\x00" + strings.Join(args, " ")))
	dir := filepath.Join(cache, "fuzzls", "zigtest", hex.EncodeToString(sum[:8]))
	exe := filepath.Join(dir, name)
	if _, err := os.Stat(exe); err == nil {
		return exe, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	file := filepath.Join(dir, name+".zig")
	if err := os.WriteFile(file, []byte(source), 0o666); err != nil {
		return "", err
	}
	// Under another name at first: other tests may be building it, too.
	temp := filepath.Join(dir, fmt.Sprintf("%s-%d", name, os.Getpid()))
	cmd := exec.Command(zig, append(args, "-femit-bin="+temp, file)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		os.Remove(temp)
		return "", fmt.Errorf("building %s: %w\n%s", file, err, out)
	}
	return exe, os.Rename(temp, exe)
}

// ForTest is Build for a test, which it skips if there is no compiler, but not in CI.
func ForTest(t testing.TB, name, source, mode string) string {
	t.Helper()
	if _, err := Zig(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	exe, err := Build(name, source, mode)
	if err != nil {
		t.Fatal(err)
	}
	return exe
}
