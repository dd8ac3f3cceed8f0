package clang

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// This file builds a harness with Meson, in a directory of ours. Meson's introspection
// tells which executable has the harness among its sources.

// mesonTarget is a target as `meson introspect --targets` prints it.
type mesonTarget struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Filename []string `json:"filename"`
	Sources  []struct {
		Sources []string `json:"sources"`
	} `json:"target_sources"`
}

// mesonOption is an option as `meson introspect --buildoptions` prints it.
type mesonOption struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Section string `json:"section"`
}

// meson builds the harness if the project of the outermost meson.build makes an executable
// of it.
func (b *builder) meson(ctx context.Context) (*built, error) {
	source := projectDir(filepath.Dir(b.harness.Test.File), b.root, "meson.build")
	if source == "" {
		return nil, passf("no meson.build")
	}
	if _, err := exec.LookPath("meson"); err != nil {
		return nil, fmt.Errorf("%s is built with Meson, which is not installed: install meson", source)
	}
	dir := b.path("meson")
	if err := b.mesonSetup(ctx, source, dir); err != nil {
		return nil, err
	}
	t, err := b.mesonFind(ctx, dir)
	if err != nil {
		return nil, err
	}
	if t == nil {
		if err := b.mesonFuzzing(ctx, dir); err != nil {
			return nil, err
		}
		if t, err = b.mesonFind(ctx, dir); err != nil {
			return nil, err
		}
	}
	if t == nil || len(t.Filename) == 0 {
		return nil, passf("no target of Meson has it among its sources")
	}
	b.say("building the target %s with Meson and %s", t.Name, b.tool.version)
	goal, err := filepath.Rel(dir, t.Filename[0])
	if err != nil {
		return nil, err
	}
	c := command{dir: dir, args: []string{"ninja", "-C", dir, goal}, env: b.environ}
	if _, err := c.run(ctx); err != nil {
		return nil, err
	}
	return &built{exe: t.Filename[0]}, nil
}

// mesonSetup configures the project, once.
func (b *builder) mesonSetup(ctx context.Context, source, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "build.ninja")); err == nil {
		return nil // ninja configures anew if that is needed
	}
	b.say("configuring %s with Meson", source)
	c := command{
		dir:  source,
		args: []string{"meson", "setup", "--buildtype=debugoptimized", "--default-library=static", "-Db_lundef=false", dir, source},
		env:  append([]string{"CC=" + b.tool.cc, "CXX=" + b.tool.cxx, "LIB_FUZZING_ENGINE=" + b.tool.library}, b.environ...),
	}
	_, err := c.run(ctx)
	return err
}

// mesonFuzzing turns on the options of the project whose names speak of fuzzing.
func (b *builder) mesonFuzzing(ctx context.Context, dir string) error {
	var options []mesonOption
	if err := b.mesonAsk(ctx, dir, "--buildoptions", &options); err != nil {
		return err
	}
	args := []string{"meson", "configure", dir}
	for _, o := range options {
		if o.Section != "user" || !strings.Contains(strings.ToLower(o.Name), "fuzz") {
			continue
		}
		switch o.Type {
		case "boolean":
			args = append(args, "-D"+o.Name+"=true")
		case "feature", "combo":
			args = append(args, "-D"+o.Name+"=enabled")
		}
	}
	const none = 3
	if len(args) == none {
		return nil
	}
	c := command{dir: dir, args: args, env: b.environ}
	if _, err := c.run(ctx); err != nil {
		return err
	}
	c.args = []string{"ninja", "-C", dir, "build.ninja"}
	_, err := c.run(ctx)
	return err
}

// mesonFind returns the executable that has the harness among its sources, nil if there is
// none.
func (b *builder) mesonFind(ctx context.Context, dir string) (*mesonTarget, error) {
	var targets []mesonTarget
	if err := b.mesonAsk(ctx, dir, "--targets", &targets); err != nil {
		return nil, err
	}
	for i := range targets {
		for _, s := range targets[i].Sources {
			if targets[i].Type == "executable" && slices.Contains(s.Sources, b.harness.Test.File) {
				return &targets[i], nil
			}
		}
	}
	return nil, nil
}

// mesonAsk decodes what Meson prints about a configured project.
func (b *builder) mesonAsk(ctx context.Context, dir, what string, into any) error {
	c := command{dir: dir, args: []string{"meson", "introspect", what, dir}, env: b.environ}
	out, err := c.run(ctx)
	if err != nil {
		return err
	}
	// Warnings come first.
	if i := strings.IndexByte(out, '['); i > 0 {
		out = out[i:]
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return errors.Join(fmt.Errorf("meson introspect %s: delete the directory %s", what, dir), err)
	}
	return nil
}
