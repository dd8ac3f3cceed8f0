package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines `fuzzls replay`.

func newReplayCommand() *cobra.Command {
	var f fuzzFlags
	cmd := &cobra.Command{
		Use:   "replay [flags] crash [-- go build flags]",
		Short: "Build a fuzz test and run the input of one of its crashes",
		Long: `Builds the fuzz test of a crash as its source is now, runs the input that crashed it, and
prints what it says. The crash is named by its signature, as ` + "`fuzzls crashes`" + ` lists it;
its first digits will do. Other tools run the inputs of most languages, too; those of Zig
need this command.

Exit status: 1 if it crashes still, 0 if not, 2 if it could not be run.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				f.build.rest = args[at:]
				args = args[:at]
			}
			if len(args) != 1 {
				return fmt.Errorf("replay takes the signature of one crash: `fuzzls crashes` lists them")
			}
			return f.replay(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	f.addRunFlags(flags)
	f.build.add(flags)
	return cmd
}

// replays is how often an input runs before its crash counts as gone: some happen only now
// and then.
const replays = 3

func (f *fuzzFlags) replay(ctx context.Context, signature string) error {
	known, err := crashNamed(signature)
	if err != nil {
		return err
	}
	config, _, err := f.config()
	if err != nil {
		return err
	}
	show := display(os.Stderr)
	ready, err := f.prepare(ctx, nil, regexp.MustCompile("^"+regexp.QuoteMeta(known.Func)+"$"), show)
	show.finish()
	if err != nil {
		return err
	}
	defer ready.lock.Unlock()
	t := ready.test(known.Package, known.Func)
	if t == nil {
		return fmt.Errorf("crash %s: %s is gone, or could not be built", known.Signature, target.FullName(known.Package, known.Func))
	}
	files := &supervisor.CrashFiles{State: ready.state, Root: ready.workspace.Root, ReplayFlags: config.ReplayFlags, Timeout: config.Timeout}
	input, meta, err := files.Load(t, known.Signature)
	if err != nil {
		return err
	}
	checker, err := supervisor.NewChecker(ctx, supervisor.CheckConfig{
		Test: t, Modules: ready.workspace.Modules, Sources: target.NewSources(ready.state, t), Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return err
	}
	defer checker.Close()
	found, err := runAgain(ctx, checker, input)
	switch {
	case err != nil:
		return err
	case found == nil:
		fmt.Println("no longer crashes")
		return files.NotSeen(t, known.Signature)
	}
	report := checker.Analyze(found)
	fmt.Print(found.Output, strings.TrimRight(found.Text, "\n"), "\n\n", report, "\n")
	if report.Signature == known.Signature {
		if _, err := files.SeenAgain(t, &report, meta); err != nil {
			return err
		}
	}
	return statusError(statusCrashes)
}

// runAgain runs an input until it crashes, at most replays times; nil if it never does.
func runAgain(ctx context.Context, checker *supervisor.Checker, input []byte) (*abi.Crash, error) {
	for range replays {
		found, err := checker.Run(ctx, input)
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, nil
}

// crashNamed returns the crash whose signature begins with the digits.
func crashNamed(digits string) (*listedCrash, error) {
	crashes, err := knownCrashes(true)
	if err != nil {
		return nil, err
	}
	var found []*listedCrash
	for i := range crashes {
		if strings.HasPrefix(crashes[i].Signature, digits) {
			found = append(found, &crashes[i])
		}
	}
	switch {
	case len(found) == 0:
		return nil, fmt.Errorf("there is no crash %q: `fuzzls crashes --all` lists those that are known", digits)
	case found[0].Signature != found[len(found)-1].Signature:
		return nil, fmt.Errorf("%q is the beginning of %d signatures: give more digits", digits, len(found))
	}
	return found[0], nil // of several fuzz tests with the same crash, any shows it
}

// test returns the fuzz test that is ready to run, nil if there is none.
func (r *readyTests) test(pkg, function string) *target.Test {
	for i := range r.tests {
		if r.tests[i].Package == pkg && r.tests[i].Func == function {
			return &r.tests[i]
		}
	}
	return nil
}
