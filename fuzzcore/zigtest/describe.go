package zigtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file asks executables what they are.

// Description is what an executable tells of itself.
type Description struct {
	// Version is that of the Zig that built it.
	Version string
	// Tests are the names of all its tests, fuzz tests and others.
	Tests []string
	// ID is its coverage id, PCs the addresses of its points, unslid.
	ID  uint64
	PCs []uint64
}

// Describe runs an executable that only tells what it is. No test is run. scratch is a
// directory for a cache directory. The error is abi.ErrNoPoints if the executable was built
// with a backend that does not instrument.
func Describe(ctx context.Context, config Config, scratch string) (*Description, error) {
	d, err := describe(ctx, config, scratch)
	if err != nil {
		return nil, fmt.Errorf("asking %s what it is: %w", config.Exe, err)
	}
	return d, nil
}

func describe(ctx context.Context, config Config, scratch string) (*Description, error) {
	dir, err := os.MkdirTemp(scratch, "describe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	config.Cache, config.Start = dir, abi.StartFuzzing{}
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o777); err != nil {
		return nil, err
	}
	k := proc.NewKeeper()
	defer k.Close()
	child, err := Start(k, config)
	if err != nil {
		return nil, err
	}
	defer child.Close()
	defer context.AfterFunc(ctx, child.Kill)()
	d := new(Description)
	for e := range child.Events() {
		switch e.Tag {
		case abi.TagZigVersion:
			d.Version = e.Version
		case abi.TagTestMetadata:
			d.Tests = e.Tests
		}
	}
	if _, _, err := child.End(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := RunnerFailure(child.Text()); err != nil {
		return nil, err
	}
	if d.Version == "" || d.Tests == nil {
		return nil, fmt.Errorf("it ended before it told: %s: is it a fuzz executable of Zig?", strings.TrimSpace(child.Text()))
	}
	return d, d.readPoints(dir)
}

// readPoints reads the points that the executable has left in its coverage file.
func (d *Description) readPoints(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "v", "*"))
	if err != nil || len(paths) != 1 {
		return fmt.Errorf("it left %d coverage files where 1 was expected", len(paths))
	}
	file, err := abi.MapCoverage(paths[0])
	if err != nil {
		return err
	}
	defer file.Close()
	d.ID, d.PCs = file.ID(), file.PCs()
	return nil
}

// Kind says what a test of an executable is.
type Kind int

// The kinds of tests.
const (
	// FuzzTest calls std.testing.fuzz.
	FuzzTest Kind = iota + 1
	// Plain does not.
	Plain
	// Skipped has returned error.SkipZigTest without doing so.
	Skipped
	// Missing: there is no test of this name.
	Missing
)

// Probe runs the test for one cycle and tells what it is and where its function begins, as
// an unslid address. Asking a fuzz executable to run a test otherwise would end in a
// segmentation fault.
func (r *Replayer) Probe(ctx context.Context) (Kind, uint64, error) {
	t, err := r.try(ctx, nil, 1)
	switch {
	case err != nil && strings.Contains(err.Error(), "no longer exists"):
		return Missing, 0, nil
	case err != nil:
		return 0, 0, fmt.Errorf("asking whether %s is a fuzz test: %w", r.config.Name, err)
	case t.crash != nil && strings.Contains(t.crash.Text, "missed call to std.testing.fuzz"):
		return Plain, t.entry, nil
	case t.crash == nil && t.runs == 0:
		return Skipped, t.entry, nil
	}
	return FuzzTest, t.entry, nil
}
