package project

import (
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
	"github.com/fuzzls/fuzzls/fuzzcore/target/zig"
)

// This file says how an input that crashes becomes a test that stays.

// AddSeed returns what has to be inserted into the file of t, whose present text is
// content, so that the fuzz test gets the input in entry, a file of its corpus, as a seed.
// The first insertion is the call that adds it. The error says why there is none.
func AddSeed(t *target.FuzzTest, content, entry []byte) ([]target.Insertion, error) {
	switch t.Language {
	case target.Go:
		return golang.AddSeed(t.File, content, t.Name, entry)
	case target.Zig:
		return zig.AddSeed(t, content, entry)
	}
	return nil, fmt.Errorf("the source of %s holds no seeds: they are files", t.Name)
}

// HoldsSeeds reports whether the source of t can hold its seeds, so that AddSeed is worth
// a try.
func HoldsSeeds(t *target.FuzzTest) bool { return t.Language == target.Go || t.Language == target.Zig }

// PlaceSeed writes the file that what AddSeed inserts refers to, beside the source of t:
// Zig embeds it. Of other languages there is none.
func PlaceSeed(t *target.FuzzTest, entry []byte) error {
	if t.Language != target.Zig {
		return nil
	}
	path := seedPath(t, entry)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("writing the input that crashes: %w", err)
	}
	if err := os.WriteFile(path, entry, 0o666); err != nil {
		return fmt.Errorf("writing the input that crashes: %w", err)
	}
	return nil
}

func seedPath(t *target.FuzzTest, entry []byte) string {
	return filepath.Join(filepath.Dir(t.File), filepath.FromSlash(zig.SeedFile(t, entry)))
}

// KeptBy says how the input in a reproducer is run as a test from now on, or what to do for
// that; entry is its content, root what paths in the answer are relative to. The error
// says that it is where nothing finds it.
func KeptBy(t *target.FuzzTest, root, reproducer string, entry []byte) (string, error) {
	if t.Language == target.Zig {
		return fmt.Sprintf("The input is in %s: commit that file. zig build test runs it as an entry of .corpus.",
			target.Relative(root, seedPath(t, entry))), nil
	}
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
