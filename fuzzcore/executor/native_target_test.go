package executor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/cruntime"
)

// This file builds the tests' C targets and runs inputs in them.

// nativeBuild is how a C target is built.
type nativeBuild struct {
	// source is a file of testdata/native.
	source string
	// flags are for compiling and linking, besides -fsanitize=fuzzer-no-link; plain
	// leaves that out.
	flags []string
	plain bool
	// libraries are files of testdata/native that become shared objects.
	libraries []string
}

// clangs are the compilers that the tests use if they are there; the first is needed.
var clangs = []string{"clang-19", "clang-14", "clang-15", "clang-16", "clang-17", "clang-18"}

// needClang skips the test without a clang; in CI, it fails without the first.
func needClang(tb testing.TB, clang string) {
	tb.Helper()
	if _, err := exec.LookPath(clang); err == nil {
		return
	}
	if os.Getenv("CI") == "true" && clang == clangs[0] {
		tb.Fatalf("%s not found: run scripts/setup", clang)
	}
	tb.Skipf("%s not found: NOT TESTED with it. Install it with apt", clang)
}

// buildNative builds a target with the first clang, once.
func buildNative(tb testing.TB, b nativeBuild) string {
	tb.Helper()
	return buildNativeWith(tb, clangs[0], b)
}

func buildNativeWith(tb testing.TB, clang string, b nativeBuild) string {
	tb.Helper()
	needClang(tb, clang)
	key := strings.Join(append([]string{clang, b.source}, append(b.flags, b.libraries...)...), " ")
	if b.plain {
		key += " plain"
	}
	builtMu.Lock()
	made := builds[key]
	if made == nil {
		dir, err := os.MkdirTemp(buildDir, "native-")
		if err != nil {
			tb.Fatal(err)
		}
		made = &built{exe: filepath.Join(dir, "target")}
		builds[key] = made
	}
	builtMu.Unlock()
	made.once.Do(func() { made.err = compileNative(tb, clang, b, made.exe) })
	if made.err != "" {
		tb.Fatalf("building %s: %s", key, made.err)
	}
	return made.exe
}

// compileNative compiles and links a target and returns what went wrong.
func compileNative(tb testing.TB, clang string, b nativeBuild, exe string) (failure string) {
	archive, err := cruntime.Build(tb.Context(), cruntime.Compiler{Path: clang, Flags: b.flags}, filepath.Join(buildDir, "cruntime"))
	if err != nil {
		return err.Error()
	}
	flags := append([]string{"-g", "-O1"}, b.flags...)
	if !b.plain {
		flags = append(flags, "-fsanitize=fuzzer-no-link")
	}
	if filepath.Ext(b.source) == ".cc" {
		clang = strings.Replace(clang, "clang", "clang++", 1)
	}
	args := append(flags[:len(flags):len(flags)], filepath.Join("testdata", "native", b.source), archive, "-o", exe)
	for _, library := range b.libraries {
		object := filepath.Join(filepath.Dir(exe), "lib"+strings.TrimSuffix(library, ".c")+".so")
		out, err := exec.Command(clang, append(flags[:len(flags):len(flags)], "-shared", "-fPIC", filepath.Join("testdata", "native", library), "-o", object)...).CombinedOutput()
		if err != nil {
			return string(out)
		}
		args = append(args, object, "-Wl,-rpath,"+filepath.Dir(exe))
	}
	out, err := exec.Command(clang, args...).CombinedOutput()
	if err != nil {
		return string(out)
	}
	return ""
}

// nativeConfig returns a configuration for a C target.
func nativeConfig(exe string, env ...string) Config {
	return Config{
		Exe: exe, Native: true, Env: append(os.Environ(), env...),
		Slots: 64, SlotSize: 4096,
		// Long enough that a machine with much to do does not matter.
		Timeout: 30 * time.Second,
	}
}
