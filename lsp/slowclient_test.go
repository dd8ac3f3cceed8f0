package lsp

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests a client that stops reading for a while, with a real server that fuzzes.

// gate is a stream that can be closed for a while: reading waits until it is open.
type gate struct {
	io.Reader
	mu sync.Mutex // held while it is closed, and while something is read
}

func (g *gate) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	return n, err
}

// residentMiB is how much memory a process has, in MiB.
func residentMiB(t testing.TB, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			must(t, err)
			return kib >> 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func TestClientThatPauses(t *testing.T) {
	const (
		edits = 10_000
		// mostMemory is far below the size of the texts that are sent, 500 MiB, and
		// above what the race detector makes of the server.
		mostMemory = 250
	)
	dir := moduleDir(t)
	path := filepath.Join(dir, "parse.go")
	p := lsptest.StartProcess(t, nil, nil)
	reads := &gate{Reader: p.Out}
	e := lsptest.Connect(t, struct {
		io.Reader
		io.WriteCloser
	}{reads, p.In}, lsptest.Options{Folders: []string{dir}})
	v := openViewer(t, e, path)
	must(t, e.Command(commandStart, nil))
	v.await(stateOfParse("+~-"))

	reads.mu.Lock()
	comment := "// " + strings.Repeat("x", 500) + "\n"
	for i := range edits {
		v.replace(parseGo + strings.Repeat(comment, 100+i%2))
	}
	v.replace(parseGo)
	memory := residentMiB(t, p.Pid())
	t.Logf("%d MiB after %d edits that nobody was told of", memory, edits)
	if memory > mostMemory {
		t.Errorf("the server has %d MiB, want at most %d", memory, mostMemory)
	}
	sent := e.Mark()
	reads.mu.Unlock()

	must(t, e.Command(commandStop, nil))
	lsptest.AwaitFrom(e, sent, methodStatus, func(s StatusParams) bool { return s.Tests[0].State == "idle" })
	if told := e.Mark() - sent; told > 1000 {
		t.Errorf("%d messages came at once", told)
	}
	states, _ := coverDrawn(t, dir, "parse.go")
	if c := v.await(withLastLine(states)); c.version > e.Document(path).Version {
		t.Errorf("the client knows version %d", c.version)
	}
	version := e.Document(path).Version
	e.Await("the newest version", func(messages []lsptest.Message) bool { return v.shown(messages).version == version })
	e.CloseDocument(path)
}
