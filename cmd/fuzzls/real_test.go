package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/bench/modules"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file tests real public modules: they must work as they are.

func TestRealModules(t *testing.T) {
	for _, m := range []struct {
		module string
		tests  []string // fuzz tests that must be there
		args   []string
	}{
		{modules.TOML, []string{"FuzzDecode"}, []string{"--limit=3K"}},
		{modules.Goldmark, []string{"FuzzDefault", "FuzzOss"}, []string{"--limit=3K"}},
		// FuzzAppendNumber allocates as much as its argument says: it would take hours
		// to come to a limit, so it is stopped by the time.
		{modules.Parse, []string{"FuzzParseNumber", "FuzzParseDecimal", "FuzzParseInt", "FuzzParseFloat"},
			[]string{"--limit=2K", "--time=40s", "--timeout=2s"}},
	} {
		t.Run(m.module, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "checkout")
			if err := modules.Checkout(m.module, dir); err != nil {
				t.Fatal(err)
			}
			fuzzReal(t, dir, m.tests, m.args...)
		})
	}
}

// TestRealWorkspace fuzzes two modules of one go.work workspace at once.
func TestRealWorkspace(t *testing.T) {
	dir := t.TempDir()
	for name, module := range map[string]string{"toml": modules.TOML, "parse": modules.Parse} {
		if err := modules.Checkout(module, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "go.work", "go 1.26\n\nuse (\n\t./toml\n\t./parse\n)\n")
	fuzzReal(t, dir, []string{"FuzzDecode", "FuzzParseFloat"}, "--limit=1K", "--run=FuzzDecode|FuzzParse")
}

// fuzzReal fuzzes all packages with args, which must hold a limit, and looks at the
// report, the coverage files and the corpus.
func fuzzReal(t *testing.T, dir string, tests []string, args ...string) {
	t.Helper()
	report, o := campaign(t, dir, append(args, "--seed=1", "./...")...)
	if o.status == statusFailed || len(report.Failed) > 0 {
		t.Fatalf("status %d, failed: %q\n%s", o.status, report.Failed, o.stderr)
	}
	for _, name := range tests {
		r := testNamed(t, report, name)
		if r.Runs.After < report.Limit {
			t.Errorf("%s: %d runs of %d", name, r.Runs.After, report.Limit)
		}
		if r.Unique.After == 0 || r.Points.After == 0 || r.Lines.After == 0 {
			t.Errorf("%s: nothing reached: %+v", name, r)
		}
		path := filepath.Join(dir, ".fuzzls", "v", r.CoverageID)
		file, err := abi.MapCoverage(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := abi.HexName(abi.CoverageID(file.PCs())); got != r.CoverageID {
			t.Errorf("%s: coverage id %s of the PCs", path, got)
		}
		if file.Runs() < r.Runs.After || uint64(file.Covered()) < r.Points.After {
			t.Errorf("%s: %d runs and %d points, the fuzz test alone has %d and %d",
				path, file.Runs(), file.Covered(), r.Runs.After, r.Points.After)
		}
		file.Close()
	}
	if n := corpusEntries(t, dir); n == 0 {
		t.Error("the corpus is empty")
	}
	// A second campaign starts from what the first one left.
	again, _ := campaign(t, dir, append(args, "--limit=100", "--seed=2", "./...")...)
	for _, name := range tests {
		first, second := testNamed(t, report, name), testNamed(t, again, name)
		if second.Runs.Before != first.Runs.After || second.Points.Before != first.Points.After {
			t.Errorf("%s: the second campaign starts at %d runs and %d points, the first ended at %d and %d", name,
				second.Runs.Before, second.Points.Before, first.Runs.After, first.Points.After)
		}
	}
}

// corpusEntries counts the corpus entries of all fuzz tests.
func corpusEntries(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, ".fuzzls"), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.Contains(path, string(filepath.Separator)+"corpus"+string(filepath.Separator)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
