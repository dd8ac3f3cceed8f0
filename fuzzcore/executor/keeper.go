package executor

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// This file defines the thread that targets are started from.

// targetNice is the priority of targets: they take what the person at the machine
// leaves over.
const targetNice = 10

// keeper starts processes from one operating-system thread that lives as long as
// the keeper. A target dies with the thread that started it (Pdeathsig), so that
// thread must not be one that Go may end; and a target inherits its priority.
type keeper struct {
	requests chan *exec.Cmd
	results  chan error
}

func newKeeper() *keeper {
	k := &keeper{requests: make(chan *exec.Cmd), results: make(chan error)}
	go k.keep()
	return k
}

func (k *keeper) keep() {
	// Never unlocked: the thread ends with this goroutine.
	runtime.LockOSThread()
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil && 20-nice < targetNice {
		// The system call returns 20 minus the priority. Failing to lower it costs
		// nobody a run.
		unix.Setpriority(unix.PRIO_PROCESS, 0, targetNice)
	}
	for cmd := range k.requests {
		k.results <- cmd.Start()
	}
	close(k.results)
}

// start starts the command.
func (k *keeper) start(cmd *exec.Cmd) error {
	k.requests <- cmd
	return <-k.results
}

// close ends the thread, and any process it has started.
func (k *keeper) close() {
	close(k.requests)
	<-k.results
}
