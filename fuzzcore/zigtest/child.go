package zigtest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
)

// This file defines Child: one process of a fuzz executable.

// Config says what to start. The caller sets Exe, Cache and Start at least.
type Config struct {
	// Exe is the executable, Dir the directory it runs in, Env its environment, nil for
	// that of this process.
	Exe string
	Dir string
	Env []string
	// Cache is its cache directory, absolute; its folder tmp must exist.
	Cache string
	Seed  uint32
	// Start is what it is told. Tests are numbered in its order everywhere. With no Names,
	// the child only tells which tests there are, and ends.
	Start abi.StartFuzzing
}

// Event is a message from a child that made sense.
type Event struct {
	// Tag says which of the others is set: TagZigVersion Version, TagTestMetadata Tests,
	// TagCoverageID Coverage, TagFuzzStartAddr Addr, TagFuzzTestChange Test,
	// TagBroadcastFuzzInput Test and Input.
	Tag      abi.Tag
	Version  string
	Tests    []string // of all kinds, not of fuzz tests alone
	Coverage abi.CoverageIDMessage
	// Addr is unslid.
	Addr uint64
	// Test is less than len(Start.Names).
	Test uint32
	// Input is an input that the child has found and will run again, the bytes alone.
	Input []byte
}

// Child is a process of a fuzz executable. Its owner takes Events until they end, calls
// Kill to end it sooner, and Close at last. The other methods may be called at any time.
type Child struct {
	config Config
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	text   printed

	events  chan Event
	inputs  chan []byte   // bodies of new_fuzz_input, for the writer
	first   chan []byte   // frames that come before all inputs, for the writer
	exited  chan struct{} // closed when the process has ended
	unheard chan struct{} // closed when nobody takes events any more
	hush    sync.Once     // closes unheard
	ended   chan struct{} // closed when everything below is set

	// wait sets these before it closes events and ended.
	status syscall.WaitStatus
	err    error
}

const (
	// eventsWaiting is how many events may wait: more than come while their owner looks
	// elsewhere for an instant.
	eventsWaiting = 1024
	// inputsWaiting is how many inputs may wait for a child that does not read, as one
	// that hangs: what it never gets is only a slower start.
	inputsWaiting = 1024
	// pipePatience is how long to wait, after a child's end, for the end of its pipes. They
	// outlive it only if a process that has left its group has inherited them.
	pipePatience = 200 * time.Millisecond
)

// Start starts a child, from a thread of k, which must live as long.
func Start(k *proc.Keeper, config Config) (*Child, error) {
	c := &Child{
		config: config, events: make(chan Event, eventsWaiting), inputs: make(chan []byte, inputsWaiting),
		first: make(chan []byte, 2), exited: make(chan struct{}), unheard: make(chan struct{}), ended: make(chan struct{}),
	}
	c.cmd = exec.Command(config.Exe, "--listen=-", "--cache-dir="+config.Cache, fmt.Sprintf("--seed=%#x", config.Seed))
	c.cmd.Dir, c.cmd.Env = config.Dir, config.Env
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := c.start(k); err != nil {
		return nil, fmt.Errorf("starting %s: %w", config.Exe, err)
	}
	c.limit()
	var group sync.WaitGroup
	var readErr error
	group.Go(func() {
		if readErr = c.read(); readErr != nil {
			c.Kill() // its messages make no sense any more
		}
		c.text.drain(c.stdout)
	})
	group.Go(func() { c.text.drain(c.stderr) })
	group.Go(c.write)
	go func() {
		c.wait(&group)
		c.err = readErr
		close(c.events)
		close(c.ended)
	}()
	return c, nil
}

// start makes the pipes and starts the process.
func (c *Child) start(k *proc.Keeper) error {
	var theirs [3]*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	var err error
	if theirs[0], c.stdin, err = os.Pipe(); err != nil {
		return err
	}
	if c.stdout, theirs[1], err = os.Pipe(); err == nil {
		c.stderr, theirs[2], err = os.Pipe()
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	if err == nil {
		err = k.Start(c.cmd)
	}
	if err != nil {
		c.closePipes()
	}
	return err
}

func (c *Child) closePipes() {
	for _, f := range []*os.File{c.stdin, c.stdout, c.stderr} {
		f.Close() // of a nil one, an error
	}
}

// limit sets the limits of resources: no core files, and as many open files as are
// allowed, since Zig's fuzzer leaves the files of all inputs open that it has read.
func (c *Child) limit() {
	unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	var files unix.Rlimit
	if unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &files) == nil {
		files.Cur = files.Max
		unix.Prlimit(c.cmd.Process.Pid, unix.RLIMIT_NOFILE, &files, nil)
	}
}

// wait waits for the process's end and for the goroutines that serve its pipes.
func (c *Child) wait(group *sync.WaitGroup) {
	c.cmd.Wait()
	close(c.exited)
	c.status, _ = c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	unix.Kill(-c.cmd.Process.Pid, unix.SIGKILL) // what it may have started
	deadline := time.Now().Add(pipePatience)
	c.stdout.SetReadDeadline(deadline)
	c.stderr.SetReadDeadline(deadline)
	c.stdin.Close()
	group.Wait()
	c.closePipes()
}

// PID returns the process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Events returns the channel of what the child tells. It is closed when the process has
// ended and all it told is in it.
func (c *Child) Events() <-chan Event { return c.events }

// Send gives the child an input that another instance has found. If it does not read,
// the oldest that wait are dropped. It is for one goroutine.
func (c *Child) Send(test uint32, input []byte) {
	if int64(test) >= int64(len(c.config.Start.Names)) {
		return // the child would believe any number
	}
	body := abi.FuzzInput{Test: test, Data: input}.Append(nil)
	for {
		select {
		case c.inputs <- body:
			return
		default:
		}
		select {
		case <-c.inputs:
		default:
		}
	}
}

// Pause stops the process until Resume.
func (c *Child) Pause() { unix.Kill(-c.PID(), unix.SIGSTOP) }

// Resume lets the process go on.
func (c *Child) Resume() { unix.Kill(-c.PID(), unix.SIGCONT) }

// Kill ends the process. By a signal, never by the end of its stdin: Zig's runner would
// panic, and count its panicking as coverage.
func (c *Child) Kill() {
	c.hush.Do(func() { close(c.unheard) })
	if c.alive() {
		unix.Kill(-c.PID(), unix.SIGKILL)
	}
}

// How long a child may take to print where it is. It reads its debug information first,
// which is work; and the signal handler may wait for ever for a lock that the interrupted
// code holds, which is none.
const (
	// stackWork is how much processor time it may take: three times what it takes for an
	// executable of 7 MB.
	stackWork = 3 * time.Second
	// stackIdle is how long it may do nothing.
	stackIdle = time.Second
	// stackPatience bounds all of it, on a machine that has no time for it.
	stackPatience = 20 * time.Second
	// stackLook is how often it is looked at.
	stackLook = 50 * time.Millisecond
)

// Interrupt ends a process that hangs, and lets it print where it is before: Zig's handler
// of segmentation faults prints the stack of the thread that the signal goes to.
func (c *Child) Interrupt() {
	pid := c.PID()
	tid := proc.Busiest(pid)
	if tid == 0 {
		tid = pid // the main thread, which runs fuzz tests
	}
	if c.alive() {
		unix.Tgkill(pid, tid, unix.SIGSEGV)
	}
	c.hush.Do(func() { close(c.unheard) })
	ticker := time.NewTicker(stackLook)
	defer ticker.Stop()
	begun := proc.StateOf(pid).CPU
	used, worked, asked := begun, time.Now(), time.Now()
	for time.Since(asked) < stackPatience && used-begun < stackWork && time.Since(worked) < stackIdle {
		select {
		case <-c.ended:
			return
		case <-ticker.C:
		}
		if state := proc.StateOf(pid); state.CPU != used || state.Letter == 'R' {
			used, worked = state.CPU, time.Now()
		}
	}
	c.Kill()
}

// alive reports whether the process has not been waited for: until then its id is its own.
func (c *Child) alive() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// Close ends the process if it has not ended, and waits until it has.
func (c *Child) Close() {
	c.Kill()
	<-c.ended
}

// End returns how the process has ended: its exit status, or -1 and a signal. The error
// says that it did not speak the protocol. It waits for the end.
func (c *Child) End() (code, signal int, err error) {
	<-c.ended
	if c.status.Signaled() {
		return -1, int(c.status.Signal()), c.err
	}
	return c.status.ExitStatus(), 0, c.err
}

// Text returns what the process has printed so far, the beginning and the end of it.
func (c *Child) Text() string { return c.text.text() }
