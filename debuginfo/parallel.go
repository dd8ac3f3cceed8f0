package debuginfo

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// This file defines how work is shared by goroutines.

// maxWorkers bounds the goroutines of one call: memory is taken for each.
const maxWorkers = 16

// Options says how addresses are resolved. The zero value is a good choice.
type Options struct {
	// Literal makes rows with line 0 answer; see ResolveLiteral.
	Literal bool
	// Workers is how many goroutines may work at once; 0 stands for one per
	// processor (GOMAXPROCS). Small files and batches use fewer.
	Workers int
}

func (o Options) workers() int {
	if o.Workers > 0 {
		return min(o.Workers, maxWorkers)
	}
	return min(runtime.GOMAXPROCS(0), maxWorkers)
}

// parallel calls do for the jobs 0 to jobs-1, from that many workers at once, and
// returns when all are done. It stops early, with an error, if ctx ends or the file
// is cut short.
func (f *File) parallel(ctx context.Context, workers, jobs int, do func(worker, job int)) error {
	var next atomic.Int64
	run := func(worker int) error {
		return f.guard(func() error {
			for {
				job := int(next.Add(1)) - 1
				if job >= jobs {
					return ctx.Err()
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				do(worker, job)
			}
		})
	}
	if workers <= 1 {
		return run(0)
	}
	problems := make([]error, workers)
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() { problems[worker] = run(worker) })
	}
	wg.Wait()
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

// problemList keeps the problem that comes first in the file: whichever worker met
// it, the caller gets the same one.
type problemList struct {
	at      int32
	problem *FormatError
}

// add notes the problem of table or unit number at.
func (l *problemList) add(at int32, problem *FormatError) {
	if problem != nil && (l.problem == nil || at < l.at) {
		l.at, l.problem = at, problem
	}
}

func (l *problemList) merge(other problemList) { l.add(other.at, other.problem) }

// first returns the problem, nil if there was none.
func (l *problemList) first() error { return asError(l.problem) }
