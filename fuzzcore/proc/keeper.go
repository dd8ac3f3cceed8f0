package proc

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// This file defines the thread that targets are started from.

// Nice is the priority of targets: they take what the person at the machine
// leaves over.
const Nice = 10

// Keeper starts processes from one operating-system thread that lives as long as
// the keeper. A target dies with the thread that started it (Pdeathsig), so that
// thread must not be one that Go may end; and a target inherits its priority.
type Keeper struct {
	requests chan *exec.Cmd
	results  chan error
}

// NewKeeper starts the thread. Its owner calls Close.
func NewKeeper() *Keeper {
	k := &Keeper{requests: make(chan *exec.Cmd), results: make(chan error)}
	go k.keep()
	return k
}

func (k *Keeper) keep() {
	// Never unlocked: the thread ends with this goroutine.
	runtime.LockOSThread()
	if nice, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err == nil && 20-nice < Nice {
		// The system call returns 20 minus the priority. Failing to lower it costs
		// nobody a run.
		unix.Setpriority(unix.PRIO_PROCESS, 0, Nice)
	}
	for cmd := range k.requests {
		k.results <- cmd.Start()
	}
	close(k.results)
}

// Start starts the command. It is for one goroutine at a time.
func (k *Keeper) Start(cmd *exec.Cmd) error {
	k.requests <- cmd
	return <-k.results
}

// Close ends the thread, and any process it has started that asked for a signal at that.
func (k *Keeper) Close() {
	close(k.requests)
	<-k.results
}
