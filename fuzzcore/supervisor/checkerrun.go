package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines what a Checker runs inputs with: an executor, or for Zig, whose
// executables take no inputs, a replayer.

// inputRunner runs inputs, Smith streams.
type inputRunner interface {
	// run runs the inputs in order and tells the crash of each, nil for one that passes.
	run(ctx context.Context, inputs [][]byte, tell func(*abi.Crash)) error
	close()
}

// executorRunner runs inputs in an executor.
type executorRunner struct{ executor *executor.Executor }

func startExecutor(ctx context.Context, config CheckConfig) (inputRunner, error) {
	t := config.Test
	e, err := executor.Start(ctx, executor.Config{
		Exe: t.Exe, Args: t.Args, Env: t.Environ(), Dir: t.Dir, Stock: t.StockTypes(), Native: t.IsNative(), Slots: 64,
		Timeout: config.Timeout, MemoryLimit: config.MemoryLimit, Processors: config.Processors,
	})
	if err != nil {
		return nil, err
	}
	return &executorRunner{e}, nil
}

func (r *executorRunner) close() { r.executor.Close() }

func (r *executorRunner) run(ctx context.Context, inputs [][]byte, tell func(*abi.Crash)) error {
	pushed := 0
	for range inputs {
		for pushed < len(inputs) {
			slot := r.executor.Slot()
			if slot == nil {
				break
			}
			if len(inputs[pushed]) > len(slot) {
				return fmt.Errorf("an input of %d bytes: the most is %d", len(inputs[pushed]), len(slot))
			}
			r.executor.Push(copy(slot, inputs[pushed]), 0)
			pushed++
		}
		r.executor.Flush()
		result, err := r.executor.Wait(ctx)
		if err != nil {
			return err
		}
		tell(crashOf(result.Crash, result.Data))
	}
	return nil
}

// replayRunner runs inputs in processes of a Zig executable.
type replayRunner struct{ replayer *zigtest.Replayer }

func startReplayer(_ context.Context, config CheckConfig) (inputRunner, error) {
	t := config.Test
	r, err := zigtest.NewReplayer(zigtest.ReplayConfig{
		Exe: t.Exe, Dir: t.Dir, Env: t.Environ(), Name: t.Zig.Name, ID: t.CoverageID, Scratch: os.TempDir(),
		Timeout: config.Timeout, MemoryLimit: config.MemoryLimit,
	})
	if err != nil {
		return nil, err
	}
	return &replayRunner{r}, nil
}

func (r *replayRunner) close() { r.replayer.Close() }

func (r *replayRunner) run(ctx context.Context, inputs [][]byte, tell func(*abi.Crash)) error {
	files := make([][]byte, len(inputs))
	for i, stream := range inputs {
		var err error
		if files[i], err = target.RawBytes(stream); err != nil {
			return err
		}
	}
	crashes, err := r.replayer.Run(ctx, files)
	if err != nil {
		return err
	}
	for i, c := range crashes {
		tell(crashOf(c, inputs[i]))
	}
	return nil
}

// crashOf returns the message about a run's crash; nil if it has none.
func crashOf(c *executor.Crash, input []byte) *abi.Crash {
	if c == nil || c.How == executor.Stopped {
		return nil
	}
	return &abi.Crash{
		How: uint32(c.How), ExitCode: int32(c.ExitCode), Signal: uint32(c.Signal),
		Input: bytes.Clone(input), Text: c.Text, Output: c.Output,
	}
}
