package worker

import (
	"context"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines unit: a fuzz test in this worker, whatever runs it.

// unit is one fuzz test. There are two kinds: a fuzzTest has an engine here and an
// executor, a zigTest a process in which Zig's fuzzer is the engine.
type unit interface {
	// hopping is what the choice of the next turn depends on. It is the unit's own.
	hopping() *hopState
	// place returns the executable, and the address of the fuzz test's function in it.
	place() (*executable, uint64)
	// resume begins a turn. It starts what runs inputs if that is not there.
	resume(ctx context.Context) error
	// addPeer takes an input, a Smith stream, that another instance has found.
	addPeer(data []byte)
	// step works for a while, not long after the time until, and tells what came of it. It
	// reports false when there is nothing left to do.
	step(ctx context.Context, until time.Time) (more bool, err error)
	// pause ends a turn: the next may be long after.
	pause() error
	// alive reports whether there is a process that park can let go.
	alive() bool
	park()
	// close ends what runs inputs and brings what is on disk up to date. It may be called
	// more than once.
	close() error
}

// openTest opens the fuzz test with this number in start_fuzzing. executables are those
// that are open already, by coverage id.
func (w *worker) openTest(index uint32, def *target.Test, executables map[uint64]*executable) (unit, error) {
	exe := executables[def.CoverageID]
	if exe == nil {
		var err error
		if exe, err = w.openExecutable(def.CoverageID); err != nil {
			return nil, err
		}
		executables[def.CoverageID] = exe
	}
	if def.IsZig() {
		return w.openZigTest(index, def, exe)
	}
	return w.openFuzzTest(index, def, exe)
}
