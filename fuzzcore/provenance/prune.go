package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file defines Prune: every build has a log of its own, and only the last few are
// asked for.

// Prune removes the logs of all builds but the given one and the newest others,
// store.BuildsKept in all, and the inputs that none of those names. If a worker is running
// the fuzz test, an input that it has just kept may be lost.
func Prune(test *store.FuzzTest, id uint64) error {
	others, err := test.OtherFirstLogs(id)
	if err != nil || len(others) < store.BuildsKept {
		return err
	}
	named := map[string]bool{}
	for _, path := range append(others[:store.BuildsKept-1:store.BuildsKept-1], test.FirstLogPath(id)) {
		if err := addInputs(path, named); err != nil {
			return err
		}
	}
	for _, path := range others[store.BuildsKept-1:] {
		if err := remove(path); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(test.FirstDir())
	if err != nil {
		return fmt.Errorf("removing old history: %w", err)
	}
	for _, entry := range entries {
		if !isInputName(entry.Name()) || named[entry.Name()] {
			continue
		}
		if err := remove(filepath.Join(test.FirstDir(), entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// addInputs adds the names of the inputs in a log.
func addInputs(path string, named map[string]bool) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing old history: %w", err)
	}
	for one := range bytes.Lines(text) {
		var l line
		if json.Unmarshal(one, &l) == nil {
			named[l.Input] = true
		}
	}
	return nil
}

func remove(path string) error {
	err := os.Remove(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("removing old history: %w", err)
}
