package store

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the folder of one fuzz test.

// The folders of a fuzz test.
const (
	corpusDir   = "corpus"
	asideDir    = "aside"
	crashesDir  = "crashes"
	firstDir    = "first"
	comparesDir = "compares"
)

// FuzzTest is what is kept for one fuzz test.
type FuzzTest struct {
	// Target is the name of the target that the test is in (for Go its import
	// path), Name the test's own.
	Target, Name string

	state *State
	dir   string
}

// FuzzTest returns the place of a fuzz test. Nothing is created.
func (s *State) FuzzTest(target, name string) *FuzzTest {
	dir := filepath.Join(s.dir, testsDir, escape(target), escape(name))
	return &FuzzTest{Target: target, Name: name, state: s, dir: dir}
}

// FuzzTests lists all fuzz tests that something is kept for, sorted by target
// and name.
func (s *State) FuzzTests() ([]*FuzzTest, error) {
	targets, err := namesIn(filepath.Join(s.dir, testsDir), "")
	if err != nil {
		return nil, err
	}
	var all []*FuzzTest
	for _, target := range targets {
		tests, err := namesIn(target.path, "")
		if err != nil {
			return nil, err
		}
		for _, test := range tests {
			all = append(all, s.FuzzTest(target.name, test.name))
		}
	}
	return all, nil
}

// Create makes the folders of the fuzz test, for those who open its coverage
// file. Whatever else is written makes its own.
func (t *FuzzTest) Create() error {
	for _, name := range []string{corpusDir, coverageDir} {
		dir := filepath.Join(t.dir, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return explain("creating", dir, err)
		}
	}
	return nil
}

// Dir returns the folder of the fuzz test, absolute.
func (t *FuzzTest) Dir() string { return t.dir }

// CoveragePath returns the path of the fuzz test's own coverage file for a build.
func (t *FuzzTest) CoveragePath(id uint64) string {
	return filepath.Join(t.dir, coverageDir, abi.HexName(id))
}

// BuildsKept is of how many builds a fuzz test keeps what only helps to look at it: that
// of the present build, and some for people who go back and forth between versions.
const BuildsKept = 4

// ofOtherBuilds lists the files in a folder with the extension of present, but for
// present itself, the newest first. A folder that does not exist is empty.
func ofOtherBuilds(dir, present string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, ignoreMissing(explain("reading", dir, err))
	}
	times := map[string]time.Time{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && filepath.Ext(entry.Name()) == filepath.Ext(present) && entry.Name() != present {
			times[entry.Name()] = info.ModTime()
		}
	}
	return slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(times[b].Compare(times[a]), cmp.Compare(a, b))
	}), nil
}

// Corpus returns the fuzz test's corpus.
func (t *FuzzTest) Corpus() *Corpus {
	return &Corpus{
		state: t.state,
		dir:   filepath.Join(t.dir, corpusDir),
		aside: filepath.Join(t.dir, asideDir),
	}
}

// Crashes returns the fuzz test's crashes.
func (t *FuzzTest) Crashes() *Crashes {
	return &Crashes{state: t.state, dir: filepath.Join(t.dir, crashesDir)}
}
