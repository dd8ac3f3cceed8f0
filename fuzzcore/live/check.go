package live

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how single crashes are tried again and made smaller.

// replays is how often a reproducer runs before its crash counts as fixed: some crashes,
// such as those of goroutines that get into each other's way, happen only now and then.
const replays = 3

// minimizeEffort is how many times more runs a crash is given when a person asks for it
// than when a campaign finds it.
const minimizeEffort = 5

// checker tries the crashes of one fuzz test again.
type checker struct {
	*supervisor.Checker
	files *supervisor.CrashFiles
	test  *target.Test
	log   *slog.Logger
}

// newChecker starts a process of the fuzz test; the caller closes it.
func (w *Workspace) newChecker(ctx context.Context, state *store.State, t *target.Test) (*checker, error) {
	config := w.runConfig(state, nil)
	c, err := supervisor.NewChecker(ctx, supervisor.CheckConfig{
		Test: t, Modules: config.Modules, Sources: target.NewSources(state, t), Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return nil, err
	}
	files := &supervisor.CrashFiles{State: state, Root: state.Root(), ReplayFlags: config.ReplayFlags, Timeout: config.Timeout}
	return &checker{Checker: c, files: files, test: t, log: w.log}, nil
}

// happens runs the reproducer of a crash, and returns the crash if it has the same
// signature; nil if it does not happen any more. Another crash of that input is kept.
func (c *checker) happens(ctx context.Context, signature string) (*abi.Crash, supervisor.CrashMeta, error) {
	input, meta, err := c.files.Load(c.test, signature)
	if err != nil {
		return nil, meta, err
	}
	for range replays {
		found, err := c.Run(ctx, input)
		if err != nil {
			return nil, meta, err
		}
		if found == nil {
			continue
		}
		report := c.Analyze(found)
		if report.Signature == signature {
			meta, err = c.files.SeenAgain(c.test, &report, meta)
			return found, meta, err
		}
		if err := c.keep(ctx, found, report); err != nil {
			return nil, meta, err
		}
	}
	return nil, meta, c.files.NotSeen(c.test, signature)
}

// keep keeps a crash that was not looked for.
func (c *checker) keep(ctx context.Context, found *abi.Crash, report crash.Report) error {
	_, meta, err := c.files.Load(c.test, report.Signature)
	switch {
	case err == nil:
		_, err = c.files.SeenAgain(c.test, &report, meta)
	case errors.Is(err, fs.ErrNotExist):
		content := supervisor.CrashContent{Report: report, Input: found.Input, Text: found.Text, Output: found.Output}
		if _, err = c.files.Save(c.test, &content, ""); err == nil {
			c.describe(ctx, report.Signature, found.Input)
		}
	}
	return err
}

// recheck runs the reproducers of the open crashes of fuzz tests after their source has
// changed: those that no longer crash become Fixed.
func (w *Workspace) recheck(ctx context.Context, state *store.State, tests []target.Test) {
	for i := range tests {
		id := TestID{tests[i].Package, tests[i].Func}
		open := w.openCrashesOf(id)
		if len(open) == 0 || ctx.Err() != nil {
			continue
		}
		if err := w.recheckTest(ctx, state, &tests[i], open); err != nil && ctx.Err() == nil {
			w.log.Warn("replaying known crashes", "test", id.String(), "error", err)
		}
		w.refreshCrashes([]TestID{id})
	}
}

func (w *Workspace) recheckTest(ctx context.Context, state *store.State, t *target.Test, open []Crash) error {
	c, err := w.newChecker(ctx, state, t)
	if err != nil {
		return err
	}
	defer c.Close()
	var problems []error
	for _, known := range open {
		if _, _, err := c.happens(ctx, known.Signature); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// ReplayCrash builds the fuzz test and runs the reproducer; still tells whether it
// crashes with the same signature. The crash's status follows. If several fuzz tests
// have the crash, still is true if any of them has it still.
func (w *Workspace) ReplayCrash(ctx context.Context, signature string) (still bool, err error) {
	known := w.crashesWith(signature)
	if len(known) == 0 {
		return false, unknownCrash(signature)
	}
	for _, k := range known {
		err := w.withBuilt(ctx, k.Test, Replaying, "Replaying a crash of "+k.Test.Func, func(ctx context.Context, state *store.State, t *target.Test) error {
			c, err := w.newChecker(ctx, state, t)
			if err != nil {
				return err
			}
			defer c.Close()
			found, _, err := c.happens(ctx, signature)
			still = still || found != nil
			return err
		})
		if err != nil {
			return false, err
		}
		w.refreshCrashes([]TestID{k.Test})
	}
	return still, nil
}

// Minimize looks for a smaller reproducer and replaces it, and returns the sizes of the
// files in bytes: the same if there is no simpler one. If several fuzz tests have the
// crash, it is done for the first by name.
func (w *Workspace) Minimize(ctx context.Context, signature string) (before, after int, err error) {
	known, ok := w.Crash(signature)
	if !ok {
		return 0, 0, unknownCrash(signature)
	}
	err = w.withBuilt(ctx, known.Test, Minimizing, "Minimizing a crash of "+known.Test.Func, func(ctx context.Context, state *store.State, t *target.Test) error {
		c, err := w.newChecker(ctx, state, t)
		if err != nil {
			return err
		}
		defer c.Close()
		before, after, err = c.minimize(ctx, signature)
		return err
	})
	w.refreshCrashes([]TestID{known.Test})
	return before, after, err
}

func (c *checker) minimize(ctx context.Context, signature string) (before, after int, err error) {
	found, meta, err := c.happens(ctx, signature)
	if err != nil {
		return 0, 0, err
	}
	if found == nil {
		return 0, 0, fmt.Errorf("crash %s of %s no longer happens: there is nothing to minimize", signature, c.test.Func)
	}
	if before, err = fileSize(absolute(c.files.Root, meta.Reproducer)); err != nil {
		return 0, 0, err
	}
	smaller, err := c.Minimize(ctx, found, &meta.Report, minimizeEffort)
	if err != nil {
		return 0, 0, fmt.Errorf("minimizing crash %s of %s: %w", signature, c.test.Func, err)
	}
	if smaller == nil || len(smaller.Input) > len(found.Input) || string(smaller.Input) == string(found.Input) {
		return before, before, nil
	}
	report := c.Analyze(smaller)
	if report.Signature != signature {
		return before, before, nil // it happens only now and then
	}
	content := supervisor.CrashContent{Report: report, Input: smaller.Input, Text: smaller.Text, Output: smaller.Output}
	if meta, err = c.files.Save(c.test, &content, meta.Reproducer); err != nil {
		return 0, 0, err
	}
	c.describe(ctx, signature, smaller.Input)
	after, err = fileSize(absolute(c.files.Root, meta.Reproducer))
	return before, after, err
}

// describe finds out what is in the input of a crash that was saved. Without that, there
// are its bytes.
func (c *checker) describe(ctx context.Context, signature string, input []byte) {
	if err := c.files.Describe(ctx, c.test, signature, input); err != nil && ctx.Err() == nil {
		c.log.Warn("looking into an input", "error", err)
	}
}

func fileSize(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return int(info.Size()), nil
}
