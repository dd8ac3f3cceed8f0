package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines where the processes of Zig's fuzzer work during a campaign: in a
// folder of the fuzz test, of which nothing is left afterwards. The state's corpus is what
// is kept. The supervisor calls PrepareZig before its workers start and FinishZig when
// they have ended.

// zigDir is the folder, in that of a fuzz test, of the caches, one for each build.
const zigDir = "zig"

func zigHome(state *store.State, t *target.Test) string {
	return filepath.Join(state.FuzzTest(t.Package, t.Func).Dir(), zigDir)
}

// zigCache returns the cache of a fuzz test's instances.
func zigCache(state *store.State, t *target.Test) *zigtest.Cache {
	return zigtest.NewCache(filepath.Join(zigHome(state, t), abi.HexName(t.CoverageID)), t.Zig.Name)
}

// PrepareZig makes the cache of a fuzz test of Zig with the inputs of its corpus. What a
// campaign has left that was killed is taken over: the inputs it kept go to the corpus, and
// those that it was running run first of all, since any may have been a crash.
func PrepareZig(state *store.State, t *target.Test) error {
	left, err := harvestZig(state, t)
	if err == nil {
		err = fillZig(state, t, left)
	}
	if err == nil {
		err = makeQuiet(state, t)
	}
	if err != nil {
		return fmt.Errorf("preparing the inputs of %s: %w", t.Name, err)
	}
	return nil
}

// FinishZig takes over what workers have left that were killed, and removes the cache.
func FinishZig(state *store.State, t *target.Test) error {
	if _, err := harvestZig(state, t); err != nil {
		return fmt.Errorf("keeping the inputs of %s: %w", t.Name, err)
	}
	err := os.Remove(quietPath(state, t))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// quietPath is where the copy of an executable is that does not find its debug information:
// what runs during a campaign, for all fuzz tests of the executable.
func quietPath(state *store.State, t *target.Test) string {
	return filepath.Join(state.Dir(), zigDir, abi.HexName(t.CoverageID))
}

// makeQuiet makes the copy, if there can be one.
func makeQuiet(state *store.State, t *target.Test) error {
	path := quietPath(state, t)
	if _, err := os.Stat(path); err == nil {
		return nil // another fuzz test's, or left by a campaign that was killed
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	temp := path + ".new"
	err := zigtest.Quiet(t.Exe, temp)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	return os.Rename(temp, path)
}

// zigExe returns what is run: the quiet copy if there is one.
func zigExe(state *store.State, t *target.Test) string {
	path := quietPath(state, t)
	if _, err := os.Stat(path); err != nil {
		return t.Exe
	}
	return path
}

// fillZig makes the cache: the inputs left, then those of the corpus.
func fillZig(state *store.State, t *target.Test, left [][]byte) error {
	cache := zigCache(state, t)
	if err := cache.Create(); err != nil {
		return err
	}
	if err := cache.Write(0, left); err != nil {
		return err
	}
	corpus := state.FuzzTest(t.Package, t.Func).Corpus()
	names, err := corpus.List()
	if err != nil {
		return err
	}
	n := len(left)
	for _, name := range names {
		if _, err := corpus.Read(name); err != nil {
			if err := corpus.SetAside(name, err.Error()); err != nil {
				return err
			}
			continue
		}
		if err := cache.Link(n, filepath.Join(corpus.Dir(), name)); err != nil {
			return err
		}
		n++
	}
	return nil
}

// harvestZig adds the inputs of all caches of a fuzz test to its corpus and removes the
// caches. It returns the inputs that were being run.
func harvestZig(state *store.State, t *target.Test) (left [][]byte, err error) {
	home := zigHome(state, t)
	builds, err := os.ReadDir(home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	corpus := state.FuzzTest(t.Package, t.Func).Corpus()
	for _, build := range builds {
		cache := zigtest.NewCache(filepath.Join(home, build.Name()), t.Zig.Name)
		if err := harvestInputs(cache, corpus); err != nil {
			return nil, err
		}
		running, err := cache.LeftInputs()
		if err != nil {
			return nil, err
		}
		left = append(left, running...)
	}
	return left, os.RemoveAll(home)
}

// harvestInputs adds the inputs of one cache to the corpus.
func harvestInputs(cache *zigtest.Cache, corpus *store.Corpus) error {
	numbers, err := cache.Numbers()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, n := range numbers {
		data, err := os.ReadFile(cache.InputPath(n))
		if err != nil {
			return err
		}
		if _, _, err := corpus.Add(data); err != nil {
			return err
		}
	}
	return nil
}
