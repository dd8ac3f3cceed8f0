package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	var match func(string) bool // all fuzz tests of a build together
	if only.String() != "" {
		match = only.MatchString
	}
	latest, err := target.Builds(state, match)
	if err != nil {
		return nil, err
	}
	if len(latest) == 0 {
		return nil, fmt.Errorf("no coverage in %s: run `fuzzls fuzz` first", state.Dir())
	}
	var builds []coverage.Build
	for _, b := range latest {
		builds = append(builds, coverage.Build{Points: b.Points, Hit: b.Hit})
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
	for i := range latest {
		for _, entry := range latest[i].EntryLines(match) {
			tracker.MarkEntryLine(entry.Path, entry.Line)
		}
	}
	return tracker, nil
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
