package lsp

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.lsp.dev/protocol"
	"golang.org/x/sys/unix"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests that no process is left, however the session ends.

// family is a set of processes that can be waited for without being their parent.
type family []int // file descriptors of processes

// descendants returns the processes below pid.
func descendants(t *testing.T, pid int) family {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, dir := range stats {
		if child, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			if parent, err := parentOf(child); err == nil {
				children[parent] = append(children[parent], child)
			}
		}
	}
	var all family
	for queue := children[pid]; len(queue) > 0; queue = queue[1:] {
		queue = append(queue, children[queue[0]]...)
		if fd, err := unix.PidfdOpen(queue[0], 0); err == nil { // else it has ended by now
			all = append(all, fd)
			t.Cleanup(func() { unix.Close(fd) })
		}
	}
	return all
}

// awaitEnd fails the test if one of the processes does not end.
func (f family) awaitEnd(t *testing.T) {
	t.Helper()
	for _, fd := range f {
		for {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(time.Minute.Milliseconds()))
			if err == unix.EINTR {
				continue
			}
			if n != 1 || err != nil {
				info, _ := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
				t.Fatalf("a process is left: %v\n%s", err, info)
			}
			break
		}
	}
}

// fuzzing starts the server and a campaign, and returns the processes below the server.
func fuzzing(t *testing.T) (*lsptest.Editor, family) {
	t.Helper()
	e := lsptest.Start(t, lsptest.Options{
		Folders:  []string{smallModule(t, t.TempDir())},
		Settings: map[string]any{"jobs": 1},
	})
	found(e, 1)
	if err := e.Command("fuzzls.start", nil); err != nil {
		t.Fatal(err)
	}
	// Figures come from an executor.
	type status struct {
		Tests []struct {
			Figures *struct {
				Runs uint64 `json:"runs"`
			} `json:"figures"`
		} `json:"tests"`
	}
	lsptest.AwaitNotification(e, "fuzzls/status", func(s status) bool {
		return len(s.Tests) == 1 && s.Tests[0].Figures != nil && s.Tests[0].Figures.Runs > 0
	})
	below := descendants(t, e.Process().Pid())
	if len(below) < 2 {
		t.Fatalf("%d processes: want a worker and an executor at least", len(below))
	}
	return e, below
}

func TestKilledServerLeavesNothing(t *testing.T) {
	e, below := fuzzing(t)
	if err := e.Process().Kill(); err != nil {
		t.Fatal(err)
	}
	below.awaitEnd(t)
}

func TestDeadClientLeavesNothing(t *testing.T) {
	e, below := fuzzing(t)
	if err := e.Process().In.Close(); err != nil {
		t.Fatal(err)
	}
	if status := e.Process().Wait(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	below.awaitEnd(t)
}

func TestTerminatedServerLeavesNothing(t *testing.T) {
	e, below := fuzzing(t)
	if err := e.Process().Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := e.Process().Wait(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	below.awaitEnd(t)
}

// TestKilledWorkerInTheEditor kills the only worker: the campaign goes on with another, and
// nothing is taken for a crash of the user's code.
func TestKilledWorkerInTheEditor(t *testing.T) {
	e, below := fuzzing(t)
	worker := childOf(t, e.Process().Pid())
	if err := syscall.Kill(worker, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	below.awaitEnd(t) // its executors end with it
	// The newest figures may be from before its end; far more are not.
	const far = 50_000
	var killed StatusParams
	if err := e.Call(methodStatus, nil, &killed); err != nil {
		t.Fatal(err)
	}
	status := awaitTest(e, func(s TestStatus) bool { return s.Figures != nil && s.Figures.Runs > killed.Tests[0].Figures.Runs+far })
	if status.State != "running" || status.Failure != "" || status.Figures.Crashes != 0 {
		t.Errorf("the fuzz test is %+v", status)
	}
	if next := childOf(t, e.Process().Pid()); next == worker {
		t.Error("there is no other worker")
	}
	var crashes CrashesParams
	if err := e.Call(methodCrashes, nil, &crashes); err != nil || len(crashes.Crashes) > 0 {
		t.Errorf("crashes %+v, %v", crashes.Crashes, err)
	}
}

// childOf returns the one child of a server that fuzzes with one worker.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	children, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, dir := range children {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if parent, err := parentOf(child); err == nil && parent == pid {
			found = append(found, child)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the server has the children %v, want one", found)
	}
	return found[0]
}

func TestShutdownLeavesNothing(t *testing.T) {
	e, below := fuzzing(t)
	begin := time.Now()
	if status, err := e.Exit(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	below.awaitEnd(t)
	t.Logf("all processes had ended %d ms after the request", time.Since(begin).Milliseconds())
}

// TestShutdownDuringBuild shuts the server down while the go command works for it.
func TestShutdownDuringBuild(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	// A go command that reports that it builds, and does not end by itself.
	builds := filepath.Join(t.TempDir(), "builds")
	if err := syscall.Mkfifo(builds, 0o600); err != nil {
		t.Fatal(err)
	}
	slow := filepath.Join(t.TempDir(), "go")
	script := "#!/bin/sh\nif [ \"$1\" = build ] || [ \"$1\" = test ]; then echo building > " + builds + "; sleep 1000; fi\nexec go \"$@\"\n"
	if err := os.WriteFile(slow, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	e := lsptest.Start(t, lsptest.Options{
		Folders:  []string{dir},
		Settings: map[string]any{"go": map[string]any{"path": slow}},
	})
	found(e, 1)
	if err := e.Command("fuzzls.start", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(builds); err != nil { // returns once the script has written
		t.Fatal(err)
	}
	below := descendants(t, e.Process().Pid())
	if len(below) == 0 {
		t.Fatal("no go command is running")
	}
	if status, err := e.Exit(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	below.awaitEnd(t)
}

// TestClientDiesButStdinStaysOpen has the client's process end while this one holds the
// server's stdin open: the server must hear of it through the process's number.
func TestClientDiesButStdinStaysOpen(t *testing.T) {
	// The shell is the client; it says the server's number, and waits for it.
	shell := exec.Command("sh", "-c", `exec 3<&0; "$0" lsp <&3 3<&- & echo "pid $!" >&2; wait`, lsptest.Binary(t))
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	messages, err := shell.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(messages).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	raw := newRawClient(struct {
		io.Reader
		io.WriteCloser
	}{out, in})
	raw.send(t, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"processId":`+strconv.Itoa(shell.Process.Pid)+`}}`)
	if answer := raw.receive(t); !strings.Contains(answer, `"result"`) {
		t.Fatal(answer)
	}
	server, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(server)
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = shell.Process.Wait() // not Wait, which would close the pipes
	family{server}.awaitEnd(t)
}

// TestProcessOfAnotherMachine names a process that is not the server's ancestor.
func TestProcessOfAnotherMachine(t *testing.T) {
	other := exec.Command("sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	e := lsptest.Start(t, lsptest.Options{NoInitialize: true})
	params := lsptest.InitializeParams(lsptest.Options{})
	pid := int32(other.Process.Pid)
	params.ProcessID = &pid
	if err := e.Call(protocol.MethodInitialize, params, nil); err != nil {
		t.Fatal(err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if status, err := e.Exit(); status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
}
