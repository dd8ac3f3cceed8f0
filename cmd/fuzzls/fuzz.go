package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines `fuzzls fuzz`.

type fuzzFlags struct {
	limit, memory, run, seed string
	duration, timeout        time.Duration
	jobs                     int
	json                     bool
	build                    buildFlags
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
	flags.StringVar(&f.seed, "seed", "", "seed of the random numbers; with the same corpus and -j 1 a --limit campaign repeats itself")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON on stdout, progress on stderr")
	f.addRunFlags(flags)
	f.build.add(flags)
	return cmd
}

// addRunFlags defines the flags that decide which fuzz tests are run and within which
// limits.
func (f *fuzzFlags) addRunFlags(flags *pflag.FlagSet) {
	flags.IntVarP(&f.jobs, "jobs", "j", runtime.NumCPU(), "number of workers")
	flags.StringVar(&f.run, "run", "", "only fuzz tests whose name matches this regular expression")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Second, "how long one run may take before it counts as a hang")
	flags.StringVar(&f.memory, "memory", "2GiB", "how much memory one executor may use before the run counts as out of memory")
}

func (f *fuzzFlags) fuzz(ctx context.Context, patterns []string) error {
	config, only, err := f.config()
	if err != nil {
		return err
	}
	show := display(os.Stderr)
	ready, err := f.prepare(ctx, patterns, only, show)
	if err != nil {
		return err
	}
	defer ready.lock.Unlock()
	ready.fill(&config)
	config.Observe, config.Notice = show.show, show.note
	report, err := f.campaign(ctx, config)
	show.finish()
	if report != nil {
		report.Failed = ready.failed
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

// config checks the flags before anything is loaded or built.
func (f *fuzzFlags) config() (c supervisor.Config, only *regexp.Regexp, err error) {
	if f.limit != "" {
		if c.Limit, err = supervisor.ParseLimit(f.limit); err != nil {
			return c, nil, err
		}
	}
	if f.duration < 0 {
		return c, nil, fmt.Errorf("time %v: expected a time such as 90s", f.duration)
	}
	if f.timeout <= 0 {
		return c, nil, fmt.Errorf("timeout %v: expected a time such as 10s", f.timeout)
	}
	if err := f.build.check(); err != nil {
		return c, nil, err
	}
	if f.jobs < 1 {
		return c, nil, fmt.Errorf("jobs %d: expected at least 1 worker", f.jobs)
	}
	if c.MemoryLimit, err = supervisor.ParseMemory(f.memory); err != nil {
		return c, nil, err
	}
	only, err = regexp.Compile(f.run)
	if err != nil {
		return c, nil, fmt.Errorf("run %q: %w", f.run, err)
	}
	c.Seed = supervisor.RandomSeed()
	if f.seed != "" {
		seed, err := strconv.ParseUint(f.seed, 0, 32)
		if err != nil {
			return c, nil, fmt.Errorf("seed %q: expected a number of 32 bits, such as 1 or 0xc0ffee", f.seed)
		}
		c.Seed = uint32(seed)
	}
	self, err := os.Executable()
	if err != nil {
		return c, nil, fmt.Errorf("finding the worker's executable: %w", err)
	}
	c.Worker = []string{self, "worker"}
	c.Jobs, c.Timeout = f.jobs, f.timeout
	// At least two: with one thread, goroutines that get into each other's way seldom do.
	c.Processors = max(2, runtime.NumCPU()/f.jobs)
	c.ReplayFlags = f.build.goFlags()
	return c, only, nil
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
