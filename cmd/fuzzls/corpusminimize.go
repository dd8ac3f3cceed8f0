package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// This file defines `fuzzls corpus minimize`.

func newMinimizeCommand() *cobra.Command {
	var f fuzzFlags
	cmd := &cobra.Command{
		Use:   "minimize [flags] [patterns] [-- go build flags]",
		Short: "Keep only the inputs that reach something the others do not",
		Long: `Builds the fuzz tests that the patterns name (default ./...), runs each input of their
corpora once, and removes those that reach nothing that others, and shorter ones, do not
reach as well. Nothing is mutated. Seeds in the source tree stay as they are.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); at >= 0 {
				f.build.rest = args[at:]
				args = args[:at]
			}
			return f.minimize(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	f.addRunFlags(flags)
	f.build.add(flags)
	return cmd
}

// minimize lets a campaign judge what is in the corpora, and nothing else.
func (f *fuzzFlags) minimize(ctx context.Context, patterns []string) error {
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
	config.OnlyCorpus = true
	config.Observe, config.Notice = show.show, show.note
	before, err := ready.corpora()
	if err != nil {
		return err
	}
	_, err = f.campaign(ctx, config)
	show.finish()
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted: the inputs that were not run yet are kept")
	}
	after, err := ready.corpora()
	if err != nil {
		return err
	}
	for i := range ready.tests {
		fmt.Printf("%s: %d inputs, %d before\n", ready.tests[i].Name, after[i], before[i])
	}
	if len(ready.failed) > 0 {
		return statusError(statusFailed)
	}
	return nil
}

// corpora returns the number of inputs in the corpus of each fuzz test.
func (r *readyTests) corpora() ([]int, error) {
	counts := make([]int, len(r.tests))
	for i := range r.tests {
		t := &r.tests[i]
		names, err := r.state.FuzzTest(t.Package, t.Func).Corpus().List()
		if err != nil {
			return nil, err
		}
		counts[i] = len(names)
	}
	return counts, nil
}
