package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang"
)

// This file defines `fuzzls fuzz`.

type fuzzFlags struct {
	limit, memory, run, seed, scope string
	duration, timeout               time.Duration
	jobs                            int
	json                            bool
	build                           buildFlags
}

// buildFlags are the flags that decide what is built.
type buildFlags struct {
	tags string
	race bool
	// rest are arguments after --, passed on to the go command.
	rest []string
}

// goFlags returns the flags for the go command.
func (f *buildFlags) goFlags() []string {
	var flags []string
	if f.tags != "" {
		flags = append(flags, "-tags="+f.tags)
	}
	if f.race {
		flags = append(flags, "-race")
	}
	return append(flags, f.rest...)
}

const fuzzLong = `Fuzz the fuzz tests of the packages that the patterns name (default ./...).

Without --limit and --time fuzzing goes on until Ctrl-C, which ends it with the
report; a second Ctrl-C ends it at once. Crashes do not stop it.

Arguments after -- go to the go command, such as -ldflags or -mod.

Exit status: 0 nothing found, 1 crashes found, 2 could not run.`

func newFuzzCommand() *cobra.Command {
	var f fuzzFlags
	cmd := &cobra.Command{
		Use:   "fuzz [flags] [patterns] [-- go build flags]",
		Short: "Fuzz, with live progress and a report at the end",
		Long:  fuzzLong,
		Example: `  fuzzls fuzz                      all fuzz tests below this directory, until Ctrl-C
  fuzzls fuzz --time 90s ./parser  one package for a minute and a half
  fuzzls fuzz --limit 100K --json  in CI: a fixed number of runs for each fuzz test
  fuzzls fuzz -- -tags=integration with the go command's own flags`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				f.build.rest = args[at:]
				args = args[:at]
			}
			return f.fuzz(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.limit, "limit", "", "stop after this many runs of each fuzz test: 10K, 2M, 1G")
	flags.DurationVar(&f.duration, "time", 0, "stop after this time: 90s, 1h")
	flags.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "number of workers")
	flags.StringVar(&f.run, "run", "", "only fuzz tests whose name matches this regular expression")
	flags.StringVar(&f.seed, "seed", "", "seed of the random numbers; with the same corpus and -j 1 a --limit campaign repeats itself")
	flags.StringVar(&f.scope, "scope", "module", "what to instrument: module, all, or import path patterns to add, separated by commas")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long one run may take before it counts as a hang")
	flags.StringVar(&f.memory, "memory", "2GiB", "how much memory one executor may use before the run counts as out of memory")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON on stdout, progress on stderr")
	flags.StringVar(&f.build.tags, "tags", "", "build tags, separated by commas")
	flags.BoolVar(&f.build.race, "race", false, "build with the race detector")
	return cmd
}

func (f *fuzzFlags) fuzz(ctx context.Context, patterns []string) error {
	config, only, err := f.config()
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the current directory: %w", err)
	}
	workspace, err := golang.Load(ctx, golang.LoadConfig{Dir: dir, Patterns: patterns, BuildFlags: f.build.goFlags()})
	if err != nil {
		return err
	}
	show := display(os.Stderr)
	var failed []string
	for _, problem := range workspace.Problems {
		fmt.Fprintf(os.Stderr, "%s\n", problem)
		failed = append(failed, problem.String())
	}
	state, err := store.Open(workspace.Root)
	if err != nil {
		return err
	}
	lock, err := state.Lock()
	if err != nil {
		return err
	}
	defer lock.Unlock()
	selected := workspace.Only(func(t *golang.FuzzTest) bool { return only.MatchString(t.Name) })
	prepared, err := golang.Prepare(ctx, selected, golang.PrepareConfig{
		State: state, Scope: config.scope, Flags: f.build.goFlags(), Progress: show.note,
	})
	if err != nil {
		return err
	}
	for _, failure := range prepared.Failed {
		fmt.Fprintln(os.Stderr, failure)
		failed = append(failed, failure.Error())
	}
	if len(prepared.Tests) == 0 {
		return noTests(failed, patterns, only)
	}
	config.campaign.State, config.campaign.Root, config.campaign.Tests = state, workspace.Root, prepared.Tests
	for _, m := range workspace.Modules {
		config.campaign.Modules = append(config.campaign.Modules, target.Module{Path: m.Path, Dir: m.Dir})
	}
	config.campaign.Observe, config.campaign.Notice = show.show, show.note
	report, err := f.campaign(ctx, config.campaign)
	show.finish()
	if report != nil {
		report.Failed = failed
		if err := f.print(report); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	return status(report)
}

// campaign runs one campaign within the time limit.
func (f *fuzzFlags) campaign(ctx context.Context, config supervisor.Config) (*supervisor.Report, error) {
	campaign, err := supervisor.New(config)
	if err != nil {
		return nil, err
	}
	if f.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.duration)
		defer cancel()
	}
	return campaign.Run(ctx)
}

// settings is what the flags say, checked.
type settings struct {
	campaign supervisor.Config
	scope    golang.Scope
}

// config checks the flags before anything is loaded or built.
func (f *fuzzFlags) config() (settings, *regexp.Regexp, error) {
	s := settings{scope: golang.ParseScope(f.scope)}
	c := &s.campaign
	var err error
	if f.limit != "" {
		if c.Limit, err = supervisor.ParseLimit(f.limit); err != nil {
			return s, nil, err
		}
	}
	if f.duration < 0 {
		return s, nil, fmt.Errorf("time %v: expected a time such as 90s", f.duration)
	}
	if f.timeout <= 0 {
		return s, nil, fmt.Errorf("timeout %v: expected a time such as 10s", f.timeout)
	}
	if f.jobs < 1 {
		return s, nil, fmt.Errorf("jobs %d: expected at least 1 worker", f.jobs)
	}
	if c.MemoryLimit, err = supervisor.ParseMemory(f.memory); err != nil {
		return s, nil, err
	}
	only, err := regexp.Compile(f.run)
	if err != nil {
		return s, nil, fmt.Errorf("run %q: %w", f.run, err)
	}
	c.Seed = supervisor.RandomSeed()
	if f.seed != "" {
		seed, err := strconv.ParseUint(f.seed, 0, 32)
		if err != nil {
			return s, nil, fmt.Errorf("seed %q: expected a number of 32 bits, such as 1 or 0xc0ffee", f.seed)
		}
		c.Seed = uint32(seed)
	}
	self, err := os.Executable()
	if err != nil {
		return s, nil, fmt.Errorf("finding the worker's executable: %w", err)
	}
	c.Worker = []string{self, "worker"}
	c.Jobs, c.Timeout = f.jobs, f.timeout
	// At least two: with one thread, goroutines that get into each other's way seldom do.
	c.Processors = max(2, runtime.NumCPU()/f.jobs)
	c.ReplayFlags = f.build.goFlags()
	return s, only, nil
}

func noTests(failed, patterns []string, only *regexp.Regexp) error {
	if len(failed) > 0 {
		return errors.New("nothing could be built: see the messages above")
	}
	where := "./..."
	if len(patterns) > 0 {
		where = strings.Join(patterns, " ")
	}
	if only.String() != "" {
		return fmt.Errorf("no fuzz test in %s matches --run %q: `fuzzls targets` lists them", where, only)
	}
	return fmt.Errorf("no fuzz tests in %s: write a func FuzzXxx(f *testing.F) in a _test.go file", where)
}

func (f *fuzzFlags) print(report *supervisor.Report) error {
	if !f.json {
		return report.WriteText(os.Stdout, colored(os.Stdout))
	}
	return writeJSON(os.Stdout, report)
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "\t")
	return encoder.Encode(v)
}

func status(report *supervisor.Report) error {
	switch {
	case report.CrashCount() > 0:
		return statusError(statusCrashes)
	case len(report.Failed) > 0:
		return statusError(statusFailed)
	}
	return nil
}
