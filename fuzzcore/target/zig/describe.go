package zig

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file asks a built executable what it holds.

// description is what an executable tells of itself.
type description struct {
	// Names are all of its tests.
	Names []string
	// PCs are its points, in the order of its coverage files; Entries the addresses of the
	// fuzz tests that were asked for, in that order. All unslid.
	PCs     []uint64
	Entries []uint64
}

// errSelfHosted says that nothing is instrumented: Zig's own backends put no counters into
// the code.
var errSelfHosted = errors.New("it was built without instrumentation: only Zig's LLVM backend puts coverage counters into the code: see that zig has LLVM, and that build.zig does not choose another backend (use_llvm)")

// describePatience is how long an executable may take to answer. It opens its cache
// directory before, which is empty.
const describePatience = time.Minute

// checkExecutable makes sure that a file can be asked. A build that fails can leave a file
// behind that is none.
func checkExecutable(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("the build has left no ELF executable in %s: %w", path, err)
	}
	defer f.Close()
	if s := f.Section(countersSection); s == nil || s.Size == 0 {
		return errSelfHosted
	}
	return nil
}

// describe asks an executable for its tests, its points, and the entries of those of its
// tests that entriesOf chooses. dir is the directory to run it in.
func describe(ctx context.Context, exe, dir string, env []string, entriesOf func(names []string) []string) (*description, error) {
	if err := checkExecutable(exe); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "fuzzls-zig-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	ctx, cancel := context.WithTimeout(ctx, describePatience)
	defer cancel()
	config := zigtest.Config{Exe: exe, Dir: dir, Env: append(os.Environ(), env...)}
	told, err := zigtest.Describe(ctx, config, scratch)
	if errors.Is(err, abi.ErrNoPoints) {
		return nil, errSelfHosted
	}
	if err != nil {
		return nil, err
	}
	d := &description{Names: told.Tests, PCs: told.PCs}
	if names := entriesOf(d.Names); len(names) > 0 {
		d.Entries, err = entries(ctx, config, scratch, names)
	}
	return d, err
}

// entries returns where fuzz tests begin. An executable tells when it is to run them; it is
// ended then.
func entries(ctx context.Context, config zigtest.Config, scratch string, names []string) ([]uint64, error) {
	config.Cache = filepath.Join(scratch, "entries")
	// The fuzzer's log goes to tmp; it does not make the directory.
	if err := os.MkdirAll(filepath.Join(config.Cache, "tmp"), 0o755); err != nil {
		return nil, err
	}
	config.Start = abi.StartFuzzing{Kind: abi.LimitForever, Names: names}
	k := proc.NewKeeper()
	defer k.Close()
	child, err := zigtest.Start(k, config)
	if err != nil {
		return nil, err
	}
	defer child.Close()
	defer context.AfterFunc(ctx, child.Kill)()
	var found []uint64
	for e := range child.Events() {
		if e.Tag == abi.TagFuzzStartAddr {
			found = append(found, e.Addr)
		}
		if len(found) == len(names) {
			return found, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("%s told where %d of its %d fuzz tests begin, and ended: it printed:\n%s", config.Exe, len(found), len(names), strings.TrimSpace(child.Text()))
}
