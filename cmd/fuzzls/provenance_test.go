package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file tests with real campaigns that it is known which input reached each point
// first.

// firstsModule is a module with one fuzz test that has seeds of both kinds.
func firstsModule(t *testing.T) string {
	t.Helper()
	return module(t, "m.go", `package m

import "bytes"

var started = double(21)

func double(n int) int { return 2 * n }

func Classify(b []byte) int {
	switch {
	case bytes.HasPrefix(b, []byte("added")):
		return 1
	case bytes.HasPrefix(b, []byte("from a file")):
		return 2
	case len(b) > 3 && b[0] == 'f' && b[1] == 'u' && b[2] == 'z':
		return 3
	}
	return started
}
`, "m_test.go", `package m

import "testing"

func FuzzClassify(f *testing.F) {
	f.Add([]byte("added"))
	f.Fuzz(func(t *testing.T, b []byte) { Classify(b) })
}
`, "testdata/fuzz/FuzzClassify/by hand", "go test fuzz v1\n[]byte(\"from a file\")\n")
}

// firstsOf reads the log of the module's only build and checks that every covered point
// has a record. It returns for each origin one of its records.
func firstsOf(t *testing.T, dir string) map[provenance.Origin]provenance.Record {
	t.Helper()
	state, err := store.Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	built, err := state.Target("example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	test := state.FuzzTest("example.com/m", "FuzzClassify")
	file, err := abi.MapCoverage(test.CoveragePath(built.Coverage))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log, err := provenance.Open(test, built.Coverage, file.Len())
	if err != nil {
		t.Fatal(err)
	}
	found := map[provenance.Origin]provenance.Record{}
	hit := file.Bits(nil)
	for p := range uint32(file.Len()) {
		r, known := log.First(p)
		if covered := hit[p/64]>>(p%64)&1 != 0; known != covered {
			t.Errorf("point %d is covered: %v, known: %v", p, covered, known)
		}
		if known {
			found[r.Origin] = r
			checkInput(t, r)
		}
	}
	return found
}

// checkInput checks that a record's input can be opened.
func checkInput(t *testing.T, r provenance.Record) {
	t.Helper()
	if r.Origin == provenance.Start {
		if r.Input != "" {
			t.Errorf("before the first input there is %s", r.Input)
		}
		return
	}
	data, err := os.ReadFile(r.Input)
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := gocorpus.Unmarshal(data, []string{"[]byte"}); err != nil {
		t.Errorf("%s: %v", r.Input, err)
	}
}

func TestFirstInputs(t *testing.T) {
	dir := firstsModule(t)
	before := time.Now()
	campaign(t, dir, "--limit=100000")
	found := firstsOf(t, dir)
	for _, origin := range []provenance.Origin{provenance.Start, provenance.Seed, provenance.Mutant} {
		r, ok := found[origin]
		if !ok {
			t.Errorf("no point is reached by %q first: %v", origin, found)
		}
		if ok && (r.Time.Before(before) || r.Time.After(time.Now())) {
			t.Errorf("%q was first at %v, the campaign began at %v", origin, r.Time, before)
		}
	}

	// Without coverage the corpus counts anew, with the times when it was found.
	state := filepath.Join(dir, ".fuzzls")
	for _, pattern := range []string{"v/*", "tests/*/*/v/*", "tests/*/*/first/*"} {
		paths, err := filepath.Glob(filepath.Join(state, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("nothing is at %s: %v", pattern, err)
		}
		for _, path := range paths {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := filepath.Glob(filepath.Join(state, "tests/*/*/corpus/*"))
	if err != nil || len(entries) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	old := before.Add(-24 * time.Hour).Truncate(time.Second)
	for _, path := range entries {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	campaign(t, dir, "--limit=1000")
	if r := firstsOf(t, dir)[provenance.Corpus]; !r.Time.Equal(old) {
		t.Errorf("an entry of the corpus was first at %v, want %v", r.Time, old)
	}
}

// TestSeedFiles: a seed with a file is named by that, one without gets one.
func TestSeedFiles(t *testing.T) {
	dir := firstsModule(t)
	campaign(t, dir, "--limit=100")
	state, err := store.Existing(dir)
	if err != nil {
		t.Fatal(err)
	}
	built, err := state.Target("example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	test := state.FuzzTest("example.com/m", "FuzzClassify")
	file, err := abi.MapCoverage(test.CoveragePath(built.Coverage))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log, err := provenance.Open(test, built.Coverage, file.Len())
	if err != nil {
		t.Fatal(err)
	}
	inputs := map[string]bool{}
	for p := range uint32(file.Len()) {
		if r, _ := log.First(p); r.Origin == provenance.Seed {
			inputs[r.Input] = true
		}
	}
	added := filepath.Join(test.FirstDir(), store.EntryName([]byte("go test fuzz v1\n[]byte(\"added\")\n")))
	for _, path := range []string{added, filepath.Join(state.Root(), "testdata/fuzz/FuzzClassify/by hand")} {
		if !inputs[path] {
			t.Errorf("%s reached nothing first: %v", path, inputs)
		}
	}
}

// TestFirstInputsOfSeveralWorkers: whichever worker is first, there is a record.
func TestFirstInputsOfSeveralWorkers(t *testing.T) {
	dir := firstsModule(t)
	r := startCampaign(t, dir, "-j=3")
	r.waitRuns(t, 200_000)
	r.interrupt(t)
	if status := r.wait(t); status != statusOK {
		t.Fatalf("the campaign ended with status %d:\n%s", status, r.stderr.text.String())
	}
	firstsOf(t, dir)
}
