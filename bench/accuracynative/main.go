// The command accuracynative compares the source lines that fuzzls shows as covered, of
// fuzz tests in C, C++ and Rust, with those that llvm-cov counts on the same corpus:
//
//	make build && go run ./bench/accuracynative
//
// It fuzzes real libraries for a short while with bin/fuzzls, compiles them a second time
// with clang's own coverage, runs the corpus through that, and prints for each library how
// many of the shown lines never ran and how many of the executed lines are shown. It needs
// clang and llvm-cov of one release, and apt-get with a deb-src line; scripts/setup gets
// them.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

func main() {
	log.SetFlags(0)
	limit := flag.String("limit", "50K", "runs of each fuzz test")
	only := flag.String("only", "", "regular expression for the names of libraries")
	clang := flag.String("clang", "clang-19", "the compiler; llvm-cov and llvm-profdata must lie beside it")
	verbose := flag.Bool("v", false, "list all differences")
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal(err)
	}
	b, err := newBench(*limit, *clang)
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(b.work)
	fmt.Printf("%-12s %12s %18s %16s %16s\n", "", "lines shown", "never ran", "lines that ran", "of them shown")
	for _, s := range subjects {
		if !chosen.MatchString(s.name) {
			continue
		}
		f, err := b.measure(s)
		if err != nil {
			os.RemoveAll(b.work)
			log.Fatalf("%s: %v", s.name, err)
		}
		fmt.Printf("%-12s %12d %9d %6.2f %% %16d %14.2f %%\n", s.name, f.shown, len(f.wrong), percent(len(f.wrong), f.shown), f.executed, percent(f.executed-len(f.missed), f.executed))
		f.print(*verbose)
	}
}

// bench is what all measurements share.
type bench struct {
	fuzzls, clang, limit string
	// work is a directory of this process's own.
	work string
	// tools is the directory of llvm-cov.
	tools string
}

func newBench(limit, clang string) (*bench, error) {
	b := &bench{limit: limit}
	var err error
	if b.fuzzls, err = filepath.Abs("bin/fuzzls"); err != nil {
		return nil, err
	}
	if b.clang, err = exec.LookPath(clang); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(b.clang)
	if err != nil {
		return nil, err
	}
	b.tools = filepath.Dir(real)
	b.work, err = os.MkdirTemp("", "fuzzls-accuracy-")
	return b, err
}

// measure fuzzes a library and compares what is shown of it.
func (b *bench) measure(s subject) (*figures, error) {
	dir := filepath.Join(b.work, s.name)
	if err := s.checkout(dir); err != nil {
		return nil, err
	}
	if err := b.fuzz(dir); err != nil {
		return nil, err
	}
	corpus, tracker, err := load(dir)
	if err != nil {
		return nil, err
	}
	counts, err := b.replay(s, dir, corpus)
	if err != nil {
		return nil, err
	}
	return compare(tracker, counts), nil
}

// fuzz runs a campaign. Crashes are no failure: they are not part of the corpus.
func (b *bench) fuzz(dir string) error {
	cmd := exec.Command(b.fuzzls, "fuzz", "-j", "1", "--seed", "1", "--limit", b.limit, "--clang", b.clang, "--sanitizer", "none")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return nil
}

// load returns the corpus that the only campaign of a workspace has left, as a directory of
// files, and what it covered.
func load(dir string) (corpus string, tracker *coverage.Tracker, err error) {
	state, err := store.Existing(dir)
	if err != nil {
		return "", nil, err
	}
	tests, err := state.FuzzTests()
	if err != nil {
		return "", nil, err
	}
	targets, err := state.Targets()
	if err != nil {
		return "", nil, err
	}
	if len(tests) != 1 || len(targets) != 1 {
		return "", nil, fmt.Errorf("%d fuzz tests and %d targets in %s instead of one", len(tests), len(targets), dir)
	}
	corpus = filepath.Join(dir, "replayed")
	if err := export(tests[0].Corpus(), corpus); err != nil {
		return "", nil, err
	}
	id := targets[0].Coverage
	file, err := abi.MapCoverage(state.CoveragePath(id))
	if err != nil {
		return "", nil, err
	}
	defer file.Close()
	points, err := coverage.LoadPoints(filepath.Join(state.Dir(), "points", abi.HexName(id)+".json.gz"))
	if err != nil {
		return "", nil, err
	}
	return corpus, coverage.States(points, file.Bits(nil)), nil
}

// export writes the inputs of a corpus to files in dir.
func export(c *store.Corpus, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names, err := c.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := c.Read(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
