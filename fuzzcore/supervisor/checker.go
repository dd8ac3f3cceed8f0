package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/worker"
)

// This file defines Checker, which runs single inputs: to see whether they still crash,
// and to make them smaller.

// CheckConfig is what a Checker is told. The caller sets all of it.
type CheckConfig struct {
	Test    *target.Test
	Modules []target.Module
	// Sources are what Test was built from.
	Sources *target.Sources
	// Timeout is how long one run may take, MemoryLimit how many bytes of resident
	// memory an executor may use, Processors how many threads may run user code.
	Timeout     time.Duration
	MemoryLimit int64
	Processors  int
}

// Checker runs inputs of one fuzz test in a process of its own, beside any workers.
// Its methods are for one goroutine.
type Checker struct {
	config CheckConfig
	runner inputRunner
	// signatures are those of texts that were analyzed, by crash.TextKey: symbolizing a
	// stack costs more than a run. Not of Go's fuzz tests.
	signatures map[uint64]string
}

// NewChecker starts what runs inputs. ctx bounds the start only.
func NewChecker(ctx context.Context, config CheckConfig) (*Checker, error) {
	start := startExecutor
	if config.Test.IsZig() {
		start = startReplayer
	}
	runner, err := start(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", config.Test.Name, err)
	}
	return &Checker{config: config, runner: runner, signatures: map[uint64]string{}}, nil
}

// Close ends the process.
func (c *Checker) Close() { c.runner.close() }

// Run runs one input, a Smith stream, and returns its crash; nil if it does not crash.
func (c *Checker) Run(ctx context.Context, input []byte) (*abi.Crash, error) {
	var found *abi.Crash
	err := c.runner.run(ctx, [][]byte{input}, func(crashed *abi.Crash) { found = crashed })
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", c.config.Test.Name, err)
	}
	return found, nil
}

// Analyze tells what kind of crash c is.
func (c *Checker) Analyze(found *abi.Crash) crash.Report {
	return worker.Analyze(c.config.Test, c.config.Modules, c.config.Sources, found)
}

// signatureOf returns the signature of a crash.
func (c *Checker) signatureOf(found *abi.Crash) string {
	if !c.config.Test.IsRaw() {
		return c.Analyze(found).Signature
	}
	key := crash.TextKey(found.Text) + uint64(found.How)
	signature, ok := c.signatures[key]
	if !ok {
		signature = c.Analyze(found).Signature
		c.signatures[key] = signature
	}
	return signature
}

// minimizeRuns is how many runs one crash is given, slowMinimizeRuns one whose every
// run costs a restart of the process, zigMinimizeRuns one of Zig, whose process starts in
// some 10 ms and runs several inputs until one crashes, and overflowMinimizeRuns one that
// fills a gigabyte of stack first, which takes seconds.
const (
	minimizeRuns         = 2000
	slowMinimizeRuns     = 100
	zigMinimizeRuns      = 200
	overflowMinimizeRuns = 16
)

// ErrSlowCrash: every run of the crash takes as long as the limit, so that looking for a
// smaller input would take hours.
var ErrSlowCrash = errors.New("each run takes as long as the limits allow")

// Minimize looks for the simplest input with the same signature as first, which is what
// report says, and returns its crash: that of the same input if there is no simpler one,
// nil if it crashes only now and then. effort multiplies the number of runs that a
// campaign spends on a crash.
func (c *Checker) Minimize(ctx context.Context, first *abi.Crash, report *crash.Report, effort int) (*abi.Crash, error) {
	how := executor.How(first.How)
	if how == executor.TimedOut || how == executor.OverMemory {
		return nil, ErrSlowCrash
	}
	budget := minimizeRuns
	if how == executor.Exited {
		budget = slowMinimizeRuns
	}
	if c.config.Test.IsZig() {
		budget = zigMinimizeRuns
	}
	if report.Kind == crash.StackOverflow {
		budget = overflowMinimizeRuns
	}
	if parts := c.partsOf(ctx, first.Input); len(parts) > 0 {
		return c.minimizeParts(ctx, parts, report.Signature, budget*effort)
	}
	smaller, err := crash.Minimize(ctx, first.Input, c.config.Test.Schema, report.Signature, budget*effort, c.runAll)
	if err != nil {
		return nil, err
	}
	return c.Run(ctx, smaller.Input)
}

// runAll runs inputs and returns the signature of each crash, "" for inputs that
// do not crash.
func (c *Checker) runAll(ctx context.Context, inputs [][]byte) ([]string, error) {
	found := make([]string, 0, len(inputs))
	err := c.runner.run(ctx, inputs, func(crashed *abi.Crash) {
		signature := ""
		if crashed != nil {
			signature = c.signatureOf(crashed)
		}
		found = append(found, signature)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
