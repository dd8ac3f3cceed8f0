package supervisor

import "context"

// This file defines how a campaign makes the inputs of its crashes smaller: in an
// executor beside the workers, and with the same signature.

// minimize looks for a smaller input of a crash until ctx ends. A failure to do so
// leaves the input as it was found.
func (k *crashKeeper) minimize(ctx context.Context, kept *keptCrash) {
	config := &k.campaign.config
	checker, err := NewChecker(ctx, CheckConfig{
		Test: k.campaign.tests[kept.test].test, Modules: config.Modules,
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
