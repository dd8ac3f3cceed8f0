package zigtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines Trace: which points each of many inputs covers, from one process.
//
// Zig's fuzzer reads the files of its inputs one after another and runs each, but says
// nothing between. So two named pipes stand between two inputs: it waits to open each
// until somebody opens the other end, takes it for an empty input, and runs that. While it
// waits at the second, the coverage file holds what the inputs before have covered, and
// nothing moves.

// traceLimit is how many inputs one process is given: it keeps three files open for each.
const traceLimit = 300

// Trace runs inputs in order and tells for each which points it is the first to cover: the
// words of a bitset, valid during the call. Number -1 is what the empty input covers and
// the inputs in the executable. It ends early, without an error, at an input that crashes
// or takes too long.
func (r *Replayer) Trace(ctx context.Context, inputs [][]byte, tell func(i int, fresh []uint64)) error {
	seen := []uint64(nil)
	for first := 0; first == 0 || first < len(inputs); first += traceLimit {
		batch := inputs[first:min(len(inputs), first+traceLimit)]
		more, err := r.traceSome(ctx, batch, func(i int, now []uint64) {
			if seen == nil {
				seen = make([]uint64, len(now))
			}
			fresh := make([]uint64, len(now))
			for w := range now {
				fresh[w] = now[w] &^ seen[w]
				seen[w] |= now[w]
			}
			if i >= 0 {
				i += first
			}
			tell(i, fresh)
		})
		if err != nil {
			return fmt.Errorf("tracing inputs of %s: %w", r.config.Name, err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

// traceSome runs inputs in one process and tells what is covered after each. It reports
// false if the process has ended before the last.
func (r *Replayer) traceSome(ctx context.Context, inputs [][]byte, tell func(i int, now []uint64)) (more bool, err error) {
	r.turns++
	dir := filepath.Join(r.scratch, fmt.Sprint(r.turns))
	defer os.RemoveAll(dir)
	cache := NewCache(dir, r.config.Name)
	if err := cache.Create(); err != nil {
		return false, err
	}
	if err := layTrace(cache, inputs); err != nil {
		return false, err
	}
	child, err := r.start(cache, 0)
	if err != nil {
		return false, err
	}
	defer child.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range child.Events() {
		}
	}()
	var file *abi.CoverageFile
	var now []uint64
	for i := -1; i < len(inputs); i++ {
		if err := r.pass(ctx, cache.InputPath(3*i+4), ended); err != nil {
			return false, ignoreEnd(err)
		}
		if file == nil {
			if file, err = abi.MapCoverage(r.coveragePath(cache)); err != nil {
				return false, err
			}
			defer file.Close()
		}
		now = file.Bits(now)
		tell(i, now)
		if err := r.pass(ctx, cache.InputPath(3*i+5), ended); err != nil {
			return false, ignoreEnd(err)
		}
	}
	return true, nil
}

// layTrace makes the files: the empty input, then each input, each with two pipes behind.
func layTrace(cache *Cache, inputs [][]byte) error {
	for i := -1; i < len(inputs); i++ {
		var data []byte
		if i >= 0 {
			data = inputs[i]
		}
		if err := cache.Write(3*i+3, [][]byte{data}); err != nil {
			return err
		}
		for _, pipe := range []int{3*i + 4, 3*i + 5} {
			if err := unix.Mkfifo(cache.InputPath(pipe), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// errTraceEnd: the process has ended, or its input takes too long.
var errTraceEnd = errors.New("the trace has ended")

func ignoreEnd(err error) error {
	if errors.Is(err, errTraceEnd) {
		return nil
	}
	return err
}

// pipeLook is how often a pipe is tried that the process has not come to.
const pipeLook = 200 * time.Microsecond

// pass waits until the process waits to open a pipe, and opens the other end.
func (r *Replayer) pass(ctx context.Context, pipe string, ended <-chan struct{}) error {
	patience := r.config.Timeout
	if patience <= 0 {
		patience = time.Minute
	}
	for begun := time.Now(); time.Since(begun) < patience; {
		fd, err := unix.Open(pipe, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err == nil {
			return unix.Close(fd)
		}
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ended:
			return errTraceEnd
		case <-time.After(pipeLook):
		}
	}
	return errTraceEnd
}
