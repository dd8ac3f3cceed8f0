package clang

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// This file reads fuzzls.toml, in which the user says how fuzz tests are built.

// settingsName is the name of the file. It counts for the directories below it that have
// none of their own.
const settingsName = "fuzzls.toml"

// settings is one fuzzls.toml.
type settings struct {
	recipes []*Recipe
}

// settingsTarget is the layout of a [[target]]. docs/c.md describes it.
type settingsTarget struct {
	Name    string   `toml:"name"`
	Sources []string `toml:"sources"`
	Flags   []string `toml:"flags"`
	Libs    []string `toml:"libs"`
	Command string   `toml:"command"`
	Exe     string   `toml:"exe"`
	Corpus  []string `toml:"corpus"`
	Dict    string   `toml:"dict"`
}

// settingsFor returns what the nearest fuzzls.toml says about the harness in a file, nil
// if nothing.
func (f *finder) settingsFor(path string) *Recipe {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if s := f.settingsIn(dir); s != nil {
			return s.recipeOf(path)
		}
		if dir == f.config.Root || dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// settingsIn returns the fuzzls.toml of a directory, nil if there is none.
func (f *finder) settingsIn(dir string) *settings {
	if s, ok := f.settings[dir]; ok {
		return s
	}
	path := filepath.Join(dir, settingsName)
	s, line, err := readSettings(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.problem(path, line, "%s", err)
	}
	f.settings[dir] = s
	return s
}

// recipeOf returns the target that has the file among its sources.
func (s *settings) recipeOf(path string) *Recipe {
	for _, r := range s.recipes {
		if slices.Contains(r.Sources, path) {
			return r
		}
	}
	return nil
}

// readSettings reads a fuzzls.toml. The settings are nil if there is none; line is where
// the error is, 0 if unknown.
func readSettings(path string) (s *settings, line int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, err
	}
	s = &settings{}
	var file struct {
		Target []settingsTarget `toml:"target"`
	}
	meta, err := toml.Decode(string(data), &file)
	if bad := (toml.ParseError{}); errors.As(err, &bad) {
		return s, bad.Position.Line, errors.New(bad.Message)
	}
	if err != nil {
		return s, 0, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return s, 0, fmt.Errorf("%s is not known: a [[target]] has name, sources, flags, libs, command, exe, corpus and dict", unknown[0])
	}
	for i := range file.Target {
		r, err := file.Target[i].recipe(filepath.Dir(path))
		if err != nil {
			return s, 0, fmt.Errorf("[[target]] number %d: %w", i+1, err)
		}
		s.recipes = append(s.recipes, r)
	}
	return s, 0, nil
}

// recipe checks a [[target]] of the fuzzls.toml in dir.
func (t *settingsTarget) recipe(dir string) (*Recipe, error) {
	r := &Recipe{Name: t.Name, Dir: dir, Flags: t.Flags, Libs: t.Libs, Command: t.Command, Exe: t.Exe, Dict: absolute(dir, t.Dict)}
	if len(t.Sources) == 0 {
		return nil, errors.New("sources is missing: name the file of the harness first")
	}
	if (t.Command == "") != (t.Exe == "") {
		return nil, errors.New("command and exe belong together: exe is what command builds")
	}
	for _, pattern := range t.Sources {
		paths, err := filepath.Glob(absolute(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("sources: %q: %w", pattern, err)
		}
		if len(paths) == 0 {
			return nil, fmt.Errorf("sources: there is no %s in %s", pattern, dir)
		}
		r.Sources = append(r.Sources, paths...)
	}
	for _, corpus := range t.Corpus {
		r.Corpus = append(r.Corpus, absolute(dir, corpus))
	}
	if r.Name == "" {
		r.Name = baseName(r.Sources[0])
	}
	if strings.ContainsAny(r.Name, "/ \t\n") {
		return nil, fmt.Errorf("name %q: a name has no spaces and no slashes", r.Name)
	}
	return r, nil
}

// absolute joins a path with slashes with dir unless it is absolute or empty.
func absolute(dir, path string) string {
	path = filepath.FromSlash(path)
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
