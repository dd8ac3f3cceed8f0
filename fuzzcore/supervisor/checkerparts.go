package supervisor

import (
	"context"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigvalues"
)

// This file defines how a Checker makes inputs of Zig smaller: value by value, where it is
// known what the values are, and not byte by byte.

// partsOf returns the values in an input, a Smith stream of our messages; none of languages
// whose inputs have no such values, and if they cannot be told.
func (c *Checker) partsOf(ctx context.Context, input []byte) []crash.Part {
	if !c.config.Test.IsZig() || len(input) < target.RawHeader {
		return nil
	}
	calls, err := readValues(ctx, c.config.Test, input)
	if err != nil {
		return nil
	}
	data := input[target.RawHeader:]
	var parts []crash.Part
	end := 0
	for _, call := range calls {
		for _, r := range call.Requests {
			if r.Len > 0 {
				parts = append(parts, partOf(&r, data))
			}
			end = r.Offset + r.Len
		}
	}
	if end < len(data) {
		parts = append(parts, crash.Part{Data: data[end:]}) // what the crash came before
	}
	return parts
}

// partOf returns the part of data that a request took. Loops of fuzz tests ask for the end
// of the stream first.
func partOf(r *zigvalues.Request, data []byte) crash.Part {
	part := crash.Part{Data: data[r.Offset:][:r.Len], Number: r.Kind == zigvalues.Int, Begins: r.Kind == zigvalues.Eos}
	if r.Kind == zigvalues.Slice {
		part.Prefix = 4
	}
	return part
}

// minimizeParts is Minimize for an input whose parts are known.
func (c *Checker) minimizeParts(ctx context.Context, parts []crash.Part, signature string, budget int) (*abi.Crash, error) {
	smaller, err := crash.MinimizeParts(ctx, parts, signature, budget, func(ctx context.Context, inputs [][]byte) ([]string, error) {
		streams := make([][]byte, len(inputs))
		for i, data := range inputs {
			var err error
			if streams[i], err = target.RawStream(data); err != nil {
				return nil, err
			}
		}
		return c.runAll(ctx, streams)
	})
	if err != nil {
		return nil, err
	}
	stream, err := target.RawStream(smaller.Input)
	if err != nil {
		return nil, err
	}
	return c.Run(ctx, stream)
}
