package clang

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// This file builds a harness with a script as OSS-Fuzz has them
// (google.github.io/oss-fuzz, "Setting up a new project"), in a copy of the workspace.

// scriptNames are what such scripts are called.
var scriptNames = []string{"build.sh", "ossfuzz.sh", "oss-fuzz.sh", "oss-fuzz-build.sh", "oss_fuzz_build.sh"}

// ossFuzz builds the harness if there is a script that puts an executable of its name into
// $OUT.
func (b *builder) ossFuzz(ctx context.Context) (*built, error) {
	script := b.findScript()
	if script == "" {
		return nil, passf("no build.sh as OSS-Fuzz has them")
	}
	copied, err := b.copyWorkspace()
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{b.path("out"), b.path("work")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	b.say("running %s with %s", script, b.tool.version)
	// The scripts are written for bash, and say so in their first line or not at all.
	c := command{dir: copied, args: []string{"bash", "-eu", b.inCopy(script)}, env: b.scriptEnv(copied)}
	if _, err := c.run(ctx); err != nil {
		return nil, b.inOriginal(err)
	}
	exe := filepath.Join(b.path("out"), baseName(b.harness.Test.File))
	if info, err := os.Stat(exe); err != nil || !info.Mode().IsRegular() {
		return nil, passf("%s put no %s into $OUT", script, filepath.Base(exe))
	}
	return &built{exe: exe}, nil
}

// findScript returns the script nearest to the harness that builds for the engine it is
// given, "" if there is none.
func (b *builder) findScript() string {
	for dir := filepath.Dir(b.harness.Test.File); ; dir = filepath.Dir(dir) {
		for _, sub := range []string{".", "fuzz", "fuzzing", "oss-fuzz", "ossfuzz", "contrib/oss-fuzz"} {
			for _, name := range scriptNames {
				path := filepath.Join(dir, filepath.FromSlash(sub), name)
				text, err := os.ReadFile(path)
				if err == nil && strings.Contains(string(text), "$OUT") {
					return path
				}
			}
		}
		if dir == b.root || dir == filepath.Dir(dir) {
			return ""
		}
	}
}
