package worker

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines zigCoverage: from the coverage file that a Zig process writes to
// those of the state.

// zigCoverage follows the coverage file of this worker's instance of a fuzz test. It is
// read while the process changes it, without a lock: at the moment when the process makes
// it, a lock of ours would make the process give up.
type zigCoverage struct {
	coverage *abi.CoverageFile // of the fuzz test in the state
	live     *abi.CoverageFile // of the instance; nil until there is one
	now      []uint64          // scratch: bits of live
	seen     []uint64          // bits that are in the state already
	fresh    []uint64          // scratch: bits that are not
	// counted and unique are what the instance's file said when it was looked at last.
	counted, unique uint64
	// runs is how many runs this worker has seen.
	runs uint64
}

func (c *zigCoverage) open(t *zigTest, own *abi.CoverageFile) {
	c.coverage = own
	words := (len(t.exe.points.PCs) + 63) / 64
	c.seen, c.fresh = make([]uint64, words), make([]uint64, words)
}

// follow maps the coverage file that the process has just opened. A worker that died may
// have counted what is in it.
func (t *zigTest) follow(path string) error {
	if t.live != nil {
		return nil // that of an earlier process, which this one shares
	}
	live, err := abi.MapCoverage(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s has other points than those that are known of it: build it again", t.def.Exe)
	}
	if err != nil {
		return t.failed(err)
	}
	t.live = live
	return nil
}

// resumeCounting notes what a worker has counted that died before this one.
func (t *zigTest) resumeCounting() error {
	path := zigtest.CoveragePath(t.dir(), t.def.CoverageID)
	file, err := abi.MapCoverage(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return t.failed(err)
	}
	t.counted, t.unique, t.began = file.Runs(), file.Unique(), file.Runs()
	return file.Close()
}

// count adds to the state what the instance has done since the last look.
func (t *zigTest) count() {
	if t.live == nil {
		return
	}
	if runs := t.live.Runs(); runs > t.counted {
		t.runs += runs - t.counted
		t.coverage.AddRuns(runs - t.counted)
		t.exe.coverage.AddRuns(runs - t.counted)
		t.counted = runs
	}
	if unique := t.live.Unique(); unique > t.unique {
		t.coverage.AddUnique(unique - t.unique)
		t.exe.coverage.AddUnique(unique - t.unique)
		t.unique = unique
	}
	t.now = t.live.Bits(t.now)
	found := 0
	for i, w := range t.now {
		t.fresh[i] = w &^ t.seen[i]
		t.seen[i] |= w
		found += bits.OnesCount64(t.fresh[i])
	}
	if found == 0 {
		return
	}
	t.exe.coverage.Or(t.fresh)
	t.hop.covered += t.coverage.Claim(t.fresh)
	t.firsts.claim(t.fresh)
}
