package ossfuzz

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Complete: what is beside a harness becomes part of its fuzz test.

// Config says where to look. The caller sets all of it.
type Config struct {
	// Dir is the directory of the harness, Name the fuzz test's name.
	Dir, Name string
	// SeedDirs are directories that the user's settings name, Dictionary is such a file,
	// "" if none.
	SeedDirs   []string
	Dictionary string
	// MaxInput is the number of bytes of the longest input that can be run.
	MaxInput int
	// Unpacked is a directory of ours for what is in zip files, DictionaryTo a file of
	// ours for the tokens of all dictionaries.
	Unpacked, DictionaryTo string
}

// Dirs returns the directories beside a harness that hold its seeds, whether they are
// there or not, those that are named first.
func Dirs(dir, name string, named []string) []string {
	return slices.Concat(named, []string{filepath.Join(dir, name+target.SeedDirSuffix), filepath.Join(dir, "corpus", name)})
}

// Complete adds seeds, dictionary and options to t. What cannot be read is left out and
// named by a notice.
func Complete(t *target.Test, c Config) (notices []string) {
	note := func(err error) {
		if err != nil {
			notices = append(notices, err.Error())
		}
	}
	options, err := readOptions(filepath.Join(c.Dir, c.Name+".options"))
	note(err)
	if options.maxLen > 0 {
		t.MaxInput = options.maxLen
		c.MaxInput = min(c.MaxInput, options.maxLen)
	}
	seeds := seedFinder{maxInput: c.MaxInput}
	for i, dir := range Dirs(c.Dir, c.Name, c.SeedDirs) {
		note(seeds.addDir(dir, i < len(c.SeedDirs)))
	}
	note(seeds.addZip(filepath.Join(c.Dir, c.Name+target.SeedDirSuffix+".zip"), c.Unpacked))
	t.SeedFiles = append(t.SeedFiles, seeds.files...)
	note(seeds.tooLong())
	note(addTokens(t, c, options.dictionary))
	return notices
}

// addTokens puts the tokens of the dictionaries in front of those that t has.
func addTokens(t *target.Test, c Config, fromOptions string) error {
	var tokens []engine.Token
	var problems []error
	for _, path := range []string{c.Dictionary, fromOptions, filepath.Join(c.Dir, c.Name+".dict")} {
		if path == "" {
			continue
		}
		found, err := ReadDictionary(path)
		if errors.Is(err, fs.ErrNotExist) && path != c.Dictionary {
			continue
		}
		problems = append(problems, err)
		tokens = append(tokens, found...)
	}
	if len(tokens) == 0 {
		return errors.Join(problems...)
	}
	others, err := target.LoadDictionary(t.Dictionary)
	problems = append(problems, err)
	err = target.SaveDictionary(c.DictionaryTo, append(tokens, others...))
	if err == nil {
		t.Dictionary = c.DictionaryTo
	}
	return errors.Join(append(problems, err)...)
}

// isDir reports whether path is a directory.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// unreadable says that a file of the user's was left out.
func unreadable(what, path string, err error) error {
	return fmt.Errorf("%s %s is left out: %w", what, path, err)
}
