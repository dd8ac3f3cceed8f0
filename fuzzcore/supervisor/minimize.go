package supervisor

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// This file defines how a campaign makes the inputs of its crashes smaller: in an
// executor beside the workers, and with the same signature.

// minimize looks for a smaller input of a crash until ctx ends. A failure to do so
// leaves the input as it was found.
func (k *crashKeeper) minimize(ctx context.Context, kept *keptCrash) {
	k.describe(ctx, kept) // soon, since making it smaller may take minutes
	defer k.describe(ctx, kept)
	config := &k.campaign.config
	checker, err := NewChecker(ctx, CheckConfig{
		Test: k.campaign.tests[kept.test].test, Modules: config.Modules, Sources: k.campaign.tests[kept.test].sources,
		Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return
	}
	defer checker.Close()
	k.mu.Lock()
	report := kept.report // a smaller input found meanwhile replaces it
	k.mu.Unlock()
	// The first input and not the smallest so far: what is found must not depend on when
	// it is looked for.
	smaller, err := checker.Minimize(ctx, &kept.first, &report, 1)
	if err != nil || smaller == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Of inputs that are as long, the minimized one is the simplest; and with this rule
	// it does not matter whether a worker finds a small one before or after.
	if len(smaller.Input) <= len(kept.input) {
		k.replace(kept, smaller)
	}
}

// describe finds out what is in the input of a crash. A failure to do so leaves the bytes.
func (k *crashKeeper) describe(ctx context.Context, kept *keptCrash) {
	t := k.campaign.tests[kept.test].test
	k.mu.Lock()
	input, described := kept.input, kept.described
	kept.described = input
	k.mu.Unlock()
	if !t.IsZig() || bytes.Equal(input, described) {
		return
	}
	text, err := k.files().describe(ctx, t, input)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || !bytes.Equal(input, kept.input) {
		kept.described = nil // another input has replaced it
		return
	}
	if k.files().putValues(t, kept.report.Signature, text) == nil {
		k.changed(kept)
	}
}

// describeTime is how long the end of a campaign waits for the values of inputs that were
// found too late to be looked at.
const describeTime = 3 * time.Second

// describeAll does what describe does for all crashes of the campaign, within describeTime.
func (k *crashKeeper) describeAll() {
	ctx, cancel := context.WithTimeout(context.Background(), describeTime)
	defer cancel()
	k.mu.Lock()
	all := slices.Concat(k.order...)
	k.mu.Unlock()
	for _, kept := range all {
		if ctx.Err() == nil {
			k.describe(ctx, kept)
		}
	}
}
