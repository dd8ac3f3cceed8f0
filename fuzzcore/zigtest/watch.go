package zigtest

import (
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file defines Watch, which notices runs that do not end and memory that grows.
// Zig's fuzzer has neither limit.

// Watch looks at one child from time to time. Its owner sets Timeout and MemoryLimit.
type Watch struct {
	// Timeout is how long one run may take.
	Timeout time.Duration
	// MemoryLimit is how many bytes the process may have resident.
	MemoryLimit int64

	runs uint64 // when they were last seen to have grown
	// since is when they grew or the process was started: the run at hand began then, or a
	// little later.
	since time.Time
	// cpu is the process's processor time when this run was looked at first, at cpuAt.
	cpu   time.Duration
	cpuAt time.Time
	// paused is when Pause was called.
	paused time.Time
	// resident is the memory at the last look, before that at the last look in an earlier
	// run.
	resident, before int64
}

// starvedFactor times its time-out is what a run gets if the process is ready to run and
// the machine has no time for it.
const starvedFactor = 10

// Restart begins the watch of a process that starts with this number of runs.
func (w *Watch) Restart(runs uint64) {
	w.runs, w.since, w.cpuAt = runs, time.Now(), time.Time{}
}

// Pause notes that the process stops for a while, Resume that it goes on: the time between
// is not that of its run.
func (w *Watch) Pause() { w.paused = time.Now() }

// Resume is told after Pause.
func (w *Watch) Resume() {
	w.since = w.since.Add(time.Since(w.paused))
	w.cpuAt = time.Time{}
}

// Verdict says what is to be done with a process.
type Verdict struct {
	// How is how the run at hand is to be ended, TimedOut or OverMemory; 0 if it may go on.
	How executor.How
	// Recycle: the process has grown too large over many runs, so it is to be started
	// again, and the run at hand is not to blame.
	Recycle bool
}

// Look looks at a process that has made so many runs.
func (w *Watch) Look(pid int, runs uint64) Verdict {
	now := time.Now()
	if runs != w.runs {
		w.runs, w.since, w.cpuAt, w.before = runs, now, time.Time{}, w.resident
	}
	w.resident = proc.Resident(pid)
	if w.MemoryLimit > 0 && w.resident > w.MemoryLimit {
		if w.resident-w.before < w.MemoryLimit/2 {
			return Verdict{Recycle: true}
		}
		return Verdict{How: executor.OverMemory}
	}
	late := now.Sub(w.since)
	if w.Timeout <= 0 || late < w.Timeout/2 {
		return Verdict{}
	}
	state := proc.StateOf(pid)
	if w.cpuAt.IsZero() {
		w.cpu, w.cpuAt = state.CPU, now
	}
	switch {
	case state.Letter == 't': // somebody looks at it with a debugger
		w.since = now
	case late < w.Timeout, state.Letter == 0, state.Letter == 'Z', state.Letter == 'T':
	case proc.Busiest(pid) != 0 && state.CPU-w.cpu < now.Sub(w.cpuAt)/2 && late < starvedFactor*w.Timeout:
	default:
		return Verdict{How: executor.TimedOut}
	}
	return Verdict{}
}
