package zigtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file defines Replayer: running given inputs. An executable takes none by itself,
// but runs what is in its cache directory before it makes inputs of its own.

// ReplayConfig says what to replay in. The caller sets all but Env, Run, Timeout and
// MemoryLimit, which mean none if they are zero.
type ReplayConfig struct {
	Exe string
	Dir string
	Env []string
	// Run is a quiet copy of the executable, "" to make one.
	Run string
	// Name is the fuzz test's name in the executable, ID the executable's coverage id.
	Name string
	ID   uint64
	// Scratch is a directory for cache directories. Each Replayer makes one of its own in it.
	Scratch     string
	Timeout     time.Duration
	MemoryLimit int64
}

// Replayer runs inputs of one fuzz test, each process as many as it survives. Its methods
// are for one goroutine.
type Replayer struct {
	config   ReplayConfig
	keeper   *proc.Keeper
	scratch  string
	exe      string // what is run: a quiet copy, if there can be one
	symbols  *Symbols
	compiled int // inputs in the executable, which run first; -1 if that is not known yet
	turns    int // processes so far: each has a cache directory of its own
}

// NewReplayer makes the scratch directory. Its owner calls Close.
func NewReplayer(config ReplayConfig) (*Replayer, error) {
	scratch, err := os.MkdirTemp(config.Scratch, "replay-")
	if err != nil {
		return nil, fmt.Errorf("replaying inputs of %s: %w", config.Name, err)
	}
	r := &Replayer{config: config, scratch: scratch, exe: filepath.Join(scratch, "exe"), symbols: NewSymbols(config.Exe), compiled: -1}
	if config.Run != "" {
		r.exe = config.Run
	} else {
		err = Quiet(config.Exe, r.exe)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		r.exe, err = config.Exe, nil
	}
	if err != nil {
		os.RemoveAll(scratch)
		return nil, fmt.Errorf("replaying inputs of %s: %w", config.Name, err)
	}
	r.keeper = proc.NewKeeper()
	return r, nil
}

// Close removes the scratch directory.
func (r *Replayer) Close() error {
	r.keeper.Close()
	return os.RemoveAll(r.scratch)
}

// ErrSeedCrashes: an input in the executable crashes, so that no other can be run.
var ErrSeedCrashes = errors.New("an input of the fuzz test's own options.corpus crashes")

// Run runs the inputs in order and returns the crash of each, nil for those that pass. An
// input that crashes is the last of its process.
func (r *Replayer) Run(ctx context.Context, inputs [][]byte) ([]*executor.Crash, error) {
	if _, err := r.Compiled(ctx); err != nil {
		return nil, err
	}
	crashes := make([]*executor.Crash, len(inputs))
	for done := 0; done < len(inputs); {
		t, err := r.turn(ctx, inputs[done:])
		if err != nil {
			return nil, err
		}
		if t.crash == nil {
			break
		}
		at := int(t.runs) - r.compiled
		if at < 0 || at >= len(inputs)-done || !bytes.Equal(t.input, inputs[done+at]) {
			return nil, fmt.Errorf("replaying inputs of %s: %w", r.config.Name, ErrSeedCrashes)
		}
		crashes[done+at] = t.crash
		done += at + 1
	}
	return crashes, nil
}

// Compiled returns how many inputs are in the executable itself: those of options.corpus.
func (r *Replayer) Compiled(ctx context.Context) (int, error) {
	if r.compiled >= 0 {
		return r.compiled, nil
	}
	t, err := r.turn(ctx, nil)
	if err != nil {
		return 0, err
	}
	if t.crash != nil {
		return 0, fmt.Errorf("replaying inputs of %s: %w", r.config.Name, ErrSeedCrashes)
	}
	r.compiled = int(t.runs)
	return r.compiled, nil
}

// turn is what one process did.
type turn struct {
	runs  uint64          // that it finished
	crash *executor.Crash // nil if it ran everything
	input []byte          // that it crashed with
	entry uint64          // address of the fuzz test's function, unslid
}

// turn runs one process on the inputs, which makes no inputs of its own.
func (r *Replayer) turn(ctx context.Context, inputs [][]byte) (turn, error) {
	t, err := r.try(ctx, inputs, 0)
	if err != nil {
		return t, fmt.Errorf("replaying inputs of %s: %w", r.config.Name, err)
	}
	return t, nil
}

// try runs one process on the inputs, and then on as many inputs of its own as cycles says.
func (r *Replayer) try(ctx context.Context, inputs [][]byte, cycles uint64) (turn, error) {
	r.turns++
	dir := filepath.Join(r.scratch, fmt.Sprint(r.turns))
	defer os.RemoveAll(dir)
	cache := NewCache(dir, r.config.Name)
	if err := cache.Create(); err != nil {
		return turn{}, err
	}
	if err := cache.Write(0, inputs); err != nil {
		return turn{}, err
	}
	child, err := r.start(cache, cycles)
	if err != nil {
		return turn{}, err
	}
	defer child.Close()
	var t turn
	how, err := r.await(ctx, child, cache, &t)
	if err != nil {
		return t, err
	}
	crash, finished, err := CrashOf(child)
	if err != nil {
		return t, err
	}
	if how != 0 {
		code, signal, _ := child.End()
		crash = &executor.Crash{How: how, ExitCode: code, Signal: signal, Text: child.Text()}
	}
	if crash == nil && !finished {
		return t, errors.New("the process was ended by somebody else")
	}
	if t.crash = crash; crash != nil {
		crash.Text = r.symbols.Complete(crash.Text)
	}
	if t.runs, err = Runs(r.coveragePath(cache)); err != nil || crash == nil {
		return t, err
	}
	current, err := abi.FindCurrentInput(cache.CurrentDir(), r.config.ID, 0)
	if err != nil {
		return t, err
	}
	t.input = current.Data
	return t, nil
}

// start starts a process that runs the inputs of its cache, then as many of its own, and
// ends.
func (r *Replayer) start(cache *Cache, cycles uint64) (*Child, error) {
	dir, err := cache.Instance(0)
	if err != nil {
		return nil, err
	}
	return Start(r.keeper, Config{
		Exe: r.exe, Dir: r.config.Dir, Env: r.config.Env, Cache: dir,
		Start: abi.StartFuzzing{Kind: abi.LimitIterations, Amount: cycles, Names: []string{r.config.Name}},
	})
}

// lookInterval is how often a process that is waited for is looked at.
const lookInterval = 50 * time.Millisecond

// await waits for the child's end and ends it if a run takes too long or too much memory.
func (r *Replayer) await(ctx context.Context, child *Child, cache *Cache, t *turn) (executor.How, error) {
	watch := Watch{Timeout: r.config.Timeout, MemoryLimit: r.config.MemoryLimit}
	watch.Restart(0)
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case e, ok := <-child.Events():
			if !ok {
				return 0, nil
			}
			if e.Tag == abi.TagFuzzStartAddr {
				t.entry = e.Addr
			}
		case <-ticker.C:
			runs, err := Runs(r.coveragePath(cache))
			if err != nil {
				continue // not there yet, or the end is near
			}
			if verdict := watch.Look(child.PID(), runs); verdict.How != 0 {
				child.Interrupt()
				return verdict.How, nil
			}
		}
	}
}

func (r *Replayer) coveragePath(cache *Cache) string {
	return CoveragePath(cache.InstanceDir(0), r.config.ID)
}

// CoveragePath returns the path of the coverage file of an executable in an instance's
// cache directory.
func CoveragePath(dir string, id uint64) string { return filepath.Join(dir, "v", abi.HexName(id)) }

// Runs reads how many runs are counted in a coverage file.
func Runs(path string) (uint64, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var runs [8]byte
	if _, err := file.ReadAt(runs[:], 0); err != nil {
		return 0, fmt.Errorf("reading coverage file %s: %w", path, err)
	}
	return binary.LittleEndian.Uint64(runs[:]), nil
}
