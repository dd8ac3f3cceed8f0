package executor

import (
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"time"
)

// This file defines how an executor is set up.

// Config says what to run and within which limits. Its user sets all fields before
// Start or Describe.
type Config struct {
	// Exe is the target's executable and Args its arguments without the name; for
	// Go see goruntime.Args.
	Exe  string
	Args []string
	// Env is the environment; nil means this process's own.
	Env []string
	// Dir is the working directory: for Go, the package's.
	Dir string
	// Slots is the size of the ring, a power of two; 0 means 512. SlotSize is the
	// longest input in bytes; 0 means 64 KiB.
	Slots, SlotSize int
	// Timeout is how long one run may take; 0 means 10 seconds. A process that gets
	// no processor may take up to ten times as long.
	Timeout time.Duration
	// MemoryLimit is how many bytes the process may have resident; 0 means 2 GiB.
	MemoryLimit int64
	// Processors is a Go target's GOMAXPROCS; 0 means 1.
	Processors int
	// Native: the target is C, C++ or Rust, with the runtime of package cruntime.
	Native bool
	// Output: what a native target writes to stdout is kept for Crash.Output, which
	// costs those that write much; otherwise it is lost. Others' is always kept.
	Output bool
	// Stock holds the Go types of the fuzz function's arguments, as in the source, if
	// the target is to be run over the stock protocol; otherwise it is nil.
	Stock []string
}

// Defaults.
const (
	// defaultSlots is two batches of 256 runs: beyond 64 runs a batch, waking up
	// costs less than what can be measured.
	defaultSlots = 512
	// defaultSlotSize is more than coverage-guided fuzzing makes use of.
	defaultSlotSize = 64 << 10
	// defaultTimeout is what go test's fuzzing allows.
	defaultTimeout = 10 * time.Second
	// defaultMemoryLimit is libFuzzer's.
	defaultMemoryLimit = 2 << 30
)

// withDefaults returns c with its zero values replaced, or says what is wrong.
func (c Config) withDefaults() (Config, error) {
	if c.Exe == "" {
		return c, fmt.Errorf("starting an executor: no executable is given")
	}
	if c.Slots == 0 {
		c.Slots = defaultSlots
	}
	if c.Slots < 0 || bits.OnesCount(uint(c.Slots)) != 1 {
		return c, fmt.Errorf("starting %s: %d slots: their number must be a power of two", c.name(), c.Slots)
	}
	if c.SlotSize == 0 {
		c.SlotSize = defaultSlotSize
	}
	if c.SlotSize < 0 || c.SlotSize > 1<<30 {
		return c, fmt.Errorf("starting %s: inputs of %d bytes: the most is 1 GiB", c.name(), c.SlotSize)
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if err := checkStock(c.Stock); err != nil {
		return c, fmt.Errorf("starting %s: %w", c.name(), err)
	}
	if c.Stock != nil {
		c.Timeout = min(c.Timeout, stockTimeout)
	}
	if c.MemoryLimit <= 0 {
		c.MemoryLimit = defaultMemoryLimit
	}
	if c.Processors <= 0 {
		c.Processors = 1
	}
	if c.Env == nil {
		c.Env = os.Environ()
	}
	if c.Native {
		c.Env = nativeEnv(c.Env)
	}
	return c, nil
}

// name is what messages call the target.
func (c Config) name() string { return filepath.Base(c.Exe) }
