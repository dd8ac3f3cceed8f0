package clang

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines builder: from a harness to an executable.

// built is an executable.
type built struct {
	// exe is absolute.
	exe string
	// corpus and dict are the seeds and the dictionary that come with it, absolute.
	corpus []string
	dict   string
}

// builder builds one harness. Its directory is the harness's own:
//
//	<name>            the executable
//	bin/clang         the wrappers
//	objects, cmake, … what the build made on the way
type builder struct {
	harness *Harness
	tool    toolchain
	// root is the workspace's, dir the directory to build in, absolute.
	root, dir string
	// environ is added to the environment of what is run, as "key=value".
	environ  []string
	progress func(line string)
}

// errPassed means that a way to build does not know the harness: the next one is tried.
// What wraps it says why.
var errPassed = errors.New("")

// passf makes an errPassed.
func passf(format string, args ...any) error {
	return fmt.Errorf("%w%s", errPassed, fmt.Sprintf(format, args...))
}

// build builds the harness in the first way that knows it.
func (b *builder) build(ctx context.Context) (*built, error) {
	if b.harness.Exe != "" {
		return &built{exe: b.harness.Exe}, nil
	}
	if err := b.tool.writeWrappers(filepath.Join(b.dir, "bin")); err != nil {
		return nil, err
	}
	made, err := b.make(ctx)
	if err != nil {
		return nil, err
	}
	if r := b.harness.Recipe; r != nil {
		made.corpus, made.dict = r.Corpus, r.Dict
	}
	made.exe, err = Place(made.exe, b.dir, b.harness.Test.Name)
	return made, err
}

// make runs the ways to build.
func (b *builder) make(ctx context.Context) (*built, error) {
	if r := b.harness.Recipe; r != nil {
		if r.Command != "" {
			return b.runScript(ctx, r)
		}
		return b.compileRecipe(ctx, r)
	}
	ways := []func(context.Context) (*built, error){b.cmake, b.meson, b.compileDatabase, b.makefile, b.ossFuzz, b.lone}
	var reasons []string
	for _, way := range ways {
		made, err := way(ctx)
		if err == nil {
			return made, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, errPassed) {
			return nil, err
		}
		reasons = append(reasons, err.Error())
	}
	return nil, fmt.Errorf("no build instructions (%s): say in a %s how it is built: docs/c.md has an example", strings.Join(reasons, "; "), settingsName)
}

// Place copies an executable to where it stays: dir, which it makes, under a name that does
// not change. Its file is replaced, so that one that runs stays as it is.
func Place(exe, dir, name string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	to := filepath.Join(dir, name)
	if same, err := sameFile(exe, to); err != nil || same {
		return to, err
	}
	temp := to + ".new"
	if err := copyFile(temp, exe); err != nil {
		return "", fmt.Errorf("copying the executable: %w", err)
	}
	return to, os.Rename(temp, to)
}

// sameFile reports whether two files have the same content.
func sameFile(a, b string) (bool, error) {
	infoA, err := os.Stat(a)
	if err != nil {
		return false, fmt.Errorf("the build succeeded without making %s", a)
	}
	infoB, err := os.Stat(b)
	if err != nil || infoA.Size() != infoB.Size() {
		return false, nil
	}
	d := newDigests()
	return d.of(a) == d.of(b), nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// env is the environment of a build system: the names by which make, autoconf, Meson and
// the scripts of OSS-Fuzz know compilers and flags. The flags for instrumentation are the
// wrappers' to add.
func (b *builder) env() []string {
	return append([]string{
		"CC=" + b.tool.cc, "CXX=" + b.tool.cxx, "LD=" + b.tool.cxx,
		"CFLAGS=" + userFlags, "CXXFLAGS=" + userFlags,
		"LIB_FUZZING_ENGINE=" + b.tool.library, "FUZZING_ENGINE=libfuzzer", "SANITIZER=" + b.tool.sanitizer,
		"ARCHITECTURE=x86_64", "FUZZING_LANGUAGE=c",
	}, b.environ...)
}

// userFlags are what a project is told to compile with.
const userFlags = "-O2 -g"

func (b *builder) say(format string, args ...any) {
	if b.progress != nil {
		b.progress(b.name() + ": " + fmt.Sprintf(format, args...))
	}
}

func (b *builder) name() string { return testName(&b.harness.Test) }

// testName is the name of a fuzz test in messages, of the user and of workers.
func testName(t *target.FuzzTest) string { return target.FullName(t.Package, t.Name) }
