package lsptest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.lsp.dev/protocol"
)

// This file defines the server's process.

// Process is a running server.
type Process struct {
	cmd *exec.Cmd
	// In and Out are its stdin and stdout. Tests that speak for themselves use them.
	In  io.WriteCloser
	Out io.ReadCloser

	log  logBuffer
	done chan struct{} // closes when it has ended
}

// StartProcess starts `fuzzls lsp` with arguments and additions to its environment. It
// is killed at the end of the test if it is still there.
func StartProcess(t testing.TB, args, env []string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(Binary(t), append([]string{"lsp"}, args...)...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if p.In, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	// Not StdoutPipe: Wait would close it before all is read.
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.Out, p.cmd.Stdout = reader, writer
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	go func() {
		_ = p.cmd.Wait() // Wait returns its status
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		reader.Close()
	})
	return p
}

// Pid returns the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Kill ends it as kill -9 does, and waits for its end.
func (p *Process) Kill() error {
	err := p.cmd.Process.Kill()
	<-p.done
	return err
}

// Signal sends it a signal.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Done returns a channel that closes when it has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for its end and returns its exit status, -1 if a signal ended it.
func (p *Process) Wait() int {
	<-p.done
	return p.cmd.ProcessState.ExitCode()
}

// Log returns what it wrote to stderr so far.
func (p *Process) Log() string { return p.log.String() }

// AwaitLog waits until it has written text to stderr; what it logs depends on
// --log-level.
func (p *Process) AwaitLog(t testing.TB, text string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		log, changed := p.log.next()
		if strings.Contains(log, text) {
			return
		}
		select {
		case <-changed:
		case <-p.done:
			t.Fatalf("waiting for %q in the log: the server ended\n%s", text, p.Log())
		case <-timeout:
			t.Fatalf("waiting for %q in the log: it did not come\n%s", text, p.Log())
		}
	}
}

// logBuffer is a buffer that may be read while it is written.
type logBuffer struct {
	mu      sync.Mutex // guards the fields below
	buffer  bytes.Buffer
	changed chan struct{} // closes with the next writing; nil if nobody waits for it
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	return b.buffer.Write(p)
}

// next returns what was written, and what closes when there is more.
func (b *logBuffer) next() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.buffer.String(), b.changed
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// Start starts the server, initializes it, and shuts it down at the end of the test,
// which fails if that does not work.
func Start(t testing.TB, o Options) *Editor {
	t.Helper()
	p := StartProcess(t, o.Args, o.Env)
	e := newEditor(t, struct {
		io.Reader
		io.WriteCloser
	}{p.Out, p.In}, o)
	e.process = p
	e.initialize(o)
	if !o.NoInitialize {
		t.Cleanup(e.shutDown)
	}
	return e
}

// Process returns the server's process; nil if Connect made the editor.
func (e *Editor) Process() *Process { return e.process }

// Exit ends the session as an editor does, and returns the server's exit status.
func (e *Editor) Exit() (status int, err error) {
	if err := e.Call(protocol.MethodShutdown, nil, nil); err != nil {
		return 0, err
	}
	if err := e.notify(protocol.MethodExit, nil); err != nil {
		return 0, err
	}
	return e.process.Wait(), nil
}

// shutDown ends the session at the end of the test, if the test has not done so.
func (e *Editor) shutDown() {
	select {
	case <-e.conn.Done():
		return
	case <-e.process.Done():
		return
	default:
	}
	status, err := e.Exit()
	if err == nil && status != 0 {
		err = errors.New("the server's exit status is not 0")
	}
	if err != nil && !e.t.Failed() {
		e.t.Errorf("ending the session: %v (status %d)\n%s", err, status, e.process.Log())
	}
	if e.t.Failed() {
		e.t.Logf("the server's log:\n%s", e.process.Log())
	}
}
