package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests a server inside the test's process, where a test can add parts that
// wait, panic and record.

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu     sync.Mutex // guards buffer
	buffer bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// serve runs a server until the test ends. prepare may add to it before it reads.
func serve(t *testing.T, prepare func(*server)) (client net.Conn, log *syncBuffer) {
	t.Helper()
	client, other := net.Pipe()
	log = &syncBuffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := newServer(Config{Version: "test", Log: logger}, newStream(other, logger))
	prepare(s)
	done := make(chan error, 1)
	go func() { done <- s.run(context.Background()) }()
	t.Cleanup(func() {
		client.Close()
		<-done
	})
	return client, log
}

// connect is serve with an editor at the other end.
func connect(t *testing.T, prepare func(*server)) (*lsptest.Editor, *syncBuffer) {
	t.Helper()
	client, log := serve(t, prepare)
	return lsptest.Connect(t, client, lsptest.Options{}), log
}

// recorder is a part that records what happens to documents.
type recorder struct {
	mu       sync.Mutex // guards versions
	versions []int32
	closed   chan *document
	// panicAt is the version at which it panics.
	panicAt int32
}

func (r *recorder) documentOpened(d *document) { r.documentChanged(d) }
func (r *recorder) documentClosed(d *document) { r.closed <- d }
func (r *recorder) documentChanged(d *document) {
	r.mu.Lock()
	r.versions = append(r.versions, d.version)
	r.mu.Unlock()
	if d.version == r.panicAt {
		panic("documentChanged panics")
	}
}

func TestOrderOfChangesUnderLoad(t *testing.T) {
	const changes = 3000
	r := &recorder{closed: make(chan *document, 1), panicAt: -1}
	e, _ := connect(t, func(s *server) {
		s.addPart(r)
		s.addRequest("test/echo", func(_ context.Context, params protocol.LSPAny) (any, error) {
			return params, nil
		})
	})
	random := rand.New(rand.NewPCG(3, 4))
	e.OpenText("/x.go", "package x\n")
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for range 500 {
				if err := e.Call("test/echo", []int{1}, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range changes {
		line, character := uint32(random.IntN(40)), uint32(random.IntN(10))
		e.Edit("/x.go", lsptest.Range(line, character, line+uint32(random.IntN(2)), character), []string{"a\n", "é", "", "\r\n"}[random.IntN(4)])
	}
	load.Wait()
	want := e.Document("/x.go")
	e.CloseDocument("/x.go")
	closed := <-r.closed
	if closed.version != changes+1 || !bytes.Equal(closed.text.Bytes(), want.Text.Bytes()) {
		t.Errorf("version %d, text %q; want %q", closed.version, closed.text.Bytes(), want.Text.Bytes())
	}
	for i, v := range r.versions {
		if v != int32(i+1) {
			t.Fatalf("version %d came as number %d", v, i+1)
		}
	}
}

func TestCancel(t *testing.T) {
	waiting := make(chan struct{}, 1)
	client, _ := serve(t, func(s *server) {
		s.addRequest("test/wait", func(ctx context.Context, _ protocol.LSPAny) (any, error) {
			waiting <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})
	})
	raw := newRawClient(client)
	raw.initialize(t)
	for _, id := range []string{`7`, `"seven"`, `12345678901`} {
		raw.send(t, `{"jsonrpc":"2.0","id":`+id+`,"method":"test/wait"}`)
		<-waiting
		raw.send(t, `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":`+id+`}}`)
		want := `{"jsonrpc":"2.0","id":` + id + `,"error":{"code":-32800,`
		if got := raw.receive(t); !strings.HasPrefix(got, want) {
			t.Errorf("answer %s, want %s…", got, want)
		}
	}
}

func TestPanics(t *testing.T) {
	r := &recorder{closed: make(chan *document, 1), panicAt: 1}
	e, log := connect(t, func(s *server) {
		s.addPart(r)
		s.addRequest("test/panic", func(context.Context, protocol.LSPAny) (any, error) {
			panic("test/panic panics")
		})
		s.addCommand("test.panic", func(_ context.Context, args []protocol.LSPAny) (any, error) {
			return args[7], nil
		})
	})
	wantCode(t, "request", e.Call("test/panic", nil, nil), jsonrpc2.InternalError)
	wantCode(t, "command", e.Command("test.panic", nil), jsonrpc2.InternalError)
	e.OpenText("/x.go", "package x\n") // panics
	e.Edit("/x.go", lsptest.Range(0, 0, 0, 0), "y")
	e.CloseDocument("/x.go")
	if d := <-r.closed; d.version != 2 {
		t.Errorf("after a panic: version %d", d.version)
	}
	for _, want := range []string{"test/panic panics", "documentChanged panics", "index out of range [7]", "inprocess_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
}

// TestClientThatDoesNotRead floods a client that reads nothing: the server goes on
// reading, and keeps little.
func TestClientThatDoesNotRead(t *testing.T) {
	r := &recorder{closed: make(chan *document, 1), panicAt: -1}
	var s *server
	client, _ := serve(t, func(made *server) {
		s = made
		s.addPart(r)
	})
	raw := newRawClient(client)
	raw.initialize(t)
	counted := newCoalescer(s, 0, func(ctx context.Context, keys []int) {
		_ = s.notify(ctx, "test/keys", keys)
	})
	for i := range 100_000 {
		s.messages.show(protocol.MessageTypeInfo, "something happened")
		counted.mark(i % 10)
	}
	s.messages.mu.Lock()
	waiting := len(s.messages.waiting)
	s.messages.mu.Unlock()
	if waiting > maxMessages {
		t.Errorf("%d messages wait", waiting)
	}
	counted.mu.Lock()
	keys := len(counted.keys)
	counted.mu.Unlock()
	if keys > 10 {
		t.Errorf("%d keys wait", keys)
	}
	raw.send(t, `{"jsonrpc":"2.0","method":"textDocument/didOpen","params":{"textDocument":{"uri":"file:///x.go","languageId":"go","version":5,"text":"x"}}}`)
	raw.send(t, `{"jsonrpc":"2.0","method":"textDocument/didClose","params":{"textDocument":{"uri":"file:///x.go"}}}`)
	if d := <-r.closed; d.version != 5 {
		t.Errorf("version %d", d.version)
	}
}

// TestDidChangeForms tests whole texts, several changes at once, and what is not open.
func TestDidChangeForms(t *testing.T) {
	r := &recorder{closed: make(chan *document, 2), panicAt: -1}
	e, _ := connect(t, func(s *server) { s.addPart(r) })
	e.OpenText("/x.go", "one\ntwo\n")
	e.Notify(protocol.MethodTextDocumentDidChange, json.RawMessage(`{
		"textDocument": {"uri": "file:///x.go", "version": 2},
		"contentChanges": [
			{"text": "three\r\nfour"},
			{"range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}, "rangeLength": 0, "text": "teen"},
			{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 9}}, "text": "𝄞"}
		]}`))
	e.Notify(protocol.MethodTextDocumentDidChange, json.RawMessage(`{
		"textDocument": {"uri": "file:///y.go", "version": 2}, "contentChanges": [{"text": ""}]}`))
	e.CloseDocument("/y.go")
	e.CloseDocument("/x.go")
	if d := <-r.closed; string(d.text.Bytes()) != "𝄞" || d.version != 2 || d.path != "/x.go" {
		t.Errorf("%+v: %q", d, d.text.Bytes())
	}
}

// rawClient speaks the base protocol by hand.
type rawClient struct {
	conn io.ReadWriter
	in   *stream
}

func newRawClient(conn io.ReadWriteCloser) *rawClient {
	return &rawClient{conn, newStream(conn, slog.New(slog.DiscardHandler))}
}

func (c *rawClient) send(t *testing.T, body string) {
	t.Helper()
	if _, err := io.WriteString(c.conn, frame(body)); err != nil {
		t.Fatal(err)
	}
}

// receive returns the next message.
func (c *rawClient) receive(t *testing.T) string {
	t.Helper()
	body, _, err := c.in.ReadFrame(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func (c *rawClient) initialize(t *testing.T) {
	t.Helper()
	c.send(t, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}`)
	c.receive(t)
	c.send(t, `{"jsonrpc":"2.0","method":"initialized","params":{}}`)
}
