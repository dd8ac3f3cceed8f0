package project

import (
	"crypto/sha1"
	"fmt"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
)

// This file says how an input that crashes becomes a test that stays.

// AddSeed returns what has to be inserted into the file of t, whose present text is
// content, so that the fuzz test gets the input in entry, a file of its corpus, as a seed.
// The first insertion is the call that adds it. The error says why there is none.
func AddSeed(t *target.FuzzTest, content, entry []byte) ([]target.Insertion, error) {
	if t.Language != target.Go {
		return nil, fmt.Errorf("the source of %s holds no seeds: they are files", t.Name)
	}
	return golang.AddSeed(t.File, content, t.Name, entry)
}

// KeptBy says how the input in a reproducer is run as a test from now on, or what to do for
// that; entry is its content, root what paths in the answer are relative to. The error
// says that it is where nothing finds it.
func KeptBy(t *target.FuzzTest, root, reproducer string, entry []byte) (string, error) {
	if t.Language != target.Go {
		return keptAsSeed(t, root, reproducer, entry), nil
	}
	home := filepath.Join(t.Dir, "testdata", "fuzz", t.Name)
	if filepath.Dir(reproducer) != home {
		return "", fmt.Errorf("the input is in %s, where go test does not look: copy it to %s", reproducer, home)
	}
	return fmt.Sprintf("go test runs it from testdata/fuzz/%s/%s: commit that file.", t.Name, filepath.Base(reproducer)), nil
}

// keptAsSeed says how to put an input into the seed corpus. Its name there is libFuzzer's.
func keptAsSeed(t *target.FuzzTest, root, reproducer string, entry []byte) string {
	to := filepath.Join(t.Dir, t.Name+target.SeedDirSuffix)
	if len(t.SeedDirs) > 0 {
		to = t.SeedDirs[0]
	}
	to, from := target.Relative(root, to), target.Relative(root, reproducer)
	return fmt.Sprintf("Every campaign runs the seed corpus first. To add this input: mkdir -p %s && cp %s %s/crash-%x, and commit that file.",
		to, from, to, sha1.Sum(entry))
}
