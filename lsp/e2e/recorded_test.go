package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines the replay of recorded traffic. testdata/recorded holds what real
// clients wrote to the server, one message a line, with @ROOT@ for the folder. Lines
// with "await" were added by hand: the replay goes on when the server has sent a
// message with that method and all the texts. To record, start the client with a server
// that is a script: `tee recording | fuzzls "$@"`.

// patience is how long a replay waits for one message: longer than a cold build.
const patience = 3 * time.Minute

// recordedLine is one line of a recording.
type recordedLine struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	// Await is the method of a message from the server, Contains texts in it.
	Await    string   `json:"await"`
	Contains []string `json:"contains"`
}

// TestRecorded replays what real clients wrote. Every request must be answered without
// an error, and the server must end as it was told.
func TestRecorded(t *testing.T) {
	recordings, err := filepath.Glob("testdata/recorded/*.jsonl")
	if err != nil || len(recordings) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, path := range recordings {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) { replay(t, path) })
	}
}

func replay(t *testing.T, path string) {
	recording, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := startPlayer(t)
	text := strings.ReplaceAll(string(recording), "@ROOT@", settingsModule(t))
	text = strings.ReplaceAll(text, "@PID@", strconv.Itoa(os.Getpid()))
	for number, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var message recordedLine
		if err := json.Unmarshal([]byte(line), &message); err != nil {
			t.Fatalf("%s:%d: %v", path, number+1, err)
		}
		switch {
		case message.Await != "":
			p.await(t, fmt.Sprintf("%s:%d", path, number+1), func(m *serverMessage) bool { return m.matches(&message) })
		case message.Method == "":
			// An answer to a request of the recorded server; this one's are answered as they come.
		default:
			p.send([]byte(line))
			if message.ID != nil {
				p.await(t, fmt.Sprintf("%s:%d: the answer to %s", path, number+1, message.Method), func(m *serverMessage) bool {
					return m.Method == "" && bytes.Equal(m.ID, message.ID)
				})
			}
		}
	}
	p.finish(t)
}

// serverMessage is a message from the server.
type serverMessage struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Error  json.RawMessage `json:"error"`
	raw    string
}

func (m *serverMessage) matches(line *recordedLine) bool {
	if m.Method != line.Await {
		return false
	}
	for _, text := range line.Contains {
		if !strings.Contains(m.raw, text) {
			return false
		}
	}
	return true
}

// player plays the client of one server process.
type player struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	mu     sync.Mutex // guards stdin
	stdin  io.WriteCloser
	// messages are those of the server, in order; closed at the end of its output.
	messages chan *serverMessage
	// seen are the messages taken so far: one may come before it is waited for.
	seen []*serverMessage
}

func startPlayer(t *testing.T) *player {
	t.Helper()
	p := &player{cmd: exec.Command(lsptest.Binary(t), "lsp"), messages: make(chan *serverMessage, 1<<16)}
	p.cmd.Stderr = &p.stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stdout)
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		for range p.messages { // until the reader has ended
		}
		p.cmd.Wait() // finish has seen its result, or the test has failed
	})
	return p
}

// read reads the server's messages until it ends, and answers its requests.
func (p *player) read(stdout io.Reader) {
	defer close(p.messages)
	in := bufio.NewReader(stdout)
	for {
		header, err := textproto.NewReader(in).ReadMIMEHeader()
		if err != nil {
			return
		}
		length, err := strconv.Atoi(header.Get("Content-Length"))
		if err != nil {
			return
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		m := &serverMessage{raw: string(body)}
		if json.Unmarshal(body, m) != nil {
			return
		}
		if m.Method != "" && m.ID != nil {
			p.answer(m)
		}
		p.messages <- m
	}
}

// answer answers a request of the server with as little as a client may.
func (p *player) answer(m *serverMessage) {
	result := "null"
	switch m.Method {
	case "workspace/configuration":
		var params struct{ Items []any }
		if json.Unmarshal(m.Params, &params) == nil {
			result = "[" + strings.TrimSuffix(strings.Repeat("null,", len(params.Items)), ",") + "]"
		}
	case "workspace/applyEdit":
		result = `{"applied":true}`
	case "window/showDocument":
		result = `{"success":true}`
	}
	p.send(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":%s}`, m.ID, result))
}

func (p *player) send(body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.stdin, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

// await waits for a message that no earlier await has taken.
func (p *player) await(t *testing.T, what string, wanted func(*serverMessage) bool) {
	t.Helper()
	for i, m := range p.seen {
		if wanted(m) {
			p.take(t, what, m)
			p.seen = append(p.seen[:i], p.seen[i+1:]...)
			return
		}
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		select {
		case m, ok := <-p.messages:
			if !ok {
				t.Fatalf("%s: the server ended\n%s", what, p.stderr.String())
			}
			if wanted(m) {
				p.take(t, what, m)
				return
			}
			p.seen = append(p.seen, m)
		case <-timeout.C:
			t.Fatalf("%s: no such message within %v\n%s", what, patience, p.stderr.String())
		}
	}
}

func (p *player) take(t *testing.T, what string, m *serverMessage) {
	t.Helper()
	if m.Error != nil {
		t.Errorf("%s: %s", what, m.Error)
	}
}

// finish waits for the end of the server, which the recording has asked for.
func (p *player) finish(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	for range p.messages { // until the server closes its output
	}
	err := p.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) || err != nil {
		t.Errorf("the server ended with %v\n%s", err, p.stderr.String())
	}
	if strings.Contains(p.stderr.String(), "panic") {
		t.Errorf("a panic:\n%s", p.stderr.String())
	}
}
