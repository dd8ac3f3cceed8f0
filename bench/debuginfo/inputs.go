package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// This file defines the programs that are measured and the files that they read.

// buildPrograms builds fuzzls and the Rust peer.
func (b *bench) buildPrograms() error {
	b.fuzzls = filepath.Join(b.work, "fuzzls")
	if err := command("", "go", "build", "-o", b.fuzzls, "./cmd/fuzzls"); err != nil {
		return fmt.Errorf("building fuzzls (is this the root of the repository?): %w", err)
	}
	const dir = "bench/debuginfo/gimli"
	if err := command(dir, "cargo", "build", "--release", "--locked"); err != nil {
		return fmt.Errorf("building the Rust peer (is cargo installed?): %w", err)
	}
	var err error
	b.gimli, err = filepath.Abs(filepath.Join(dir, "target", "release", "gimli-peer"))
	return err
}

// command runs a command in dir; its output is in the error.
func command(dir, name string, args ...string) error {
	_, err := output(dir, name, args...)
	return err
}

// output is command that returns what is printed to stdout.
func output(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// input is a file to be measured, and how it is made at a path.
type input struct {
	name string
	make func(path string) error
}

// inputs are files of three sizes: small, middle, hundreds of MB.
var inputs = []input{
	{"sqlite3.so", makeSQLite},
	{"go-compile", makeGoCompiler},
	{"zig-llvm", func(path string) error { return makeZig(path, "-fllvm", "-OReleaseSafe") }},
	{"zig-self", func(path string) error { return makeZig(path, "-fno-llvm", "-ODebug") }},
	{"vmlinux", makeKernel},
}

// makeInputs returns the inputs that can be made here. They are kept in the user's cache
// directory (fuzzls/bench/debuginfo), since the kernel is a download of 300 MB.
func makeInputs() ([]string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "fuzzls", "bench", "debuginfo")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var files []string
	for _, in := range inputs {
		path := filepath.Join(dir, in.name)
		if _, err := os.Stat(path); err != nil {
			if err := in.make(path); err != nil {
				log.Printf("NOT MEASURED: %s: %v", in.name, err)
				continue
			}
		}
		files = append(files, path)
	}
	if len(files) == 0 {
		return nil, errors.New("no file could be made")
	}
	return files, nil
}

// makeSQLite compiles the amalgamation of SQLite, which comes with a Go module.
func makeSQLite(path string) error {
	out, err := output("", "go", "mod", "download", "-json", "github.com/mattn/go-sqlite3@v1.14.32")
	if err != nil {
		return err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	return command("", "gcc", "-O2", "-g", "-shared", "-fPIC", "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_RTREE",
		"-o", path, filepath.Join(module.Dir, "sqlite3-binding.c"))
}

// makeGoCompiler builds the Go compiler without compressing its debug sections.
func makeGoCompiler(path string) error {
	return command("", "go", "build", "-o", path, "-ldflags=-compressdwarf=false", "cmd/compile")
}

// makeZig builds Zig's build system, the largest program that comes with Zig 0.17.
func makeZig(path string, flags ...string) error {
	zig := []string{"zig"}
	if _, err := exec.LookPath("zig"); err != nil {
		zig = []string{"python3", "-m", "ziglang"}
	}
	env, err := output("", zig[0], append(zig[1:], "env")...)
	if err != nil {
		return fmt.Errorf("zig is missing (pip install ziglang): %w", err)
	}
	lib := ""
	for line := range strings.Lines(env) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && strings.TrimSpace(name) == ".lib_dir" {
			lib = strings.Trim(strings.TrimSpace(value), `",`)
		}
	}
	args := append(zig[1:], "build-exe", filepath.Join(lib, "compiler", "Maker.zig"), "-fno-strip", "-femit-bin="+path)
	return command("", zig[0], append(args, flags...)...)
}

// makeKernel downloads Debian's kernel for virtual machines with its debug information.
func makeKernel(path string) error {
	names, err := output("", "apt-cache", "search", "--names-only", `^linux-image-[0-9.-]*-cloud-amd64-dbg$`)
	if err != nil {
		return fmt.Errorf("this needs Debian: %w", err)
	}
	name, _, _ := strings.Cut(names, " ")
	dir := path + ".package"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := command(dir, "apt-get", "download", name); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(packages) != 1 {
		return fmt.Errorf("apt-get download %s: %d packages (%v)", name, len(packages), err)
	}
	if err := command(dir, "dpkg-deb", "-x", packages[0], "x"); err != nil {
		return err
	}
	kernels, err := filepath.Glob(filepath.Join(dir, "x", "usr", "lib", "debug", "boot", "vmlinux-*"))
	if err != nil || len(kernels) != 1 {
		return fmt.Errorf("%s holds %d kernels (%v)", name, len(kernels), err)
	}
	return os.Rename(kernels[0], path)
}
