package executor

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"golang.org/x/sys/unix"
)

// This file defines one target process and the host's ends of its pipes.

// process is a running or dead target. Its owner calls kill and then release.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr *output
	// ring wakes the target; it is closed to make the target end. bell is the
	// descriptor on which the target wakes the host.
	ring *os.File
	bell *os.File
	poll [2]unix.PollFd // the bell, and the server's control socket if there is one
	// started is when it was started; ready: it has come to taking inputs.
	started time.Time
	ready   bool
	// mute: the target has closed its end of the bell and yet lives.
	mute bool
	// idle: the target was found dead between runs.
	idle     bool
	released bool
	// server looks after the processes that run inputs, if this one does not.
	server *forkServer
	// stock plays the executor's part if the target cannot.
	stock *stockTarget
	// exited is closed when the process has ended, and cmd.ProcessState set.
	exited chan struct{}
}

// startProcess starts the target on the ring's memory.
func startProcess(k *proc.Keeper, cfg Config, m *memory) (*process, error) {
	if cfg.Stock != nil {
		return startStock(k, cfg, m)
	}
	toTarget, err := newPipe()
	if err != nil {
		return nil, err
	}
	defer toTarget[0].Close()
	toHost, err := newPipe()
	if err != nil {
		toTarget[1].Close()
		return nil, err
	}
	defer toHost[1].Close()
	p := newProcess(cfg, toTarget[1], toHost[0])
	p.cmd.Env = append(p.cmd.Env, abi.RingEnv+"=3,4,5")
	p.cmd.ExtraFiles = []*os.File{m.file, toTarget[0], toHost[1]}
	if cfg.Native {
		control, err := p.serve()
		if err != nil {
			p.closeEnds()
			return nil, err
		}
		defer control.Close()
	}
	if err := p.start(k, cfg.Output || !cfg.Native); err != nil {
		p.closeEnds()
		return nil, err
	}
	return p, nil
}

// closeEnds closes the host's ends of what it shares with the target.
func (p *process) closeEnds() {
	p.ring.Close()
	p.bell.Close()
	if p.server != nil {
		p.server.control.Close()
	}
}

// newProcess returns a process yet to be started.
func newProcess(cfg Config, ring, bell *os.File) *process {
	p := &process{cmd: newCommand(cfg, cfg.Args), ring: ring, bell: bell, exited: make(chan struct{}), started: time.Now()}
	p.poll[0] = unix.PollFd{Fd: int32(bell.Fd()), Events: unix.POLLIN}
	p.poll[1].Fd = -1 // which poll leaves out
	return p
}

// start starts the process; stdout says whether what it writes there is kept.
func (p *process) start(k *proc.Keeper, stdout bool) (err error) {
	if p.stdout, p.stderr, err = startDrained(k, p.cmd, stdout); err != nil {
		return err
	}
	// A crash of C code leaves no core file behind.
	unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
	go p.wait()
	return nil
}

// wait notes the process's end.
func (p *process) wait() {
	p.cmd.Wait()
	close(p.exited)
}

// newPipe returns a pipe whose ends Go's poller knows nothing of.
func newPipe() (pipe [2]*os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return pipe, fmt.Errorf("making a pipe: %w", err)
	}
	return [2]*os.File{os.NewFile(uintptr(fds[0]), "bell"), os.NewFile(uintptr(fds[1]), "ring")}, nil
}

// newCommand returns the command for a target, in a process group of its own that
// dies with the thread that starts it.
func newCommand(cfg Config, args []string) *exec.Cmd {
	cmd := exec.Command(cfg.Exe, args...)
	cmd.Dir = cfg.Dir
	cmd.Env = cfg.Env[:len(cfg.Env):len(cfg.Env)]
	if !cfg.Native {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOMAXPROCS=%d", cfg.Processors))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// startDrained starts the command with its stderr drained, and its stdout if that is
// to be kept.
func startDrained(k *proc.Keeper, cmd *exec.Cmd, keepStdout bool) (stdout, stderr *output, err error) {
	var ends []*os.File
	closeAll := func() {
		for _, f := range ends {
			f.Close()
		}
	}
	for range 2 {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("making a pipe: %w", err)
		}
		ends = append(ends, r, w)
	}
	cmd.Stdout, cmd.Stderr = ends[1], ends[3]
	if !keepStdout {
		cmd.Stdout = nil
	}
	if err := k.Start(cmd); err != nil {
		closeAll()
		return nil, nil, err
	}
	ends[1].Close()
	ends[3].Close()
	return newOutput(ends[0]), newOutput(ends[2]), nil
}

// wake rings the target.
func (p *process) wake() {
	// If nobody is there to hear it, that is found out while waiting.
	p.ring.Write([]byte{1})
}

// sleep waits until the target rings, ends, or d has passed.
func (p *process) sleep(d time.Duration) {
	if p.mute {
		select {
		case <-p.exited:
		case <-time.After(min(d, muteInterval)):
		}
		return
	}
	n, err := unix.Poll(p.poll[:], max(1, int(d.Milliseconds())))
	if n <= 0 || err != nil {
		return
	}
	p.listen()
	if p.poll[0].Revents == 0 {
		p.sleepAlone()
		return
	}
	var rings [64]byte
	if n, err := unix.Read(int(p.poll[0].Fd), rings[:]); n > 0 || err == unix.EINTR {
		return
	}
	// No one can ring any more: the process is ending, or it has closed files that
	// are not its own.
	select {
	case <-p.exited:
	case <-time.After(exitPatience):
		p.mute = true
	}
}

// sleepAlone is for a process that has rung at nothing but the control socket: if that
// is because the server has ended, the end itself is near.
func (p *process) sleepAlone() {
	if p.poll[1].Revents&unix.POLLHUP == 0 {
		return
	}
	select {
	case <-p.exited:
	case <-time.After(exitPatience):
	}
}

const (
	// muteInterval is how often a target that cannot ring is looked at.
	muteInterval = time.Millisecond
	// exitPatience is how long a process may take from closing its files to its end.
	exitPatience = 50 * time.Millisecond
)

// dead reports whether the process has ended.
func (p *process) dead() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// kill ends the process and its group and waits for its end.
func (p *process) kill() {
	if p.server != nil && p.server.pid != 0 {
		unix.Kill(-p.server.pid, unix.SIGKILL) // the child has a group of its own
	}
	unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	<-p.exited
}

// waitExit waits for the process to end by itself and reports whether it did.
func (p *process) waitExit(patience time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(patience):
		return false
	}
}

// release ends what is left of the process's group, takes in the last output and
// closes the pipes. The process must have ended. More calls do nothing.
func (p *process) release() {
	if p.released {
		return
	}
	p.released = true
	unix.Kill(-p.cmd.Process.Pid, unix.SIGKILL)
	if p.stock != nil {
		p.stock.close()
	}
	p.stdout.finish()
	p.stderr.finish()
	if p.ring != nil {
		p.closeEnds()
	}
}

// status returns the exit code, or -1 and the signal that ended the process.
// For a server, it is about its child if that has ended.
func (p *process) status() (code, signal int) {
	status, ok := syscall.WaitStatus(0), true
	if p.server != nil && p.server.ended {
		status = p.server.status
	} else {
		status, ok = p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	}
	switch {
	case !ok:
		return p.cmd.ProcessState.ExitCode(), 0
	case status.Signaled():
		return -1, int(status.Signal())
	}
	return status.ExitStatus(), 0
}
