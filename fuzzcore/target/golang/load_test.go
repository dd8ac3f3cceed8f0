package golang

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file tests Load on modules in testdata/find. The comment of each archive
// says what it is about and may hold lines "dir: …", "patterns: …" and "flags: …";
// the golden file beside it is what Load finds.

// findCase is one archive, written to a directory.
type findCase struct {
	root     string
	config   LoadConfig
	expected string
}

func readFindCase(t *testing.T, archive string) findCase {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	root := writeTree(t, a.Files...)
	c := findCase{root: root, expected: strings.TrimSuffix(archive, ".txtar") + ".golden"}
	c.config = LoadConfig{Dir: root, Env: append(os.Environ(), "GOWORK=", "GOFLAGS=", "GOPROXY=off")}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "dir":
			c.config.Dir = filepath.Join(root, value)
		case "patterns":
			c.config.Patterns = strings.Fields(value)
		case "flags":
			c.config.BuildFlags = strings.Fields(value)
		}
	}
	return c
}

// writeTree writes files below a new directory.
func writeTree(t testing.TB, files ...txtar.File) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// render writes down what Load found, one fact a line.
func render(w *Workspace, root string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "root %s, go.work %t\n", filepath.Join(".", strings.TrimPrefix(w.Root, root)), w.GoWork)
	for _, m := range w.Modules {
		fmt.Fprintf(&b, "module %s %s\n", m.Path, m.Dir)
	}
	for _, p := range w.Packages {
		fmt.Fprintf(&b, "package %s of %q in %s\n", p.ImportPath, p.Module, p.Dir)
		for _, file := range p.Files {
			fmt.Fprintf(&b, "  %s\n", filepath.Base(file))
		}
		for _, t := range p.Tests {
			args := "?"
			if t.ArgsKnown {
				args = strings.Join(t.Args, ", ")
			}
			fmt.Fprintf(&b, "  %s(%s) %s:%d:%d, f.Fuzz in line %d\n", t.Name, args, filepath.Base(t.File), t.Line, t.Column, t.FuzzLine)
		}
	}
	for _, p := range w.Problems {
		fmt.Fprintf(&b, "problem of %s: %s\n", p.Package, p.In(root))
	}
	return strings.ReplaceAll(b.String(), root, "ROOT")
}

func TestLoad(t *testing.T) {
	archives, err := filepath.Glob("testdata/find/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			c := readFindCase(t, archive)
			w, err := Load(t.Context(), c.config)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, c.expected, render(w, c.root))
		})
	}
}

// golden compares got with a golden file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", file, got)
	}
}

// TestLoadGoVersions loads with the oldest and other releases of Go.
func TestLoadGoVersions(t *testing.T) {
	for _, version := range []string{"go1.22.12", "go1.24.13"} {
		t.Run(version, func(t *testing.T) {
			c := readFindCase(t, "testdata/find/kinds.txtar")
			c.config.Env = useToolchain(t, version)
			w, err := Load(t.Context(), c.config)
			if err != nil {
				t.Fatal(err)
			}
			if w.GoVersion != version {
				t.Errorf("loaded with %s", w.GoVersion)
			}
			golden(t, c.expected, render(w, c.root))
		})
	}
}

// TestLoadWithGo loads with a go command that is not on PATH.
func TestLoadWithGo(t *testing.T) {
	c := readFindCase(t, "testdata/find/patterns.txtar")
	note := filepath.Join(c.root, "note")
	goTool := filepath.Join(c.root, "mygo")
	script := fmt.Sprintf("#!/bin/sh\necho \"$1\" >>%s\nexec go \"$@\"\n", note)
	if err := os.WriteFile(goTool, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	c.config.Go = goTool
	w, err := Load(t.Context(), c.config)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, c.expected, render(w, c.root))
	if used, err := os.ReadFile(note); string(used) != "env\nlist\nlist\n" {
		t.Errorf("the go command was used for %q, %v", used, err)
	}
}

func TestLoadErrors(t *testing.T) {
	module := txtar.File{Name: "go.mod", Data: []byte("module example.com/m\n\ngo 1.22\n")}
	badMod := txtar.File{Name: "go.mod", Data: []byte("module example.com/m\n\nnonsense\n")}
	badWork := txtar.File{Name: "go.work", Data: []byte("go 1.22\n\nuse ./nowhere\n")}
	tests := []struct {
		name   string
		config LoadConfig
		files  []txtar.File
		want   string
	}{
		{"no module", LoadConfig{}, nil, "there is no go.mod here or above: change to a module, or make one with `go mod init`"},
		{"no modules", LoadConfig{Env: append(os.Environ(), "GO111MODULE=off")}, []txtar.File{module}, "there is no go.mod here or above"},
		{"no go", LoadConfig{Go: "/nowhere/go"}, []txtar.File{module}, `go not found: install Go 1.22 or newer (https://go.dev/dl) or put the directory of the go command on PATH (looked for "/nowhere/go")`},
		{"bad go.mod", LoadConfig{}, []txtar.File{badMod}, "go.mod:3: unknown directive: nonsense"},
		{"bad go.work", LoadConfig{}, []txtar.File{badWork}, "nowhere"},
		{"bad flag", LoadConfig{BuildFlags: []string{"-o=x"}}, []txtar.File{module}, "build flag -o=x: "},
		{"relative directory", LoadConfig{Dir: "relative"}, nil, `directory "relative" is not absolute`},
		{"no directory", LoadConfig{Dir: "/nowhere/at/all"}, nil, "stat /nowhere/at/all: no such file or directory"},
		{"bad pattern", LoadConfig{Patterns: []string{"../.."}}, []txtar.File{module}, "../.."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := writeTree(t, test.files...)
			if test.config.Dir == "" {
				test.config.Dir = root
			}
			w, err := Load(t.Context(), test.config)
			text := fmt.Sprint(err)
			if err == nil {
				text = fmt.Sprint(w.Problems)
			}
			if !strings.Contains(text, test.want) {
				t.Errorf("got   %s\nwant  …%s…", text, test.want)
			}
		})
	}
}

func TestLoadErrorsAreTyped(t *testing.T) {
	root := writeTree(t, txtar.File{Name: "go.mod", Data: []byte("module example.com/m\n")})
	if _, err := Load(t.Context(), LoadConfig{Dir: root, Go: "nothing-of-this-name"}); !errors.Is(err, ErrNoGo) {
		t.Errorf("without go: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, LoadConfig{Dir: root}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestLoadCompilesNothing loads with an empty build cache: all that may be in it
// afterwards are the sources of test main packages, which `go list` generates.
func TestLoadCompilesNothing(t *testing.T) {
	cache := t.TempDir()
	for _, archive := range []string{"testdata/find/kinds.txtar", "testdata/find/cgo.txtar"} {
		c := readFindCase(t, archive)
		c.config.Env = append(c.config.Env, "GOCACHE="+cache)
		if _, err := Load(t.Context(), c.config); err != nil {
			t.Fatal(err)
		}
	}
	outputs := 0
	err := filepath.WalkDir(cache, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "-d") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		outputs++
		if bytes.HasPrefix(data, []byte("!<arch>")) || bytes.HasPrefix(data, []byte("\x7fELF")) || bytes.Contains(data, []byte("cmd/cgo")) {
			t.Errorf("%s is the output of a compiler or of cgo", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d outputs in the build cache, none compiled", outputs)
}

func TestOnly(t *testing.T) {
	w := &Workspace{Packages: []Package{
		{ImportPath: "a", Tests: []target.FuzzTest{{Name: "FuzzA"}, {Name: "FuzzB"}}},
		{ImportPath: "b", Tests: []target.FuzzTest{{Name: "FuzzA"}}},
	}}
	only := w.Only(func(t *target.FuzzTest) bool { return t.Name == "FuzzB" })
	if len(only.FuzzTests()) != 1 || len(only.Packages) != 1 || len(w.FuzzTests()) != 3 {
		t.Errorf("got %v of %v", only, w)
	}
}

// BenchmarkLoad loads a module of 1,000 packages, half of which have fuzz tests.
func BenchmarkLoad(b *testing.B) {
	const packages = 1000
	files := []txtar.File{{Name: "go.mod", Data: []byte("module example.com/m\n\ngo 1.22\n")}}
	for i := range packages {
		test := "package p\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) {}\n"
		if i%2 == 0 {
			test += "\nfunc FuzzX(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) {}) }\n"
		}
		files = append(files,
			txtar.File{Name: fmt.Sprintf("p%d/p.go", i), Data: []byte("package p\n\nimport \"fmt\"\n\nfunc P() string { return fmt.Sprint(1) }\n")},
			txtar.File{Name: fmt.Sprintf("p%d/p_test.go", i), Data: []byte(test)})
	}
	root := writeTree(b, files...)
	for b.Loop() {
		w, err := Load(b.Context(), LoadConfig{Dir: root})
		if err != nil {
			b.Fatal(err)
		}
		if len(w.Packages) != packages/2 {
			b.Fatalf("found %d packages", len(w.Packages))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/workspace")
}
