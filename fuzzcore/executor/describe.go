package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/engine"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file lets a Go target describe its fuzz test.

// Description is what a Go target says about its fuzz test.
type Description struct {
	// Types are the Go types of the fuzz function's arguments after *testing.T, as
	// package reflect writes them ([]uint8 for []byte, int32 for rune); Schema says
	// the same to the engine.
	Types  []string
	Schema engine.Schema
	// Edges and Cells are the numbers of edge counters and of block cells.
	Edges, Cells int
	// Entry is the address of the fuzz function in the executable file (unslid).
	Entry uint64
	// Seeds are the inputs of f.Add and of testdata, in this order.
	Seeds []Seed
	// Problems says which seeds could not be used and why, one line each.
	Problems []string
}

// Seed is one input that comes with a fuzz test.
type Seed struct {
	// Origin is "seed#n" for the n-th f.Add, or a path relative to Config.Dir.
	Origin string
	// Data is the input as a Smith stream.
	Data []byte
}

// Describe runs a Go target of package goruntime once, up to F.Fuzz, with cfg's
// Args less the worker flag. It runs no input.
func Describe(ctx context.Context, cfg Config) (*Description, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if cfg.Stock != nil {
		return nil, fmt.Errorf("describing %s: a target for the stock protocol cannot", cfg.name())
	}
	dir, err := os.MkdirTemp("", "fuzzls-describe-")
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "description.json")
	args := slices.DeleteFunc(slices.Clone(cfg.Args), func(arg string) bool { return arg == goruntime.WorkerFlag })
	// A target built without goruntime would fuzz by itself: not for long.
	args = append(args, "-test.fuzztime=1x", "-test.parallel=1")
	reason, output, err := describeInto(ctx, cfg, args, abi.DescribeEnv+"="+path, "f.Fuzz")
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("describing %s: it %s without coming to f.Fuzz; its output:\n%s", cfg.name(), reason, output)
	}
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
	}
	return parseDescription(cfg, text)
}

// describeInto runs the target, with one more variable in its environment, to its end
// and says how it ended. The goal is where it was to come to, for messages.
func describeInto(ctx context.Context, cfg Config, args []string, variable, goal string) (reason, output string, err error) {
	cmd := newCommand(cfg, args)
	cmd.Env = append(cmd.Env, variable)
	k := proc.NewKeeper()
	defer k.Close()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	if p.stdout, p.stderr, err = startDrained(k, cmd, true); err != nil {
		return "", "", err
	}
	go p.wait()
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case <-p.exited:
	case <-ctx.Done():
		err = ctx.Err()
	case <-timeout.C:
		p.askForStacks()
		p.waitExit(stackPatience)
		err = fmt.Errorf("it did not come to %s within %v", goal, startTimeout)
	}
	p.kill()
	p.release()
	output = strings.TrimSpace(p.stdout.text(0) + "\n" + strings.ReplaceAll(p.stderr.text(0), coverageWarning, ""))
	if err != nil && output != "" {
		err = fmt.Errorf("%w; its output:\n%s", err, output)
	}
	return p.ending(), output, err
}

// parseDescription makes a Description of what the target wrote.
func parseDescription(cfg Config, text []byte) (*Description, error) {
	var told goruntime.Description
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, fmt.Errorf("describing %s: reading its description: %w", cfg.name(), err)
	}
	schema, err := GoSchema(told.Types)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
	}
	d := &Description{
		Types: told.Types, Schema: schema, Edges: told.Edges, Cells: told.Cells,
		Entry: told.Entry, Problems: told.Problems,
	}
	for _, seed := range told.Seeds {
		d.Seeds = append(d.Seeds, Seed(seed))
	}
	if told.AuxEntry != 0 {
		exe, err := debuginfo.Open(cfg.Exe)
		if err != nil {
			return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
		}
		d.Entry -= told.AuxEntry - exe.Entry()
		exe.Close()
	}
	return d, nil
}

// goTypes maps the argument types that F.Fuzz allows to fields of a schema.
var goTypes = map[string]engine.Field{
	"[]uint8": {Kind: engine.Bytes},
	"[]byte":  {Kind: engine.Bytes},
	"string":  {Kind: engine.Bytes, Text: true},
	"bool":    {Kind: engine.Int, Bits: 1},
	"byte":    {Kind: engine.Int, Bits: 8},
	"rune":    {Kind: engine.Int, Bits: 32, Signed: true},
	"int":     {Kind: engine.Int, Bits: 64, Signed: true},
	"int8":    {Kind: engine.Int, Bits: 8, Signed: true},
	"int16":   {Kind: engine.Int, Bits: 16, Signed: true},
	"int32":   {Kind: engine.Int, Bits: 32, Signed: true},
	"int64":   {Kind: engine.Int, Bits: 64, Signed: true},
	"uint":    {Kind: engine.Int, Bits: 64},
	"uint8":   {Kind: engine.Int, Bits: 8},
	"uint16":  {Kind: engine.Int, Bits: 16},
	"uint32":  {Kind: engine.Int, Bits: 32},
	"uint64":  {Kind: engine.Int, Bits: 64},
	"float32": {Kind: engine.Float, Bits: 32},
	"float64": {Kind: engine.Float, Bits: 64},
}

// GoSchema returns the schema of a fuzz function with arguments of these Go types.
func GoSchema(types []string) (engine.Schema, error) {
	schema := make(engine.Schema, len(types))
	for i, name := range types {
		field, ok := goTypes[name]
		if !ok {
			return nil, fmt.Errorf("argument %d is of type %s, which cannot be fuzzed", i+1, name)
		}
		field.UID = uint32(i)
		schema[i] = field
	}
	return schema, nil
}
