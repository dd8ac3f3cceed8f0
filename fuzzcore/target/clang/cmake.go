package clang

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// This file builds a harness with CMake, in a directory of ours. CMake's file API tells
// which executable has the harness among its sources (cmake-file-api(7)).

// cmake builds the harness if the project of the nearest CMakeLists.txt makes an executable
// of it.
func (b *builder) cmake(ctx context.Context) (*built, error) {
	source := projectDir(filepath.Dir(b.harness.Test.File), b.root, "CMakeLists.txt")
	if source == "" {
		return nil, passf("no CMakeLists.txt")
	}
	if _, err := exec.LookPath("cmake"); err != nil {
		return nil, fmt.Errorf("%s is built with CMake, which is not installed: install cmake", source)
	}
	dir := b.path("cmake")
	t, err := b.cmakeTarget(ctx, source, dir)
	if err != nil {
		return nil, err
	}
	b.say("building the target %s with CMake and %s", t.Name, b.tool.version)
	c := command{dir: dir, args: []string{"cmake", "--build", dir, "--target", t.Name, "-j", strconv.Itoa(runtime.NumCPU())}}
	if _, err := c.run(ctx); err != nil {
		return nil, err
	}
	return &built{exe: absolute(dir, t.Artifacts[0].Path)}, nil
}

// projectDir returns the outermost directory, from root down to dir, that has a file of
// that name; "" if none has.
func projectDir(dir, root, name string) string {
	found := ""
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, name)); err == nil {
			found = at
		}
		if at == root || at == filepath.Dir(at) {
			return found
		}
	}
}

// cmakeTarget configures the project and returns the executable that the harness is a
// source of. If there is none at first, the project's options that speak of fuzzing are
// turned on.
func (b *builder) cmakeTarget(ctx context.Context, source, dir string) (*cmakeExecutable, error) {
	var options []string
	for _, more := range [][]string{nil, fuzzingOptions(source)} {
		if len(options) > 0 || more != nil {
			options = more
		}
		if err := b.cmakeConfigure(ctx, source, dir, more); err != nil {
			if len(more) > 0 && ctx.Err() == nil {
				return nil, passf("no target of CMake has it among its sources, and with %s CMake fails", strings.Join(more, " "))
			}
			return nil, err
		}
		t, err := findExecutable(dir, source, b.harness.Test.File)
		if t != nil || err != nil {
			return t, err
		}
		if more == nil && len(fuzzingOptions(source)) == 0 {
			break
		}
	}
	return nil, passf("no target of CMake has it among its sources")
}

// cmakeConfigure runs CMake.
func (b *builder) cmakeConfigure(ctx context.Context, source, dir string, options []string) error {
	query := filepath.Join(dir, ".cmake", "api", "v1", "query")
	if err := os.MkdirAll(query, 0o755); err != nil {
		return err
	}
	if err := writeIfChanged(filepath.Join(query, "codemodel-v2"), nil, 0o644); err != nil {
		return err
	}
	b.say("configuring %s with CMake%s", source, strings.Join(append([]string{""}, options...), " "))
	args := []string{
		"cmake", "-S", source, "-B", dir, "-DCMAKE_C_COMPILER=" + b.tool.cc, "-DCMAKE_CXX_COMPILER=" + b.tool.cxx,
		// Optimized, with debug information, and with assertions, which NDEBUG would
		// take out.
		"-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_C_FLAGS_RELWITHDEBINFO=" + userFlags, "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=" + userFlags,
		"-DBUILD_SHARED_LIBS=OFF",
	}
	if _, err := exec.LookPath("ninja"); err == nil {
		args = append(args, "-G", "Ninja")
	}
	c := command{dir: source, args: append(args, options...), env: append([]string{"LIB_FUZZING_ENGINE=" + b.tool.library}, b.environ...)}
	_, err := c.run(ctx)
	return err
}

// fuzzingOptions returns settings that turn on the options of a CMake project whose names
// speak of fuzzing.
func fuzzingOptions(source string) []string {
	var options []string
	files, err := filepath.Glob(filepath.Join(source, "CMakeLists.txt"))
	if err != nil {
		return nil
	}
	for _, pattern := range []string{"*/CMakeLists.txt", "cmake/*.cmake"} {
		more, err := filepath.Glob(filepath.Join(source, pattern))
		if err == nil {
			files = append(files, more...)
		}
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		words := cmakeWords(data)
		for i := 0; i+2 < len(words); i++ {
			name := words[i+2]
			if strings.EqualFold(words[i], "option") && words[i+1] == "(" && strings.Contains(strings.ToUpper(name), "FUZZ") && isPlainName(name) {
				options = append(options, "-D"+name+"=ON")
			}
		}
	}
	slices.Sort(options)
	return slices.Compact(options)
}

// cmakeExecutable is a target of CMake's code model (codemodel version 2).
type cmakeExecutable struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Artifacts []struct {
		Path string `json:"path"`
	} `json:"artifacts"`
	Sources []struct {
		Path string `json:"path"`
	} `json:"sources"`
}

// findExecutable reads the code model in dir and returns the executable that has the file
// among its sources, nil if there is none.
func findExecutable(dir, source, file string) (*cmakeExecutable, error) {
	paths, err := filepath.Glob(filepath.Join(dir, ".cmake", "api", "v1", "reply", "target-*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var t cmakeExecutable
		if err := json.Unmarshal(data, &t); err != nil {
			return nil, fmt.Errorf("%s: %w: delete the directory %s", path, err, dir)
		}
		has := slices.ContainsFunc(t.Sources, func(s struct {
			Path string `json:"path"`
		}) bool {
			return filepath.Clean(absolute(source, s.Path)) == file
		})
		if has && t.Type == "EXECUTABLE" && len(t.Artifacts) > 0 {
			return &t, nil
		}
	}
	return nil, nil
}
