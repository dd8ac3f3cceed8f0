package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor/cruntime"
)

// This file lets a C, C++ or Rust target describe itself.

// NativeDescription is what a target of package cruntime says about itself.
type NativeDescription struct {
	// Modules are the executable and the shared objects that have edges, in the order
	// in which they registered. The target's own counters come last, if it has any: a
	// module without a path.
	Modules []NativeModule
	// PCs tells, for each edge of all modules, where it is.
	PCs []NativePC
	// Entry is the address of LLVMFuzzerTestOneInput in its module's file.
	Entry uint64
	Hooks NativeHooks
	// Sanitizers are the names of those that are linked in, as -fsanitize= has them.
	Sanitizers []string
	// Traces: comparisons are traced in the executable.
	Traces bool
}

// NativeModule is an executable or shared object with instrumented code.
type NativeModule struct {
	Path string
	// Base is where it was loaded: the difference between an address and the file's.
	Base uint64
	// First is the number of its first edge; Count is how many it has.
	First, Count int
}

// NativePC is the place of an edge.
type NativePC struct {
	// PC is the address in the module's file; for the target's own counters, their
	// number.
	PC uint64
	// Func: the edge is a function's entry.
	Func bool
}

// NativeHooks says which of libFuzzer's optional functions a target has.
type NativeHooks struct {
	Initialize, CustomMutator, CustomCrossOver bool
	// ExtraCounters is how many counters it counts by itself.
	ExtraCounters int
}

// recompile is what to do about a target without usable instrumentation.
const recompile = "compile everything that is to be fuzzed with -fsanitize=fuzzer-no-link"

// DescribeNative runs a target of package cruntime up to its first input. It runs no
// input.
func DescribeNative(ctx context.Context, cfg Config) (*NativeDescription, error) {
	cfg.Native = true
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	d, err := describeNative(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("describing %s: %w", cfg.name(), err)
	}
	return d, nil
}

func describeNative(ctx context.Context, cfg Config) (*NativeDescription, error) {
	dir, err := os.MkdirTemp("", "fuzzls-describe-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "description.json")
	reason, output, err := describeInto(ctx, cfg, cfg.Args, abi.DescribeEnv+"="+path, "its first input")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("it %s before its first input: is it linked with %s?; its output:\n%s", reason, cruntime.Archive, output)
	}
	if err != nil {
		return nil, err
	}
	var told cruntime.Description
	if err := json.Unmarshal(text, &told); err != nil {
		return nil, fmt.Errorf("reading its description: %w", err)
	}
	return nativeDescription(&told)
}

// nativeDescription checks what a target has told, and puts it in order.
func nativeDescription(told *cruntime.Description) (*NativeDescription, error) {
	d := &NativeDescription{
		Entry: told.Entry, Sanitizers: told.Sanitizers, Traces: told.Traces,
		Hooks: NativeHooks{Initialize: told.Initialize, CustomMutator: told.CustomMutator, CustomCrossOver: told.CustomCrossOver},
	}
	instrumented := false
	for _, m := range told.Modules {
		if m.First != len(d.PCs) {
			return nil, fmt.Errorf("its edges are not numbered in order: %s begins with %d instead of %d", m.Path, m.First, len(d.PCs))
		}
		d.Modules = append(d.Modules, NativeModule{Path: m.Path, Base: m.Base, First: m.First, Count: m.Count})
		if m.Extra {
			d.Hooks.ExtraCounters = m.Count
			for i := range m.Count {
				d.PCs = append(d.PCs, NativePC{PC: uint64(i)})
			}
			continue
		}
		instrumented = true
		switch {
		case len(m.PCs) == 0:
			return nil, fmt.Errorf("%s is instrumented without a table of its edges' addresses: compile it with -fsanitize-coverage=inline-8bit-counters,pc-table or -fsanitize=fuzzer-no-link", m.Path)
		case len(m.PCs) != 2*m.Count:
			return nil, fmt.Errorf("%s has %d edge counters, and a table of %d addresses: its parts are not instrumented alike, or the linker has removed some: %s, and link without --gc-sections", m.Path, m.Count, len(m.PCs)/2, recompile)
		}
		for i := 0; i < len(m.PCs); i += 2 {
			d.PCs = append(d.PCs, NativePC{PC: m.PCs[i], Func: m.PCs[i+1]&cruntime.PCFunctionEntry != 0})
		}
	}
	switch {
	case instrumented:
		return d, nil
	case told.Foreign != "":
		return nil, fmt.Errorf("it is instrumented with %s, which cannot be used: %s", told.Foreign, recompile)
	}
	return nil, fmt.Errorf("it is not instrumented: %s", recompile)
}
