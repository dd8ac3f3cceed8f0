package executor

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file starts the target, the first time and again.

const (
	// startAttempts is how many times in a row a target may end before its first
	// run.
	startAttempts = 3
	// startTimeout is how long a target may take until it takes inputs: TestMain may
	// have to bring up a database.
	startTimeout = time.Minute
	// startLook is how often a starting target's end and the context are looked at.
	startLook = 50 * time.Millisecond
)

// StartError says that the target does not come to take inputs.
type StartError struct {
	// Target is the name of the executable.
	Target string
	// Native: the target is not a Go test.
	Native bool
	// Reason says how the last attempt ended.
	Reason string
	// Output is what the target wrote to stdout and stderr then.
	Output string
}

func (e *StartError) Error() string {
	if e.Output == "" && e.Native {
		return fmt.Sprintf("starting %s: it %s before the first run, %d times in a row, and wrote nothing: run it by hand to see why", e.Target, e.Reason, startAttempts)
	}
	if e.Output == "" {
		return fmt.Sprintf("starting %s: it %s before the first run, %d times in a row, and wrote nothing: run the fuzz test's seeds with \"go test\" to see why", e.Target, e.Reason, startAttempts)
	}
	return fmt.Sprintf("starting %s: it %s before the first run, %d times in a row; its output:\n%s", e.Target, e.Reason, startAttempts, e.Output)
}

// start starts the target for the first time and waits until it takes inputs.
func (e *Executor) start(ctx context.Context) error {
	if err := e.spawn(); err != nil {
		return err
	}
	for !e.process.ready {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("starting %s: %w", e.cfg.name(), err)
		}
		if err := e.awaitReady(); err != nil {
			return err
		}
	}
	return nil
}

// spawn starts a process on the ring; it is not yet ready.
func (e *Executor) spawn() error {
	h := e.memory.header
	atomic.StoreUint32(&h.State, abi.RingStarting)
	atomic.StoreUint32(&h.Sleeping, 0)
	atomic.StoreUint64(&h.WakeAt, 0)
	p, err := startProcess(e.keeper, e.cfg, e.memory)
	if err != nil {
		return fmt.Errorf("starting %s: %w", e.cfg.name(), err)
	}
	e.process = p
	return nil
}

// awaitReady waits a moment for the process to become ready and sees to it if it
// does not.
func (e *Executor) awaitReady() error {
	p := e.process
	switch h := e.memory.header; atomic.LoadUint32(&h.State) {
	case abi.RingHello:
		if atomic.LoadUint64(&h.Size) == 0 {
			if err := e.memory.layOut(); err != nil {
				return fmt.Errorf("starting %s: %w", e.cfg.name(), err)
			}
			p.wake()
		}
	case abi.RingReady:
		p.ready = true
		e.attempts = 0
		e.watch.restart(e.tail)
		return nil
	}
	if p.dead() {
		return e.retry()
	}
	if time.Since(p.started) > startTimeout {
		p.askForStacks()
		if !p.waitExit(stackPatience) {
			p.kill()
		}
		return e.retry()
	}
	p.sleep(startLook)
	return nil
}

// retry replaces a process that has ended before it was ready, or gives up.
func (e *Executor) retry() error {
	p := e.process
	p.release()
	e.process = nil
	e.attempts++
	if e.attempts >= startAttempts {
		output := strings.TrimSpace(p.stdout.text(0) + "\n" + p.stderr.text(0))
		return &StartError{Target: e.cfg.name(), Native: e.cfg.Native, Reason: p.ending(), Output: output}
	}
	return e.spawn()
}
