package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests `fuzzls targets` against golden files.

var update = flag.Bool("update", false, "rewrite the golden files")

// targetsModule is a module with fuzz tests in several packages, one of them broken.
func targetsModule(t *testing.T) string {
	const literal = "import \"testing\"\n\nfunc %s(f *testing.F) { f.Fuzz(func(t *testing.T, %s) {}) }\n"
	return module(t,
		"m_test.go", "package m\n\n"+fmt.Sprintf(literal, "FuzzBytes", "b []byte"),
		"deep/er/m_test.go", "package er_test\n\n"+fmt.Sprintf(literal, "FuzzMany", "s string, n int, x float64, ok bool"),
		"helper/m_test.go", "package helper\n\nimport \"testing\"\n\nfunc FuzzHelper(f *testing.F) { help(f) }\n\nfunc help(f *testing.F) {}\n",
		"tagged/m_test.go", "//go:build special\n\npackage tagged\n\n"+fmt.Sprintf(literal, "FuzzTagged", "b byte"),
		"broken/m_test.go", "package broken\n\n"+fmt.Sprintf(literal, "FuzzBroken", "r rune")+"\nfunc oops( {\n",
		"none/m.go", "package none\n",
	)
}

func TestTargets(t *testing.T) {
	dir := targetsModule(t)
	tests := []struct {
		name string
		args []string
	}{
		{"all", nil},
		{"tags", []string{"--tags", "special", "./tagged"}},
		{"rest", []string{"./tagged", "--", "-tags=special"}},
		{"json", []string{"--json", ".", "./broken"}},
		{"none", []string{"./none"}},
		{"nowhere", []string{"./nowhere"}},
		{"badflag", []string{"--", "-o=x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := fuzzls(t, dir, append([]string{"targets"}, test.args...)...)
			text := fmt.Sprintf("$ fuzzls targets %s\n%s-- stderr --\n%s-- exit status %d --\n", strings.Join(test.args, " "), o.stdout, o.stderr, o.status)
			text = strings.ReplaceAll(text, dir, "ROOT")
			compareGolden(t, filepath.Join("testdata", "targets", test.name+".golden"), hideGoVersion(text))
		})
	}
}

// hideGoVersion makes the text independent of the release of Go.
func hideGoVersion(text string) string {
	const key = `"go_version": "`
	before, after, found := strings.Cut(text, key)
	if !found {
		return text
	}
	_, after, _ = strings.Cut(after, `"`)
	return before + key + `VERSION"` + after
}

func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
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
		t.Errorf("%s differs (-update rewrites it); got\n%s", file, got)
	}
}
