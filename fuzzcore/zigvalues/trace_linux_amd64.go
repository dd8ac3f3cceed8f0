package zigvalues

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file runs an executable under ptrace.

// breakpoint is the instruction that stops a program, int3.
const breakpoint = 0xcc

// tracer is one traced run. All of it happens on one thread of the system, as ptrace
// wants it.
type tracer struct {
	program *program
	pid     int
	slide   uint64 // what is added to addresses of the file
	events  []event
	// original are the bytes under the breakpoints, by address in the file.
	original map[uint64]byte
	// loaded: what the fuzzer runs from now on is the corpus on disk. running: a run of
	// it has begun.
	loaded, running bool
	watch           *watchdog
}

// trace runs the executable in a cache directory that holds the input, and returns where
// it stopped in the input's run.
func (p *program) trace(ctx context.Context, config Config, cache string) ([]event, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	stdin, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	defer stdin.Close()
	cmd := exec.Command(config.Exe, "--listen=-", "--cache-dir="+cache, "--seed=0x0")
	cmd.Dir, cmd.Env, cmd.Stdin = config.Dir, append(os.Environ(), config.Env...), stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("running %s under ptrace: %w", config.Exe, err)
	}
	defer cmd.Process.Release() // wait4 reaps it
	start := abi.StartFuzzing{Kind: abi.LimitIterations, Amount: 1, Names: []string{config.Test}}
	err = abi.WriteMessage(ours, abi.TagStartFuzzing, start.Append(nil))
	t := &tracer{program: p, pid: cmd.Process.Pid, original: map[uint64]byte{}, watch: newWatchdog(cmd.Process.Pid, config.Idle)}
	stop := context.AfterFunc(ctx, t.watch.kill)
	defer stop()
	err = errors.Join(err, t.run())
	t.end()
	if err == nil && !t.running {
		err = errors.New("the fuzz test ended before it ran the input: an entry of its own .corpus crashes, or it has no such test")
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return t.events, err
}

// run lets the program go from stop to stop until the run is over.
func (t *tracer) run() error {
	status, err := t.wait()
	if err != nil || !status.Stopped() {
		return err
	}
	if err := t.begin(); err != nil {
		return fmt.Errorf("tracing: %w", err)
	}
	for signal := 0; len(t.events) < 2*maxCalls; {
		if err := unix.PtraceCont(t.pid, signal); err != nil {
			return t.gone(err)
		}
		status, err := t.wait()
		if err != nil || !status.Stopped() {
			return err
		}
		signal = 0
		switch got := status.StopSignal(); got {
		case syscall.SIGTRAP:
			over, err := t.atBreakpoint()
			if err != nil || over {
				return t.gone(err)
			}
		case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGILL, syscall.SIGBUS, syscall.SIGFPE:
			return nil // the crash; what it would print takes a second
		default:
			signal = int(got)
		}
	}
	return nil
}

// gone returns err, but nil if it says that the program has ended.
func (t *tracer) gone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// wait waits until the program stops or ends.
func (t *tracer) wait() (status unix.WaitStatus, err error) {
	for {
		_, err = unix.Wait4(t.pid, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if err == nil && !status.Stopped() {
			t.watch.reaped()
		}
		return status, err
	}
}

// end ends the program and reaps it.
func (t *tracer) end() {
	t.watch.kill()
	for !t.watch.done() {
		if _, err := t.wait(); err != nil {
			t.watch.reaped()
		}
	}
}

// begin sets the breakpoints in a program that has just been loaded.
func (t *tracer) begin() error {
	if err := unix.PtraceSetOptions(t.pid, unix.PTRACE_O_EXITKILL); err != nil {
		return err
	}
	if t.program.movable {
		loaded, err := loadAddress(t.pid)
		if err != nil {
			return err
		}
		t.slide = loaded - t.program.base
	}
	for address := range t.program.stops {
		var b [1]byte
		if _, err := unix.PtracePeekText(t.pid, uintptr(address+t.slide), b[:]); err != nil {
			return err
		}
		t.original[address] = b[0]
		if err := t.write(address, breakpoint); err != nil {
			return err
		}
	}
	return nil
}

// loadAddress returns where the executable of a process begins in its memory.
func loadAddress(pid int) (uint64, error) {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return 0, err
	}
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 6 && strings.Join(fields[5:], " ") == exe {
			from, _, _ := strings.Cut(fields[0], "-")
			return strconv.ParseUint(from, 16, 64)
		}
	}
	return 0, fmt.Errorf("%s is not in its own memory", exe)
}

// write puts a byte at an address of the file.
func (t *tracer) write(address uint64, b byte) error {
	_, err := unix.PtracePokeText(t.pid, uintptr(address+t.slide), []byte{b})
	return err
}

// atBreakpoint notes what the program has stopped for, and steps over it. over: the run of
// the input is over.
func (t *tracer) atBreakpoint() (over bool, err error) {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(t.pid, &regs); err != nil {
		return false, err
	}
	address := regs.Rip - 1 - t.slide
	original, ok := t.original[address]
	if !ok {
		return true, nil // a breakpoint of the user's own: @breakpoint()
	}
	switch at := t.program.stops[address]; {
	case at == atStart:
		t.loaded = true
	case at == atPanic, at == atRun:
		if t.running || at == atPanic {
			return true, nil
		}
		t.running = t.loaded
	case t.running:
		if err := t.note(at, address, &regs); err != nil {
			return false, err
		}
	}
	regs.Rip--
	if err := unix.PtraceSetRegs(t.pid, &regs); err != nil {
		return false, err
	}
	return false, t.stepOver(address, original)
}

// stepOver runs the instruction under a breakpoint.
func (t *tracer) stepOver(address uint64, original byte) error {
	if err := t.write(address, original); err != nil {
		return err
	}
	if err := unix.PtraceSingleStep(t.pid); err != nil {
		return err
	}
	status, err := t.wait()
	if err != nil {
		return err
	}
	if !status.Stopped() || status.StopSignal() != syscall.SIGTRAP {
		return unix.ESRCH // it was killed in between
	}
	return t.write(address, breakpoint)
}

// note adds the event of a stop in the run of the input. Arguments are where the C
// calling convention of x86-64 has them.
func (t *tracer) note(at stop, address uint64, regs *unix.PtraceRegs) error {
	t.watch.again()
	if at == atCall {
		var back [8]byte
		if _, err := unix.PtracePeekData(t.pid, uintptr(regs.Rsp), back[:]); err != nil {
			return err
		}
		caller := binary.LittleEndian.Uint64(back[:]) - 1 - t.slide
		t.events = append(t.events, event{function: address, caller: caller})
		return nil
	}
	w := want{kind: Kind(at - atRequest)}
	var err error
	switch w.kind {
	case Int, Eos: // (uid, weights)
		w.allowed, err = t.weights(regs.Rsi, regs.Rdx)
	case Bytes: // (uid, buffer, weights)
		w.size = regs.Rdx
	case Slice: // (uid, buffer, weights of the length, …)
		w.size = regs.Rdx
		w.allowed, err = t.weights(regs.Rcx, regs.R8)
	}
	t.events = append(t.events, event{want: w})
	return err
}

// maxWeights is how many weights of a request are read. More than a handful are those of
// an enumeration with many gaps.
const maxWeights = 1024

// weights reads a slice of weights: least and greatest value, and the weight itself.
func (t *tracer) weights(address, n uint64) ([]span, error) {
	const size = 24
	n = min(n, maxWeights)
	if n == 0 {
		return nil, nil
	}
	data := make([]byte, n*size)
	if _, err := unix.PtracePeekData(t.pid, uintptr(address), data); err != nil {
		return nil, err
	}
	spans := make([]span, n)
	for i := range spans {
		at := data[i*size:]
		spans[i] = span{binary.LittleEndian.Uint64(at), binary.LittleEndian.Uint64(at[8:])}
	}
	return spans, nil
}

// watchdog kills a program that does not ask for anything for a while. It never signals a
// process that was reaped, whose number may be another's.
type watchdog struct {
	pid   int
	idle  time.Duration
	timer *time.Timer

	mu   sync.Mutex
	gone bool // guarded by mu; the program was reaped
}

func newWatchdog(pid int, idle time.Duration) *watchdog {
	w := &watchdog{pid: pid, idle: idle}
	w.timer = time.AfterFunc(idle, w.kill)
	return w
}

// again gives the program the whole time again.
func (w *watchdog) again() { w.timer.Reset(w.idle) }

func (w *watchdog) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.gone {
		unix.Kill(-w.pid, unix.SIGKILL)
	}
}

// reaped notes that the program is no more.
func (w *watchdog) reaped() {
	w.timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gone = true
}

func (w *watchdog) done() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gone
}
