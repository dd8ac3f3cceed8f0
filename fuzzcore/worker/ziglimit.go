package worker

import (
	"context"
	"os"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file defines zigLimit: how many cycles of a limit are left when a Zig process has
// crashed.

// zigLimit counts the cycles of one fuzz test in limited mode. A process does not tell how
// many it has made, but every run is counted, and what else runs is known: the inputs of
// the executable and of the corpus, at first, and a confirmation of each input that the
// process finds.
type zigLimit struct {
	test *zigTest
	left uint64 // cycles of the next process
	// inputs is how many inputs of the corpus the process runs at first, confirmations how
	// many inputs it has found.
	inputs, confirmations uint64
	compiled              int // inputs in the executable; -1 if that is not known yet
}

func (l *zigLimit) open(t *zigTest) {
	l.test, l.left, l.compiled = t, t.worker.start.Amount, -1
}

// begin notes what a process that is about to start will run.
func (l *zigLimit) begin() {
	l.confirmations = 0
	numbers, _ := l.test.cache.Numbers() // if it cannot be read, the process will say so
	l.inputs = uint64(len(numbers))
}

// amount is what start_fuzzing says: the cycles, or in infinite mode the instance.
func (l *zigLimit) amount() uint64 {
	if l.test.limited() {
		return l.left
	}
	return uint64(l.test.instance())
}

// end counts the cycles of a process that has crashed or was ended, and reports whether
// nothing is left to do for another. A limit of none means all inputs of the corpus.
func (l *zigLimit) end() (done bool, err error) {
	if l.test.worker.start.Amount == 0 {
		return false, nil
	}
	if l.compiled < 0 {
		if l.compiled, err = l.countCompiled(); err != nil {
			return false, err
		}
	}
	last := uint64(1) // which is not counted as a run
	runs, others := l.test.counted-l.test.began+last, uint64(l.compiled)+l.inputs+l.confirmations
	if runs > others {
		l.left -= min(l.left, runs-others)
	}
	return l.left == 0, nil
}

// compiledPatience bounds the runs of the inputs that are in the executable.
const compiledPatience = time.Minute

// countCompiled asks how many inputs are in the executable. If they do not pass, nothing
// else runs either: then the number does not matter.
func (l *zigLimit) countCompiled() (int, error) {
	t := l.test
	r, err := zigtest.NewReplayer(zigtest.ReplayConfig{
		Exe: t.def.Exe, Dir: t.def.Dir, Env: t.def.Environ(), Name: t.def.Zig.Name, ID: t.def.CoverageID,
		Scratch: os.TempDir(), Timeout: t.watch.Timeout, MemoryLimit: t.watch.MemoryLimit,
	})
	if err != nil {
		return 0, err
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(context.Background(), compiledPatience)
	defer cancel()
	n, err := r.Compiled(ctx)
	if err != nil {
		return 0, nil
	}
	return n, nil
}
