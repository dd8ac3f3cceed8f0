package target

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
)

// This file reads the latest builds of a workspace, and what has run of them.

// Build is the latest build of one target, as campaigns have left it.
type Build struct {
	store.Target
	Points *coverage.Points
	// Hit are the points that its fuzz tests have covered, as words of a coverage file.
	Hit []uint64
}

// Place is a line of a source file.
type Place struct {
	Path string
	Line uint32
}

// Builds returns the latest build of each target of which anything has run, the newest
// first. If only is set, no fuzz test counts but those whose names it accepts. If some
// builds cannot be read, it returns the others and an error that names them.
func Builds(state *store.State, only func(test string) bool) ([]Build, error) {
	targets, err := Latest(state)
	problems := []error{err}
	var builds []Build
	for _, t := range targets {
		build, err := ReadBuild(state, t, only)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if build.Hit != nil {
			builds = append(builds, *build)
		}
	}
	return builds, errors.Join(problems...)
}

// Latest returns the latest build of each target, the newest first. If some records
// cannot be read, it returns the others and an error that names them.
func Latest(state *store.State) ([]store.Target, error) {
	targets, err := state.Targets()
	slices.SortStableFunc(targets, func(a, b store.Target) int { return cmp.Compare(b.Built.UnixNano(), a.Built.UnixNano()) })
	return targets, err
}

// ReadBuild reads the points of one build and what has run of them. Hit is nil if
// nothing has.
func ReadBuild(state *store.State, t store.Target, only func(test string) bool) (*Build, error) {
	points, err := Points(state, t.Coverage)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	b := &Build{Target: t, Points: points}
	if only == nil {
		b.Hit, err = readBits(state.CoveragePath(t.Coverage), points, nil)
		return b, err
	}
	for _, name := range t.Tests {
		if !only(name) {
			continue
		}
		if b.Hit, err = readBits(state.FuzzTest(t.Package, name).CoveragePath(t.Coverage), points, b.Hit); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// readBits adds the bits of a coverage file, if there is one, to bits.
func readBits(path string, points *coverage.Points, bits []uint64) ([]uint64, error) {
	file, err := abi.MapCoverage(path)
	if errors.Is(err, fs.ErrNotExist) {
		return bits, nil
	}
	if err != nil {
		return bits, err
	}
	defer file.Close()
	if file.ID() != points.ID {
		return bits, fmt.Errorf("%s: its points are not those of the build: delete the file and fuzz again", path)
	}
	words := file.Bits(nil)
	for i, w := range bits {
		words[i] |= w
	}
	return words, nil
}

// EntryLines returns where the fuzz tests that only accepts enter, all if it is nil.
// Addresses are those of one executable; lines hold for all.
func (b *Build) EntryLines(only func(test string) bool) []Place {
	var places []Place
	for i, name := range b.Tests {
		if only != nil && !only(name) {
			continue
		}
		if place, ok := b.EntryLine(i); ok {
			places = append(places, place)
		}
	}
	return places
}

// EntryLine returns where the fuzz test Tests[i] enters.
func (b *Build) EntryLine(i int) (Place, bool) {
	if i >= len(b.Entries) {
		return Place{}, false
	}
	f, ok := b.Points.FuncAt(b.Entries[i])
	if !ok {
		return Place{}, false
	}
	return Place{b.Points.Files[f.File].Path, f.Line}, true
}
