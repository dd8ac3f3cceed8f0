package clang

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// This file builds with shell commands.

// runScript runs the command of a [[target]] with the variables of OSS-Fuzz, and takes the
// executable that it makes.
func (b *builder) runScript(ctx context.Context, r *Recipe) (*built, error) {
	out, work := b.path("out"), b.path("work")
	for _, dir := range []string{out, work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	b.say("running %s", r.Command)
	c := command{dir: r.Dir, args: []string{"/bin/sh", "-c", r.Command}, env: append(b.env(), "SRC="+filepath.Dir(r.Dir), "OUT="+out, "WORK="+work)}
	text, err := c.run(ctx)
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{r.Dir, out} {
		exe := absolute(dir, r.Exe)
		if info, err := os.Stat(exe); err == nil && info.Mode().IsRegular() {
			return &built{exe: exe}, nil
		}
	}
	return nil, fmt.Errorf("the command %q made no %s in %s or in $OUT; it printed:\n%s", r.Command, r.Exe, r.Dir, text)
}
