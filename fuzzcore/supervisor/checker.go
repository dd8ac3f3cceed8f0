package supervisor

import (
	"bytes"
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
	// Timeout is how long one run may take, MemoryLimit how many bytes of resident
	// memory an executor may use, Processors how many threads may run user code.
	Timeout     time.Duration
	MemoryLimit int64
	Processors  int
}

// Checker runs inputs of one fuzz test in an executor of its own, beside any workers.
// Its methods are for one goroutine.
type Checker struct {
	config   CheckConfig
	executor *executor.Executor
	// signatures are those of texts that were analyzed, by crash.TextKey: symbolizing a
	// stack costs more than a run. Only of native fuzz tests.
	signatures map[uint64]string
}

// NewChecker starts the executor. ctx bounds the start only.
func NewChecker(ctx context.Context, config CheckConfig) (*Checker, error) {
	t := config.Test
	e, err := executor.Start(ctx, executor.Config{
		Exe: t.Exe, Args: t.Args, Env: t.Environ(), Dir: t.Dir, Stock: t.StockTypes(), Native: t.IsRaw(), Slots: 64,
		Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", t.Name, err)
	}
	return &Checker{config: config, executor: e, signatures: map[uint64]string{}}, nil
}

// Close ends the executor.
func (c *Checker) Close() { c.executor.Close() }

// Run runs one input, a Smith stream, and returns its crash; nil if it does not crash.
func (c *Checker) Run(ctx context.Context, input []byte) (*abi.Crash, error) {
	slot := c.executor.Slot()
	if len(input) > len(slot) {
		return nil, fmt.Errorf("running %s: an input of %d bytes: the most is %d", c.config.Test.Name, len(input), len(slot))
	}
	c.executor.Push(copy(slot, input), 0)
	c.executor.Flush()
	result, err := c.executor.Wait(ctx)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", c.config.Test.Name, err)
	}
	return crashOf(result), nil
}

// Analyze tells what kind of crash c is.
func (c *Checker) Analyze(found *abi.Crash) crash.Report {
	return worker.Analyze(c.config.Test, c.config.Modules, found)
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
// run costs a restart of the process, and overflowMinimizeRuns one that fills a
// gigabyte of stack first, which takes seconds.
const (
	minimizeRuns         = 2000
	slowMinimizeRuns     = 100
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
	if report.Kind == crash.StackOverflow {
		budget = overflowMinimizeRuns
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
	var found []string
	pushed := 0
	for len(found) < len(inputs) {
		for pushed < len(inputs) {
			slot := c.executor.Slot()
			if slot == nil {
				break
			}
			c.executor.Push(copy(slot, inputs[pushed]), 0)
			pushed++
		}
		c.executor.Flush()
		result, err := c.executor.Wait(ctx)
		if err != nil {
			return nil, err
		}
		signature := ""
		if crashed := crashOf(result); crashed != nil {
			signature = c.signatureOf(crashed)
		}
		found = append(found, signature)
	}
	return found, nil
}

// crashOf returns the message about a run's crash; nil if it has none.
func crashOf(result *executor.Result) *abi.Crash {
	if result.Crash == nil || result.Crash.How == executor.Stopped {
		return nil
	}
	return &abi.Crash{
		How: uint32(result.Crash.How), ExitCode: int32(result.Crash.ExitCode), Signal: uint32(result.Crash.Signal),
		Input: bytes.Clone(result.Data), Text: result.Crash.Text, Output: result.Crash.Output,
	}
}
