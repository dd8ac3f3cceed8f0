// Command accuracy compares the coverage that fuzzls shows with Go's own cover
// tool on the same inputs. It prints two figures for each subject: the share of
// lines shown covered that never ran (goal: at most 0.5 %) and the share of
// executed blocks that are shown (goal: at least 97 %).
//
// Without arguments it checks out public modules, fuzzes each for some runs with
// bin/fuzzls, copies the corpus to testdata and replays it under `go test
// -coverprofile`. With -state and -profile it compares an existing state folder
// with an existing profile.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/tools/cover"

	"github.com/fuzzls/fuzzls/bench/modules"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// subject is one package whose fuzz test is run and replayed.
type subject struct{ name, module, dir, test string }

var subjects = []subject{
	{"toml", modules.TOML, ".", "FuzzDecode"},
	{"goldmark", modules.Goldmark, "fuzz", "FuzzDefault"},
}

func main() {
	log.SetFlags(0)
	state := flag.String("state", "", "compare this .fuzzls folder")
	profile := flag.String("profile", "", "with this Go cover profile")
	limit := flag.String("limit", "20K", "runs of each fuzz test")
	flag.Parse()
	if (*state == "") != (*profile == "") {
		log.Fatal("accuracy: -state and -profile belong together")
	}
	fmt.Printf("%-12s %12s %18s %16s %16s\n", "", "lines shown", "never ran", "blocks that ran", "of them shown")
	if *state != "" {
		if err := report("state", *state, *profile); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := campaigns(*limit); err != nil {
		log.Fatal(err)
	}
}

func campaigns(limit string) error {
	fuzzls, err := filepath.Abs("bin/fuzzls")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "fuzzls-accuracy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for _, s := range subjects {
		dir := filepath.Join(work, s.name)
		if err := modules.Checkout(s.module, dir); err != nil {
			return err
		}
		if err := fuzz(s, dir, fuzzls, limit); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := replay(s, dir); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := report(s.name, filepath.Join(dir, ".fuzzls"), filepath.Join(dir, "cover.out")); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// fuzz runs a campaign. Crashes are no failure: they are not part of the corpus.
func fuzz(s subject, dir, fuzzls, limit string) error {
	cmd := exec.Command(fuzzls, "fuzz", "--run=^"+s.test+"$", "--limit="+limit, "./"+s.dir)
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

// replay copies the corpus to where `go test` looks for it and profiles it.
func replay(s subject, dir string) error {
	corpus, err := corpusOf(s, dir)
	if err != nil {
		return err
	}
	to := filepath.Join(dir, s.dir, "testdata", "fuzz", s.test)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	names, err := corpus.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := corpus.Read(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, "fuzzls-"+name), data, 0o644); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "test", "-vet=off", "-run=^"+s.test+"$", "-coverpkg=./...", "-coverprofile="+filepath.Join(dir, "cover.out"), "./"+s.dir)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %s", cmd.Args, err, out)
	}
	return nil
}

// corpusOf returns the corpus that the campaign of s has left.
func corpusOf(s subject, dir string) (*store.Corpus, error) {
	state, err := store.Existing(dir)
	if err != nil {
		return nil, err
	}
	tests, err := state.FuzzTests()
	if err != nil {
		return nil, err
	}
	for _, t := range tests {
		if t.Name == s.test {
			return t.Corpus(), nil
		}
	}
	return nil, fmt.Errorf("no corpus of %s in %s", s.test, state.Dir())
}

// report prints the figures of one state folder.
func report(name, state, profile string) error {
	t, err := load(state)
	if err != nil {
		return err
	}
	profiles, err := cover.ParseProfiles(profile)
	if err != nil {
		return fmt.Errorf("reading the cover profile %s: %w", profile, err)
	}
	f := compare(t, profiles)
	fmt.Printf("%-12s %12d %9d %6.2f %% %16d %14.2f %%\n", name, f.shown, f.wrong, f.wrongShare(), f.executed, f.foundShare())
	for _, e := range f.examples {
		fmt.Println("   ", e)
	}
	return nil
}

// load merges the coverage of all builds in a state folder.
func load(state string) (*coverage.Tracker, error) {
	files, err := filepath.Glob(filepath.Join(state, "v", "*"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no coverage files (%s): run `fuzzls fuzz` first", state, filepath.Join("v", "*"))
	}
	var builds []coverage.Build
	for _, path := range files {
		file, err := abi.MapCoverage(path)
		if err != nil {
			return nil, err
		}
		hit := file.Bits(nil)
		if err := file.Close(); err != nil {
			return nil, err
		}
		points, err := coverage.LoadPoints(filepath.Join(state, "points", filepath.Base(path)+".json.gz"))
		if err != nil {
			return nil, err
		}
		builds = append(builds, coverage.Build{Points: points, Hit: hit})
	}
	m := coverage.Merge(builds)
	return coverage.States(m.Points, m.Hit), nil
}
