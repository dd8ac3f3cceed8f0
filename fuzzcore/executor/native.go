package executor

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This file defines what is different about a target with the C runtime: the process
// that is started runs no inputs; it forks a child that does, and another when that
// ends. Child and server share the ring, the bells and the outputs; over a socket that
// the child does not have, the server says what becomes of it. A target whose set-up
// starts threads cannot be forked; it runs its inputs itself.

// What a server says: a u32 of these, and a u32 that goes with it.
const (
	// childStarted goes with the child's process number.
	childStarted = 1
	// childEnded goes with the child's status, as wait has it. The child stays a zombie
	// until the host answers, which makes the next child start.
	childEnded = 2
	// serverMessage is the size of a message.
	serverMessage = 8
)

// forkServer is what the host knows about a target's children.
type forkServer struct {
	control *os.File
	// pid is the child that runs inputs; 0 if the process does it itself, or has not
	// come to it.
	pid int
	// ended: it has; status says how.
	ended  bool
	status syscall.WaitStatus
}

// newControl returns the two ends of a control socket.
func newControl() (host, target *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// serve gives the command a control socket and returns the end that is the target's,
// to be closed when the command has been started.
func (p *process) serve() (target *os.File, err error) {
	host, target, err := newControl()
	if err != nil {
		return nil, err
	}
	p.server = &forkServer{control: host}
	p.poll[1] = unix.PollFd{Fd: int32(host.Fd()), Events: unix.POLLIN}
	p.cmd.Env[len(p.cmd.Env)-1] += ",6"
	p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, target)
	return target, nil
}

// listen takes in what the server has said.
func (p *process) listen() {
	if p.server == nil {
		return
	}
	var message [serverMessage]byte
	for {
		n, _, err := unix.Recvfrom(int(p.poll[1].Fd), message[:], unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != serverMessage {
			return // nothing more, or it has ended: that is seen elsewhere
		}
		value := binary.NativeEndian.Uint32(message[4:])
		switch binary.NativeEndian.Uint32(message[:]) {
		case childStarted:
			p.server.pid = int(value)
		case childEnded:
			p.server.ended, p.server.status = true, syscall.WaitStatus(value)
		}
	}
}

// childDead reports whether the child that runs inputs has ended.
func (p *process) childDead() bool {
	p.listen()
	return p.server != nil && p.server.ended
}

// nextChild makes the server start the next child.
func (p *process) nextChild() {
	p.server.pid, p.server.ended = 0, false
	// If nobody is there to hear it, that is found out while waiting.
	p.server.control.Write(make([]byte, serverMessage))
}

// runner returns the process that runs inputs.
func (p *process) runner() int {
	if p.server != nil && p.server.pid != 0 {
		return p.server.pid
	}
	return p.cmd.Process.Pid
}

// waitStacks waits until a process that was asked for its stacks has ended.
func (p *process) waitStacks(patience time.Duration) {
	if p.server == nil || p.server.pid == 0 {
		p.waitExit(patience)
		return
	}
	for deadline := time.Now().Add(patience); !p.childDead() && !p.dead(); {
		left := time.Until(deadline)
		if left <= 0 {
			return
		}
		unix.Poll(p.poll[1:], max(1, int(left.Milliseconds())))
	}
}

// buryChild makes the crash of the run at hand, in which the child has ended, and has
// the next child go on behind it.
func (e *Executor) buryChild() *Crash {
	p := e.process
	p.stdout.settle()
	p.stderr.settle()
	crash := p.crash(p.autopsy(e.tail), e.tail)
	e.skipRun()
	p.stdout.cut(e.tail)
	p.stderr.cut(e.tail)
	p.idle = false
	p.nextChild()
	e.watch = watch{}
	e.watch.restart(e.tail)
	return crash
}

// exitText is what is said about a target that ended without a word: nothing in the
// process sees _exit.
func exitText(c *Crash) string {
	if c.ExitCode < 0 || strings.Contains(c.Text, "fuzzls: ") || strings.Contains(c.Text, "Sanitizer") {
		return c.Text
	}
	return fmt.Sprintf("fuzzls: the process ended with exit status %d, without a call of exit (_exit)\n%s", c.ExitCode, c.Text)
}

// sanitizerOptions are what sanitizers are told unless the user says otherwise:
// resolving addresses takes seconds, and is done by the host; what a sanitizer finds
// is a crash; signals are reported with a stack.
var sanitizerOptions = map[string]string{
	"ASAN_OPTIONS":  "symbolize=0:handle_abort=1:handle_sigill=1:handle_sigtrap=1:print_suppressions=0",
	"MSAN_OPTIONS":  "symbolize=0:handle_abort=1:handle_sigill=1:handle_sigtrap=1",
	"TSAN_OPTIONS":  "symbolize=0:handle_abort=1:halt_on_error=1:report_signal_unsafe=0",
	"UBSAN_OPTIONS": "symbolize=0:print_stacktrace=1:halt_on_error=1",
	"LSAN_OPTIONS":  "symbolize=0:print_suppressions=0",
}

// nativeEnv returns env with the options of the sanitizers.
func nativeEnv(env []string) []string {
	full := make([]string, 0, len(env)+len(sanitizerOptions))
	users := map[string]string{}
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if _, ok := sanitizerOptions[name]; ok {
			users[name] = value
			continue
		}
		full = append(full, pair)
	}
	for name, value := range sanitizerOptions {
		if own := users[name]; own != "" {
			value += ":" + own // the last one counts
		}
		full = append(full, name+"="+value)
	}
	return full
}
