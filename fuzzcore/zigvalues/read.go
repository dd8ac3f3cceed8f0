package zigvalues

import (
	"context"
	"debug/dwarf"
	"os"
	"path/filepath"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
)

// This file defines Read.

// Config is which input of which fuzz test is read. The caller sets all of it.
type Config struct {
	// Exe is the executable, Dir the directory that it runs in, Env what is added to the
	// environment, as "key=value".
	Exe string
	Dir string
	Env []string
	// Test is the fuzz test's name in the executable.
	Test string
	// Input is the stream.
	Input []byte
	// Idle is how long the fuzz test may run without asking for anything; then the values
	// so far are all that are read.
	Idle time.Duration
}

// maxCalls is how many calls are read: beyond, nobody looks at them one by one.
const maxCalls = 4096

// Read runs the fuzz test with an input and returns the calls that took values from it, in
// order, at most 4096: of an input that crashes those before the crash.
func Read(ctx context.Context, config Config) ([]Call, error) {
	p, err := openProgram(config.Exe)
	if err != nil {
		return nil, err
	}
	cache, err := os.MkdirTemp("", "fuzzls-zig-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(cache)
	corpus := filepath.Join(cache, "f", abi.HexName(abi.Wyhash(0, []byte(config.Test))))
	for _, dir := range []string{corpus, filepath.Join(cache, "tmp")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(corpus, "0"), config.Input, 0o644); err != nil {
		return nil, err
	}
	events, err := p.trace(ctx, config, cache)
	if err != nil {
		return nil, err
	}
	return p.calls(config, events), nil
}

// event is one stop of the fuzz test.
type event struct {
	// function is the function of Smith that is called, 0 for a request; caller is the
	// address of the call.
	function, caller uint64
	want             want // of a request
}

// calls makes calls of events.
func (p *program) calls(config Config, events []event) []Call {
	var calls []Call
	var functions, callers []uint64
	offset := 0
	for _, e := range events {
		if e.function != 0 || len(calls) == 0 {
			calls = append(calls, Call{Func: p.functions[e.function]})
			functions, callers = append(functions, e.function), append(callers, e.caller)
		}
		if e.function != 0 {
			continue
		}
		c := &calls[len(calls)-1]
		r := e.want.take(config.Input, offset)
		offset += r.Len
		c.Requests = append(c.Requests, r)
	}
	types := p.types(setOf(functions))
	for i, frames := range crash.Symbolize(config.Exe, callers) {
		if len(frames) > 0 {
			calls[i].File, calls[i].Line = frames[0].File, frames[0].Line
		}
		calls[i].describe(types[functions[i]])
	}
	return withoutUnanswered(calls)
}

func setOf(addresses []uint64) map[uint64]bool {
	set := map[uint64]bool{}
	for _, a := range addresses {
		if a != 0 {
			set[a] = true
		}
	}
	return set
}

// describe sets the type and the text of a call whose function returns t.
func (c *Call) describe(t dwarf.Type) {
	switch c.Func {
	case "value", "valueWeighted", "valueRangeAtMost", "valueRangeLessThan":
		c.Type = "?" // a structure that is returned in memory
		if t != nil && (!isVoid(t) || len(c.Requests) == 0) {
			c.Type = typeName(t)
		}
		c.format(t)
	case "boolWeighted":
		c.Text = "false"
		if len(c.Requests) > 0 && c.Requests[0].Int != 0 {
			c.Text = "true"
		}
	default:
		c.Text = rawText(c.Requests)
	}
}

// withoutUnanswered leaves out a last call that never asked: the fuzz test ended in it.
func withoutUnanswered(calls []Call) []Call {
	if n := len(calls); n > 0 && len(calls[n-1].Requests) == 0 {
		return calls[:n-1]
	}
	return calls
}
