package cruntime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// This file compiles the runtime to libfuzzls.a.

//go:embed src/*.c src/*.h
var sources embed.FS

// Archive is the name of the file that Build makes.
const Archive = "libfuzzls.a"

// Compiler is a clang and the flags that a target is compiled with.
type Compiler struct {
	// Path is clang's, or its name to look up in PATH.
	Path string
	// Flags are the target's. Those that choose the machine or its libraries (-m…,
	// --target, --sysroot, …) are for the runtime, too; it is never instrumented.
	Flags []string
}

// interposed are the functions of src/strings.c, one for each object file: a linker
// takes from an archive those object files that it needs.
var interposed = []string{
	"memcmp", "bcmp", "strcmp", "strncmp", "strcasecmp", "strncasecmp", "strstr", "strcasestr", "memmem",
}

// interposedSource is their file.
const interposedSource = "strings.c"

// ownFlags compile the runtime: position-independent, so that it fits into any
// executable; with frame information, so that stacks can be walked through it.
var ownFlags = []string{
	"-c", "-std=c11", "-O2", "-g", "-fPIC", "-fvisibility=hidden", "-fno-lto", "-funwind-tables",
	"-Wall", "-Wextra", "-Wno-unused-command-line-argument",
}

// Build compiles the runtime, once for each compiler and flags, below cacheDir, and
// returns the path of the archive.
func Build(ctx context.Context, compiler Compiler, cacheDir string) (archive string, err error) {
	clang, err := exec.LookPath(compiler.Path)
	if err != nil {
		return "", fmt.Errorf("building the fuzzing runtime: %s not found: install clang, or set \"fuzzls.clang.path\" or --clang", compiler.Path)
	}
	flags := machineFlags(compiler.Flags)
	key, err := cacheKey(ctx, clang, flags)
	if err != nil {
		return "", fmt.Errorf("building the fuzzing runtime: %w", err)
	}
	dir := filepath.Join(cacheDir, key)
	archive = filepath.Join(dir, Archive)
	if _, err := os.Stat(archive); err == nil {
		return archive, nil
	}
	if err := os.MkdirAll(cacheDir, 0o777); err != nil {
		return "", fmt.Errorf("building the fuzzing runtime: %w", err)
	}
	work, err := os.MkdirTemp(cacheDir, "building-")
	if err != nil {
		return "", fmt.Errorf("building the fuzzing runtime: %w", err)
	}
	defer os.RemoveAll(work)
	if err := compile(ctx, clang, flags, work); err != nil {
		return "", fmt.Errorf("building the fuzzing runtime: %w", err)
	}
	// Whole or not at all; somebody else may have been faster.
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("building the fuzzing runtime: %w", err)
	}
	return archive, nil
}

// machineFlags returns those of flags that choose the machine or its libraries.
func machineFlags(flags []string) (kept []string) {
	for i, flag := range flags {
		switch {
		case flag == "-target" || flag == "-isysroot" || flag == "-B":
			kept = append(kept, flags[i:min(i+2, len(flags))]...)
		case strings.HasPrefix(flag, "-m") && flag != "-mllvm",
			strings.HasPrefix(flag, "--target="), strings.HasPrefix(flag, "--sysroot="),
			strings.HasPrefix(flag, "--gcc-toolchain="), strings.HasPrefix(flag, "-B") && len(flag) > 2:
			kept = append(kept, flag)
		}
	}
	return kept
}

// cacheKey names what the archive depends on.
func cacheKey(ctx context.Context, clang string, flags []string) (string, error) {
	version, err := exec.CommandContext(ctx, clang, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w: is it a compiler?", clang, err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%q\n%q\n", clang, version, flags, ownFlags)
	err = fs.WalkDir(sources, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := sources.ReadFile(path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:12]), err
}

// compile makes the archive in dir, which must be empty, and leaves the sources
// beside it for debuggers.
func compile(ctx context.Context, clang string, flags []string, dir string) error {
	var files []string
	entries, err := sources.ReadDir("src")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		text, err := sources.ReadFile("src/" + entry.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), text, 0o666); err != nil {
			return err
		}
		if filepath.Ext(entry.Name()) == ".c" && entry.Name() != interposedSource {
			files = append(files, entry.Name())
		}
	}
	flags = slices.Concat(ownFlags, flags)
	if err := run(ctx, dir, clang, slices.Concat(flags, files)...); err != nil {
		return err
	}
	var members []string
	for _, name := range interposed {
		file := "string_" + name + ".c"
		text := "#define FUZZLS_" + name + "\n#include \"" + interposedSource + "\"\n"
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o666); err != nil {
			return err
		}
		members = append(members, file)
	}
	// Freestanding: a loop that compares is not to become a call of memcmp.
	if err := run(ctx, dir, clang, slices.Concat(flags, []string{"-ffreestanding"}, members)...); err != nil {
		return err
	}
	var objects []string
	for _, file := range slices.Concat(files, members) {
		objects = append(objects, strings.TrimSuffix(file, ".c")+".o")
	}
	if err := run(ctx, dir, archiver(ctx, clang), slices.Concat([]string{"rcs", Archive}, objects)...); err != nil {
		return err
	}
	for _, object := range objects {
		os.Remove(filepath.Join(dir, object))
	}
	return nil
}

// archiver returns the ar that comes with the compiler, or the system's.
func archiver(ctx context.Context, clang string) string {
	out, err := exec.CommandContext(ctx, clang, "--print-prog-name=llvm-ar").Output()
	if path := strings.TrimSpace(string(out)); err == nil && filepath.IsAbs(path) {
		return path
	}
	return "ar"
}

// run runs a command and returns what it says if it fails.
func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, bytes.TrimSpace(out))
	}
	return nil
}
