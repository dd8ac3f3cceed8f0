package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines `fuzzls cover`: coverage from the files that campaigns leave,
// also while one runs.

type coverFlags struct{ format, output, run string }

const coverLong = `Shows what campaigns have covered, from the files that they leave, also while one runs.

Without arguments: the source files of your own modules of which anything ran. With
arguments: those files, and the files below those directories; file:from-to shows some
lines of a file.

Marks in the text: + ran, ~ ran in part (or a condition is known to have gone one way only), - never ran,
> fuzzing enters here. A line without a mark holds no instrumented code.`

func newCoverCommand() *cobra.Command {
	var f coverFlags
	cmd := &cobra.Command{
		Use:   "cover [files or directories]",
		Short: "Show the covered source, or export it",
		Long:  coverLong,
		Example: `  fuzzls cover parser/parse.go
  fuzzls cover parser/parse.go:120-150
  fuzzls cover --format lcov -o coverage.info
  fuzzls cover --format go -o cover.out && go tool cover -html cover.out`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.cover(args) },
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "text, lcov, cobertura or go (a profile for go tool cover)")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "file to write instead of stdout")
	cmd.Flags().StringVar(&f.run, "run", "", "only what fuzz tests whose name matches this regular expression have covered")
	return cmd
}

func (f *coverFlags) cover(args []string) error {
	args, ranges, err := parseRanges(args)
	if err != nil {
		return err
	}
	write, err := f.writer(len(args) == 0, ranges)
	if err != nil {
		return err
	}
	only, err := regexp.Compile(f.run)
	if err != nil {
		return fmt.Errorf("run %q: %w", f.run, err)
	}
	state, err := openState()
	if err != nil {
		return err
	}
	tracker, err := f.tracker(state, only, args)
	if err != nil {
		return err
	}
	return f.write(func(w io.Writer, color bool) error { return write(w, tracker, state.Root(), color) })
}

// coverWriter writes coverage in one format.
type coverWriter func(w io.Writer, t *coverage.Tracker, root string, color bool) error

func (f *coverFlags) writer(onlyCovered bool, ranges lineRanges) (coverWriter, error) {
	switch f.format {
	case "text":
		return func(w io.Writer, t *coverage.Tracker, _ string, color bool) error {
			dir, _ := os.Getwd() // without it, paths are shown whole
			return coverage.WriteText(w, t, coverage.TextOptions{Color: color, OnlyCovered: onlyCovered, Lines: ranges.of, Dir: dir})
		}, nil
	case "lcov":
		return func(w io.Writer, t *coverage.Tracker, _ string, _ bool) error { return coverage.WriteLCOV(w, t) }, nil
	case "cobertura":
		return func(w io.Writer, t *coverage.Tracker, root string, _ bool) error {
			return coverage.WriteCobertura(w, t, coverage.CoberturaOptions{Root: root, Time: time.Now()})
		}, nil
	case "go":
		return func(w io.Writer, t *coverage.Tracker, _ string, _ bool) error { return coverage.WriteGoProfile(w, t) }, nil
	}
	return nil, fmt.Errorf("format %q: expected text, lcov, cobertura or go", f.format)
}

// tracker merges the latest builds of all targets and selects the files asked for.
func (f *coverFlags) tracker(state *store.State, only *regexp.Regexp, args []string) (*coverage.Tracker, error) {
	builds, entries, err := readBuilds(state, only)
	if err != nil {
		return nil, err
	}
	if len(builds) == 0 {
		return nil, fmt.Errorf("no coverage in %s: run `fuzzls fuzz` first", state.Dir())
	}
	merged := coverage.Merge(builds)
	for _, path := range merged.Stale {
		fmt.Fprintf(os.Stderr, "%s has changed between builds: shown as the latest build has it\n", path)
	}
	keep, err := fileFilter(args)
	if err != nil {
		return nil, err
	}
	points := merged.Points.Select(keep)
	if len(args) > 0 && len(points.Spans)+len(points.Branches) == 0 {
		return nil, fmt.Errorf("no instrumented file in %s", strings.Join(args, " "))
	}
	tracker := coverage.States(points, merged.Hit)
	for _, entry := range entries {
		tracker.MarkEntryLine(entry.path, entry.line)
	}
	return tracker, nil
}

// place is a line of a source file.
type place struct {
	path string
	line uint32
}

// readBuilds reads points and bits of the latest build of each target, the newest
// first, and where the fuzz tests that match enter.
func readBuilds(state *store.State, only *regexp.Regexp) (builds []coverage.Build, entries []place, err error) {
	targets, err := state.Targets()
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(targets, func(a, b store.Target) int { return cmp.Compare(b.Built.UnixNano(), a.Built.UnixNano()) })
	for i := range targets {
		t := &targets[i]
		points, err := target.Points(state, t.Coverage)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		hit, err := readBits(state, t, only, points)
		if err != nil {
			return nil, nil, err
		}
		if hit == nil {
			continue
		}
		builds = append(builds, coverage.Build{Points: points, Hit: hit})
		entries = append(entries, entryLines(t, only, points)...)
	}
	return builds, entries, nil
}

// entryLines returns where the fuzz tests of t that match enter. Addresses are those
// of one executable; lines hold for all.
func entryLines(t *store.Target, only *regexp.Regexp, points *coverage.Points) (lines []place) {
	for i, entry := range t.Entries {
		if i >= len(t.Tests) || !only.MatchString(t.Tests[i]) {
			continue
		}
		if f, ok := points.FuncAt(entry); ok {
			lines = append(lines, place{points.Files[f.File].Path, f.Line})
		}
	}
	return lines
}

// readBits returns what the fuzz tests of t that match have covered; nil if none
// matches or none has run.
func readBits(state *store.State, t *store.Target, only *regexp.Regexp, points *coverage.Points) ([]uint64, error) {
	var bits []uint64
	for _, name := range t.Tests {
		if !only.MatchString(name) {
			continue
		}
		path := state.FuzzTest(t.Name, name).CoveragePath(t.Coverage)
		if only.String() == "" {
			path = state.CoveragePath(t.Coverage) // of all at once
		}
		file, err := abi.MapCoverage(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if file.ID() != points.ID {
			file.Close()
			return nil, fmt.Errorf("%s: its points are not those of the build: delete the file and fuzz again", path)
		}
		words := file.Bits(nil)
		file.Close()
		if bits == nil {
			bits = make([]uint64, len(words))
		}
		for i, w := range words {
			bits[i] |= w
		}
	}
	return bits, nil
}

// fileFilter returns which files to show for the arguments: without any, those of
// the user's own modules.
func fileFilter(args []string) (func(*coverage.File) bool, error) {
	if len(args) == 0 {
		return coverage.OwnFiles, nil
	}
	var paths []string
	for _, arg := range args {
		path, err := filepath.Abs(arg)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return nil, fmt.Errorf("finding %s: %w", arg, err)
		}
		paths = append(paths, path)
	}
	return func(f *coverage.File) bool {
		file, err := filepath.EvalSymlinks(f.Path)
		if err != nil {
			file = f.Path
		}
		return slices.ContainsFunc(paths, func(path string) bool {
			return file == path || strings.HasPrefix(file, path+string(filepath.Separator))
		})
	}, nil
}

// write writes to the output file, whole, or to stdout, coloured if that is a
// terminal.
func (f *coverFlags) write(write func(w io.Writer, color bool) error) error {
	if f.output == "" {
		return write(os.Stdout, colored(os.Stdout))
	}
	file, err := os.Create(f.output)
	if err != nil {
		return fmt.Errorf("writing coverage: %w", err)
	}
	if err := errors.Join(write(file, false), file.Close()); err != nil {
		return fmt.Errorf("writing coverage to %s: %w", f.output, err)
	}
	return nil
}
