package executor

import (
	"golang.org/x/sys/unix"

	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file looks at the process that runs inputs.

// state returns the process's main thread's state and the whole process's time.
func (p *process) state() proc.State { return proc.StateOf(p.runner()) }

// busiest returns the running thread that has used the most processor time, or 0
// if no thread is running.
func (p *process) busiest() (tid int) { return proc.Busiest(p.runner()) }

// askForStacks sends SIGQUIT, upon which a Go program prints its goroutines'
// stacks and exits. The stack of a goroutine that is running is printed only by
// the thread it runs on, so a running thread gets the signal.
func (p *process) askForStacks() {
	pid := p.runner()
	if tid := p.busiest(); tid != 0 && unix.Tgkill(pid, tid, unix.SIGQUIT) == nil {
		return
	}
	unix.Kill(pid, unix.SIGQUIT)
}

// resident returns the process's resident memory in bytes, 0 if it is gone. Memory
// shared with this process, the ring, is not counted.
func (p *process) resident() int64 { return proc.Resident(p.runner()) }
