package supervisor

import (
	"bytes"
	"context"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/worker"
)

// This file defines how a crash's input is made smaller: in an executor of its own,
// beside the workers, and with the same signature.

// minimizeRuns is how many runs one crash is given, slowMinimizeRuns one whose every
// run costs a restart of the process, and overflowMinimizeRuns one that fills a
// gigabyte of stack first, which takes seconds.
const (
	minimizeRuns         = 2000
	slowMinimizeRuns     = 100
	overflowMinimizeRuns = 16
)

// minimize looks for a smaller input of a crash until ctx ends. A failure to do so
// leaves the input as it was found.
func (k *crashKeeper) minimize(ctx context.Context, kept *keptCrash) {
	t := k.campaign.tests[kept.test].test
	config := &k.campaign.config
	if executor.How(kept.first.How) == executor.TimedOut || executor.How(kept.first.How) == executor.OverMemory {
		return // a run takes as long as the limit
	}
	e, err := executor.Start(ctx, executor.Config{
		Exe: t.Exe, Args: t.Args, Dir: t.Dir, Stock: t.StockTypes(), Slots: 64,
		Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return
	}
	defer e.Close()
	budget := minimizeRuns
	if executor.How(kept.first.How) == executor.Exited {
		budget = slowMinimizeRuns
	}
	if kept.report.Kind == crash.StackOverflow {
		budget = overflowMinimizeRuns
	}
	run := func(ctx context.Context, inputs [][]byte) ([]string, error) {
		return k.signatures(ctx, e, kept.test, inputs)
	}
	// The first input and not the smallest so far: what is found must not depend on when
	// it is looked for.
	smaller, _ := crash.Minimize(ctx, kept.first.Input, t.Schema, kept.report.Signature, budget, run)
	if smaller.Input == nil {
		return
	}
	c, err := k.runOne(ctx, e, smaller.Input)
	if err != nil || c == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Of inputs that are as long, the minimized one is the simplest; and with this rule
	// it does not matter whether a worker finds a small one before or after.
	if len(smaller.Input) <= len(kept.input) {
		k.replace(kept, c)
	}
}

// runOne runs one input and returns its crash, nil if it does not crash.
func (k *crashKeeper) runOne(ctx context.Context, e *executor.Executor, input []byte) (*abi.Crash, error) {
	e.Push(copy(e.Slot(), input), 0)
	result, err := e.Wait(ctx)
	if err != nil {
		return nil, err
	}
	return crashOf(result), nil
}

// crashOf returns the message about a run's crash; nil if it has none.
func crashOf(result *executor.Result) *abi.Crash {
	if result.Crash == nil {
		return nil
	}
	return &abi.Crash{
		How: uint32(result.Crash.How), ExitCode: int32(result.Crash.ExitCode), Signal: uint32(result.Crash.Signal),
		Input: bytes.Clone(result.Data), Text: result.Crash.Text, Output: result.Crash.Output,
	}
}

// signatures runs inputs and returns the signature of each crash, "" for inputs that
// do not crash.
func (k *crashKeeper) signatures(ctx context.Context, e *executor.Executor, test int, inputs [][]byte) ([]string, error) {
	var found []string
	pushed := 0
	for len(found) < len(inputs) {
		for pushed < len(inputs) {
			slot := e.Slot()
			if slot == nil {
				break
			}
			e.Push(copy(slot, inputs[pushed]), 0)
			pushed++
		}
		e.Flush()
		result, err := e.Wait(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, k.signature(test, result))
	}
	return found, nil
}

func (k *crashKeeper) signature(test int, result *executor.Result) string {
	c := crashOf(result)
	if c == nil {
		return ""
	}
	return worker.Analyze(k.campaign.tests[test].test, k.campaign.config.Modules, c).Signature
}
