package store

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// This file lets tests start other processes that use a state: the test binary
// runs itself again.

// roleEnv names the role of such a process, one of roles.
const roleEnv = "STORE_TEST_ROLE"

// roles are what a process can do with a state. It prints a line when it is
// where the test wants it.
var roles = map[string]func(root string) error{
	"add":           addEntries,
	"hold the lock": holdLock,
	"stop in Add":   stopInAdd,
	"stop in Save":  stopInSave,
	"count crashes": countCrashes,
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := roles[role](os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process is another process that uses a state.
type process struct {
	*exec.Cmd
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Reader
}

// command prepares a process with a role; see start.
func command(t *testing.T, role, root string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe, root), t: t}
	p.Env = append(os.Environ(), roleEnv+"="+role)
	p.Stderr = os.Stderr
	if p.in, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	return p
}

func start(t *testing.T, role, root string) *process {
	t.Helper()
	p := command(t, role, root)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// line waits for the next line that the process prints.
func (p *process) line() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("waiting for the other process: %v", err)
	}
	return strings.TrimSpace(line)
}

// kill ends the process as `kill -9` does, and waits for it.
func (p *process) kill() {
	p.t.Helper()
	if err := p.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	p.Wait() // its error is the signal
}

// finish lets the process go on and waits for its success.
func (p *process) finish() {
	p.t.Helper()
	p.in.Close()
	if err := p.Wait(); err != nil {
		p.t.Errorf("the other process: %v", err)
	}
}

// reached tells the test that this process is where it should be, and waits
// until the test ends it or lets it go on.
func reached(what any) {
	fmt.Println(what)
	io.Copy(io.Discard, os.Stdin)
}
