package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file tests campaigns as processes: how they end, and that nothing outlives
// them.

// running is a campaign in the background.
type running struct {
	dir    string
	cmd    *exec.Cmd
	done   chan struct{}
	stderr *watched
	stdout bytes.Buffer
}

// watched is output that a test can wait for.
type watched struct {
	mu      sync.Mutex
	text    bytes.Buffer // guarded by mu
	changed *sync.Cond
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changed.Broadcast()
	return w.text.Write(p)
}

func startCampaign(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := &running{dir: dir, done: make(chan struct{}), stderr: new(watched)}
	r.stderr.changed = sync.NewCond(&r.stderr.mu)
	r.cmd = exec.Command(binary, append([]string{"fuzz", "--json"}, args...)...)
	r.cmd.Dir = dir
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.cmd.Wait()
		close(r.done)
	}()
	t.Cleanup(func() {
		r.cmd.Process.Kill()
		<-r.done
	})
	return r
}

func (r *running) pid() string { return strconv.Itoa(r.cmd.Process.Pid) }

// waitRuns waits until the campaign's coverage file counts at least n runs.
func (r *running) waitRuns(t *testing.T, n uint64) {
	t.Helper()
	until(t, "runs of the campaign", func() bool {
		select {
		case <-r.done:
			t.Fatalf("the campaign ended early:\n%s", r.stderr.text.String())
		default:
		}
		paths, _ := filepath.Glob(filepath.Join(r.dir, ".fuzzls", "v", "*"))
		for _, path := range paths {
			file, err := abi.MapCoverage(path)
			if err != nil {
				continue // not yet complete
			}
			runs := file.Runs()
			file.Close()
			if runs >= n {
				return true
			}
		}
		return false
	})
}

func (r *running) interrupt(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

func (r *running) wait(t *testing.T) int {
	t.Helper()
	<-r.done
	return r.cmd.ProcessState.ExitCode()
}

// until polls a condition that no event tells of, such as the end of a process
// that is not our child. The test's own time-out is the only limit.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline, ok := t.Deadline()
	for !condition() {
		if ok && time.Until(deadline) < 10*time.Second {
			t.Fatalf("waiting for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// descendants returns the processes below pid.
func descendants(t *testing.T, pid int) (pids []int) {
	t.Helper()
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		child, parent, ok := readStat(path)
		if ok {
			children[parent] = append(children[parent], child)
		}
	}
	next := children[pid]
	for len(next) > 0 {
		pids = append(pids, next...)
		var below []int
		for _, p := range next {
			below = append(below, children[p]...)
		}
		next = below
	}
	return pids
}

func readStat(path string) (pid, parent int, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, false
	}
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || end < open {
		return 0, 0, false
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(data[:open])))
	fields := strings.Fields(string(data[end+1:]))
	if len(fields) < 2 || fields[0] == "Z" {
		return 0, 0, false
	}
	parent, _ = strconv.Atoi(fields[1])
	return pid, parent, true
}

func alive(pid int) bool {
	_, _, ok := readStat("/proc/" + strconv.Itoa(pid) + "/stat")
	return ok
}

func command(pid int) string {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
}

func wantGone(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		until(t, "the end of "+command(pid), func() bool { return !alive(pid) })
	}
}

// TestInterrupt ends a campaign without limit: the report comes, nothing is left.
func TestInterrupt(t *testing.T) {
	r := startCampaign(t, small(t), "-j=2")
	r.waitRuns(t, 10_000)
	below := descendants(t, r.cmd.Process.Pid)
	if len(below) < 4 {
		t.Errorf("processes %v, want two workers and two executors", below)
	}
	r.interrupt(t)
	if status := r.wait(t); status != statusOK {
		t.Errorf("status %d\n%s", status, r.stderr.text.String())
	}
	if !strings.Contains(r.stdout.String(), `"runs"`) {
		t.Errorf("no report:\n%s", r.stdout.String())
	}
	wantGone(t, below)
}

// TestKilledSupervisor kills the supervisor with a signal that it cannot catch:
// its workers and executors die with it.
func TestKilledSupervisor(t *testing.T) {
	r := startCampaign(t, small(t), "-j=2")
	r.waitRuns(t, 10_000)
	below := descendants(t, r.cmd.Process.Pid)
	r.cmd.Process.Kill()
	r.wait(t)
	wantGone(t, below)
	if _, o := campaign(t, r.dir, "--limit=10"); o.status != statusOK {
		t.Errorf("the next campaign: status %d\n%s", o.status, o.stderr)
	}
}

// TestKilledWorker kills a worker and an executor: both are started again.
func TestKilledWorker(t *testing.T) {
	for _, victim := range []string{" worker ", "-test.fuzzworker"} {
		r := startCampaign(t, small(t), "-j=1")
		r.waitRuns(t, 1000)
		var killed int
		for _, pid := range descendants(t, r.cmd.Process.Pid) {
			if strings.Contains(command(pid), victim) {
				killed = pid
			}
		}
		if killed == 0 {
			t.Fatalf("no process with %q", victim)
		}
		if err := syscall.Kill(killed, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		wantGone(t, []int{killed})
		file, err := abi.MapCoverage(coverageFile(t, r.dir))
		if err != nil {
			t.Fatal(err)
		}
		r.waitRuns(t, file.Runs()+100_000)
		file.Close()
		r.interrupt(t)
		r.wait(t)
	}
}

// TestStoppedExecutor stops an executor as a debugger or a careless kill -STOP
// does: it is replaced, and nothing is reported as a hang of the user's code.
func TestStoppedExecutor(t *testing.T) {
	r := startCampaign(t, small(t), "-j=1", "--timeout=1s")
	r.waitRuns(t, 1000)
	for _, pid := range descendants(t, r.cmd.Process.Pid) {
		if strings.Contains(command(pid), "-test.fuzzworker") {
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
	}
	file, err := abi.MapCoverage(coverageFile(t, r.dir))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r.waitRuns(t, file.Runs()+300_000)
	r.interrupt(t)
	if status := r.wait(t); status != statusOK {
		t.Errorf("status %d\n%s%s", status, r.stdout.String(), r.stderr.text.String())
	}
}
