package executor

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// This file waits for runs and deals with targets that do not come back.

const (
	// lookInterval is how often a target that is waited for is looked at. At 2 GiB/s
	// it cannot take more than 100 MiB in between.
	lookInterval = 50 * time.Millisecond
	// lookRuns is after how many runs its memory is looked at in any case: often
	// enough for what short runs can take, too seldom to be felt.
	lookRuns = 4096
	// stackPatience is how long a target may take to print its stacks.
	stackPatience = 2 * time.Second
	// starvedFactor times its time-out is what a run gets if the process is ready to
	// run and the machine has no time for it.
	starvedFactor = 10
)

// watch is what the host knows about the run at hand from looking at the process.
type watch struct {
	run   uint64    // number of the run at hand
	since time.Time // it began at this moment or earlier
	// cpu is the process's processor time when this run was looked at first, at
	// cpuAt.
	cpu   time.Duration
	cpuAt time.Time
	// resident is the memory of the process when it was looked at last, before that
	// at the last look in an earlier run.
	resident, before int64
	looked           time.Time // last look
	runs             int       // results since the last look
}

// restart begins the watch of a run.
func (w *watch) restart(run uint64) {
	*w = watch{run: run, since: time.Now(), before: w.resident, resident: w.resident, looked: w.looked, runs: w.runs}
}

// await waits until the next run is finished, and returns nil, or until the target
// has ended in it. Unless there is an error, the target runs on.
func (e *Executor) await(ctx context.Context) (*Crash, error) {
	if e.next == e.pushed {
		return nil, errNothingPushed
	}
	e.Flush()
	for e.err == nil {
		e.readTail()
		if e.tail > e.next {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !e.process.ready {
			e.err = e.awaitReady()
			continue
		}
		if e.process.dead() {
			e.process.release()
			if e.readTail(); e.tail > e.next {
				return nil, nil
			}
			return e.bury(e.process.autopsy(e.tail)), nil
		}
		if e.process.childDead() {
			if e.readTail(); e.tail > e.next {
				return nil, nil
			}
			return e.buryChild(), nil
		}
		if e.watch.run != e.tail {
			e.watch.restart(e.tail)
			e.mark()
		}
		e.sleep()
		if time.Since(e.watch.looked) >= lookInterval {
			if how := e.look(); how != 0 {
				if crash := e.end(how); crash != nil {
					return crash, nil
				}
			}
		}
	}
	return nil, e.err
}

// sleep waits for the target to ring, or not too long.
func (e *Executor) sleep() {
	// Half of what is under way keeps both sides busy on two processors, and costs
	// few wake-ups on one.
	h := e.memory.header
	atomic.StoreUint64(&h.WakeAt, e.next+(e.head-e.next+1)/2)
	if e.readTail(); e.tail > e.next {
		atomic.StoreUint64(&h.WakeAt, 0)
		return
	}
	e.process.sleep(min(lookInterval, max(e.cfg.Timeout-time.Since(e.watch.since), time.Millisecond)))
	atomic.StoreUint64(&h.WakeAt, 0)
}

// look looks at a process that is at work and returns how it must be ended, or 0.
func (e *Executor) look() How {
	w, p := &e.watch, e.process
	w.looked, w.runs = time.Now(), 0
	w.resident = p.resident()
	if w.resident > e.cfg.MemoryLimit {
		return OverMemory
	}
	if e.readTail(); e.tail != w.run {
		return 0
	}
	state := p.state()
	if w.cpuAt.IsZero() {
		w.cpu, w.cpuAt = state.CPU, w.looked
	}
	late := w.looked.Sub(w.since)
	switch {
	case state.Letter == 't':
		// Somebody is looking at it with a debugger.
		w.since = w.looked
		return 0
	case late < e.cfg.Timeout:
		return 0
	case state.Letter == 'T':
		return Stopped
	case p.busiest() != 0 && state.CPU-w.cpu < w.looked.Sub(w.cpuAt)/2 && late < starvedFactor*e.cfg.Timeout:
		return 0
	}
	return TimedOut
}

// end ends a process that does not come back and starts the next. It returns the
// crash of the run at hand, or nil if that is not to blame: then it is run again.
func (e *Executor) end(how How) *Crash {
	p := e.process
	if how != Stopped {
		p.askForStacks()
		p.waitStacks(stackPatience)
	}
	p.kill()
	p.release()
	e.readTail()
	leak := how == OverMemory && e.watch.resident-e.watch.before < e.cfg.MemoryLimit/2
	if leak || e.tail > e.next {
		// Memory has grown over many runs; or the run has come to its end after all.
		e.replace()
		return nil
	}
	return e.bury(how)
}

// recycle ends a process that has come over the memory limit over many runs, none
// of which took long. The run at hand is run again by the next process.
func (e *Executor) recycle() {
	e.watch.runs = 0
	if p := e.process; e.err == nil && p != nil && p.ready && p.resident() > e.cfg.MemoryLimit {
		p.kill()
		p.release()
		e.readTail()
		e.replace()
	}
}

// bury makes the crash of the run at hand, in which the process has ended, and
// starts the next process behind it.
func (e *Executor) bury(how How) *Crash {
	p := e.process
	p.release()
	crash := p.crash(how, e.tail)
	e.skipRun()
	e.replace()
	return crash
}

// skipRun makes the run at hand, which has ended the process, a finished one.
func (e *Executor) skipRun() {
	e.tail++
	atomic.StoreUint64(&e.memory.header.Tail, e.tail)
}

// replace starts the next process after one that has ended.
func (e *Executor) replace() {
	e.process.release()
	e.process = nil
	e.watch = watch{}
	e.err = e.spawn()
}

// crash says how the process has ended in a run.
func (p *process) crash(how How, run uint64) *Crash {
	c := &Crash{How: how, Output: p.stdout.text(run), Text: p.stderr.text(run)}
	c.ExitCode, c.Signal = p.status()
	c.Text = strings.ReplaceAll(c.Text, coverageWarning, "")
	if p.server != nil && how == Exited {
		c.Text = exitText(c)
	}
	if p.idle {
		c.Text = "(the process ended before this run, after the one before it)\n" + c.Text
	}
	if c.How == Stopped {
		c.Text = "(the process " + p.ending() + " by somebody else, or by the kernel for want of memory)\n" + c.Text
	}
	return c
}

// coverageWarning is what executables built with -cover write when they exit.
const coverageWarning = "warning: GOCOVERDIR not set, no coverage data emitted\n"

// autopsy tells why a process ended, in a run, that was not ended by the executor:
// of its own doing, or by a signal that no program gets for its own mistakes.
func (p *process) autopsy(run uint64) How {
	if p.stock != nil && strings.Contains(p.stderr.text(run), stockTimedOut) {
		return TimedOut
	}
	_, signal := p.status()
	switch syscall.Signal(signal) {
	case 0, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
		syscall.SIGSEGV, syscall.SIGPIPE, syscall.SIGSYS:
		return Exited
	}
	return Stopped
}

// ending says in words how the process has ended: "exited with status 1".
func (p *process) ending() string {
	code, signal := p.status()
	if signal != 0 {
		return "was killed (signal " + syscall.Signal(signal).String() + ")"
	}
	return fmt.Sprintf("exited with status %d", code)
}
