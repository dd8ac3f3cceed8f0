package clang

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// This file builds a harness with make, in a copy of the workspace.

// makefile builds the harness if the nearest makefile has a rule that makes something of it.
func (b *builder) makefile(ctx context.Context) (*built, error) {
	dir := nearestWith(filepath.Dir(b.harness.Test.File), b.root, "GNUmakefile", "makefile", "Makefile")
	if dir == "" {
		return nil, passf("no makefile")
	}
	if _, err := exec.LookPath("make"); err != nil {
		return nil, errors.New("it is built with make, which is not installed: install make")
	}
	copied, err := b.copyWorkspace()
	if err != nil {
		return nil, err
	}
	at := b.inCopy(dir)
	variables := []string{"CC=" + b.tool.cc, "CXX=" + b.tool.cxx}
	// -n runs nothing but what a makefile runs while it is read; -p prints the rules.
	c := command{dir: at, args: append([]string{"make", "-n", "-p", "-k"}, variables...), env: b.scriptEnv(copied)}
	rules, err := c.run(ctx)
	if failed := (*commandError)(nil); errors.As(err, &failed) {
		rules = failed.output // of a rule that cannot be followed; the others are printed
	} else if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(dir, b.harness.Test.File)
	if err != nil {
		return nil, err
	}
	goal := makeGoal(rules, rel)
	if goal == "" {
		return nil, passf("no rule of the makefile in %s makes an executable of it", dir)
	}
	b.say("making %s with %s", goal, b.tool.version)
	c.args = append([]string{"make", "-j" + strconv.Itoa(runtime.NumCPU()), goal}, variables...)
	if _, err := c.run(ctx); err != nil {
		return nil, b.inOriginal(err)
	}
	return &built{exe: absolute(at, goal)}, nil
}

// nearestWith returns the nearest directory, from dir up to root, that has a file of one of
// the names; "" if none has.
func nearestWith(dir, root string, names ...string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, name := range names {
			if info, err := os.Stat(filepath.Join(at, name)); err == nil && info.Mode().IsRegular() {
				return at
			}
		}
		if at == root || at == filepath.Dir(at) {
			return ""
		}
	}
}

// ruleLine matches a rule in what make -p prints: its target and what it is made of.
var ruleLine = regexp.MustCompile(`(?m)^([^#\s:=%][^:=%\n]*)::?([^=\n].*|)$`)

// makeGoal returns the target of a makefile's rules that is an executable made of a source
// file, which is relative to the makefile; "" if there is none.
func makeGoal(rules, source string) string {
	source = filepath.ToSlash(source)
	object := strings.TrimSuffix(source, filepath.Ext(source)) + ".o"
	var goals []string
	for _, rule := range ruleLine.FindAllStringSubmatch(rules, -1) {
		prerequisites, _, _ := strings.Cut(rule[2], "|")
		isOf := slices.ContainsFunc(strings.Fields(prerequisites), func(word string) bool {
			word = strings.TrimPrefix(word, "./")
			return word == source || word == object || filepath.Base(word) == filepath.Base(object)
		})
		for _, goal := range strings.Fields(rule[1]) {
			if isOf && isExecutableName(goal) {
				goals = append(goals, goal)
			}
		}
	}
	// Of several (a list of everything among them), that which is called as the source.
	if i := slices.IndexFunc(goals, func(goal string) bool { return filepath.Base(goal) == baseName(source) }); i >= 0 {
		return goals[i]
	}
	if len(goals) == 0 {
		return ""
	}
	return goals[0]
}

// isExecutableName reports whether a target of make may be an executable by its name.
func isExecutableName(name string) bool {
	return filepath.Ext(name) == "" && !strings.HasPrefix(name, ".") && !slices.Contains([]string{"all", "clean", "install", "check", "test", "depend", "dist", "fuzz"}, name)
}

// copyWorkspace makes or refreshes the copy of the workspace. It has the name of the
// original, since scripts speak of $SRC/<name>.
func (b *builder) copyWorkspace() (string, error) {
	to := b.copyDir()
	b.say("copying %s to build it there", b.root)
	return to, copyTree(to, b.root)
}

func (b *builder) copyDir() string { return filepath.Join(b.path("src"), filepath.Base(b.root)) }

// inCopy returns the path in the copy of a path in the workspace.
func (b *builder) inCopy(path string) string {
	rel, err := filepath.Rel(b.root, path)
	if err != nil {
		return path
	}
	return filepath.Join(b.copyDir(), rel)
}

// inOriginal makes what a compiler said about files of the copy speak of the originals.
func (b *builder) inOriginal(err error) error {
	var failed *commandError
	if errors.As(err, &failed) {
		failed.output = strings.ReplaceAll(failed.output, b.copyDir(), b.root)
	}
	return err
}

// prefixMap names the variable by which the wrappers know what paths to write instead of
// which: "from=to".
const prefixMap = "FUZZLS_PREFIX_MAP"

// scriptEnv is the environment of what builds in the copy. The debug information speaks of
// the originals.
func (b *builder) scriptEnv(copied string) []string {
	return append(b.env(), "SRC="+filepath.Dir(copied), "OUT="+b.path("out"), "WORK="+b.path("work"), prefixMap+"="+copied+"="+b.root)
}
