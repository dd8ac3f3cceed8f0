package zig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file defines toolchain: the user's zig, and whether it will do.

// toolchain is the compiler and how it is to build.
type toolchain struct {
	// path is the zig command, absolute; version what it says ("0.16.0"); library the
	// directory of its standard library and runtimes.
	path, version, library string
	// optimize is one of target.ZigOptimize; env is added to its environment.
	optimize string
	env      []string
}

// supported is the beginning of the versions that work. Fuzz executables, what drives them
// and the API of build.zig change with each release.
const supported = "0.16."

// envField matches a field of what `zig env` prints, which is JSON up to 0.14 and ZON from
// then on.
var envField = regexp.MustCompile(`[."](lib_dir|version)"?\s*[:=]\s*"((?:[^"\\]|\\.)*)"`)

// findToolchain finds zig and checks its version.
func findToolchain(ctx context.Context, tools *target.Tools) (*toolchain, error) {
	t := &toolchain{optimize: tools.Zig.Optimize, env: tools.Env}
	if t.optimize == "" {
		t.optimize = target.ZigOptimize[0]
	}
	if !slices.Contains(target.ZigOptimize, t.optimize) {
		return nil, fmt.Errorf("optimization mode %q of Zig: expected %s", t.optimize, strings.Join(target.ZigOptimize, " or "))
	}
	var err error
	if t.path, err = findCommand(tools.Zig.Path); err != nil {
		return nil, err
	}
	out, err := clang.Run(ctx, os.TempDir(), t.env, t.path, "env")
	if err != nil {
		return nil, err
	}
	for _, field := range envField.FindAllStringSubmatch(out, -1) {
		value := unquote([]byte(field[2]))
		if field[1] == "version" && t.version == "" {
			t.version = value
		} else if field[1] == "lib_dir" && t.library == "" {
			t.library = value
		}
	}
	if t.version == "" || t.library == "" {
		return nil, fmt.Errorf("%s env tells no version and lib_dir: is it Zig? It printed:\n%s", t.path, strings.TrimSpace(out))
	}
	if !strings.HasPrefix(t.version, supported) {
		return nil, fmt.Errorf("%s is Zig %s: fuzz tests are run with Zig 0.16 only (0.16.0 is the release): install that beside it and set \"fuzzls.zig.path\" or --zig", t.path, t.version)
	}
	// Debug information has paths without symbolic links where they came from zig itself.
	if t.library, err = filepath.Abs(t.library); err != nil {
		return nil, err
	}
	return t, nil
}

// findCommand returns the absolute path of the zig command: the user's choice, or that on
// PATH.
func findCommand(choice string) (string, error) {
	name := choice
	if name == "" {
		name = "zig"
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return filepath.Abs(path)
	case choice != "":
		return "", fmt.Errorf("zig command %s: %w: correct \"fuzzls.zig.path\" or --zig", choice, err)
	}
	return "", fmt.Errorf("zig not found: install Zig 0.16.0 (https://ziglang.org/download, or: pip install ziglang==0.16.0), or set \"fuzzls.zig.path\" or --zig")
}
