// Package lsptest is a fake editor for tests of the language server. It starts the real
// binary, speaks to it over stdin and stdout, answers its requests as an editor does, and
// keeps everything it says, so that a test can wait for it:
//
//	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
//	e.Open(path)
//	if err := e.Command("fuzzls.start", nil, "example.com/m.FuzzParse"); err != nil { … }
//	e.AwaitProgress(0, "Building")
//	d := e.AwaitDiagnostics(path, func(d []protocol.Diagnostic) bool { return len(d) == 1 })
//
// There are no sleeps: waiting ends with the message that is waited for, and fails the
// test, with what was said in the meantime, if the server ends or the test takes too long.
package lsptest

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/text"
)

// patience is how long a test waits for one message before it fails: long enough for a
// build from an empty cache on a busy machine.
const patience = 3 * time.Minute

// Options say how the editor is and what it has open. The zero value is an editor that
// can do everything and has no folder.
type Options struct {
	// Folders are the workspace folders, absolute paths.
	Folders []string
	// Capabilities replaces those of AllCapabilities.
	Capabilities *protocol.ClientCapabilities
	// InitializationOptions is sent with initialize, encoded as JSON; nil for none.
	InitializationOptions any
	// Settings is the section "fuzzls" that the server may ask for; nil for none.
	Settings any
	// Args are arguments of `fuzzls lsp`, Env is added to its environment.
	Args, Env []string
	// NoInitialize leaves initialize and initialized to the test.
	NoInitialize bool
}

// Message is a notification or request from the server.
type Message struct {
	Method string
	Params json.RawMessage
	// Call: it is a request.
	Call bool
}

// Editor is the fake editor. Its methods may be called from several goroutines.
type Editor struct {
	t       testing.TB
	conn    jsonrpc2.Conn
	server  protocol.Server
	process *Process // nil if the server is in this process

	// Initialized is the server's answer to initialize.
	Initialized protocol.InitializeResult

	mu       sync.Mutex // guards the fields below
	settings any
	messages []Message
	docs     map[string]*Document
	changed  chan struct{} // closes with the next message
	answers  map[string]Answer
	encoding text.Encoding
}

// Document is a document as the editor has it.
type Document struct {
	Version int32
	Text    *text.Text
}

// Answer answers a request of the server.
type Answer func(params json.RawMessage) (any, error)

// Connect makes an editor for a server at the other end of rw, and initializes it. The
// connection ends with the test.
func Connect(t testing.TB, rw io.ReadWriteCloser, o Options) *Editor {
	t.Helper()
	e := newEditor(t, rw, o)
	e.initialize(o)
	return e
}

func newEditor(t testing.TB, rw io.ReadWriteCloser, o Options) *Editor {
	e := &Editor{
		t: t, settings: o.Settings, docs: map[string]*Document{}, changed: make(chan struct{}),
		answers: map[string]Answer{}, encoding: text.UTF16,
	}
	e.conn = jsonrpc2.NewConn(jsonrpc2.NewHeaderStream(rw), jsonrpc2.WithCodec(codec{}))
	e.server = protocol.ServerDispatcher(e.conn)
	e.conn.Go(context.Background(), e.handle)
	return e
}

func (e *Editor) initialize(o Options) {
	e.t.Helper()
	if o.NoInitialize {
		return
	}
	if err := e.Call(protocol.MethodInitialize, InitializeParams(o), &e.Initialized); err != nil {
		e.t.Fatalf("initialize: %v", err)
	}
	if encoding := e.Initialized.Capabilities.PositionEncoding; encoding != "" {
		e.encoding = text.Encoding(encoding)
	}
	e.Notify(protocol.MethodInitialized, &protocol.InitializedParams{})
}

// InitializeParams returns the parameters of initialize for an editor with options o.
func InitializeParams(o Options) *protocol.InitializeParams {
	params := &protocol.InitializeParams{Capabilities: AllCapabilities()}
	params.ClientInfo.Name = "lsptest"
	if o.Capabilities != nil {
		params.Capabilities = *o.Capabilities
	}
	folders := []protocol.WorkspaceFolder{}
	for _, dir := range o.Folders {
		folders = append(folders, protocol.WorkspaceFolder{URI: uri.File(dir), Name: dir})
	}
	params.WorkspaceFolders = protocol.NewNullable(folders)
	if o.InitializationOptions != nil {
		params.InitializationOptions = encode(o.InitializationOptions)
	}
	return params
}

// handle records a message of the server and answers it.
func (e *Editor) handle(_ context.Context, req *jsonrpc2.Request) (any, error) {
	m := Message{Method: string([]byte(req.Method())), Params: json.RawMessage(slices.Clone(req.Params())), Call: req.IsCall()}
	var result any
	var err error
	if m.Call {
		result, err = e.answer(m)
	}
	e.mu.Lock()
	e.messages = append(e.messages, m)
	close(e.changed)
	e.changed = make(chan struct{})
	e.mu.Unlock()
	return result, err
}

// Messages returns everything that the server has said so far.
func (e *Editor) Messages() []Message {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.messages)
}

// Mark returns the number of messages so far, for AwaitFrom.
func (e *Editor) Mark() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.messages)
}

// SetSettings changes the settings and tells the server that they changed.
func (e *Editor) SetSettings(settings any) {
	e.t.Helper()
	e.mu.Lock()
	e.settings = settings
	e.mu.Unlock()
	e.Notify(protocol.MethodWorkspaceDidChangeConfiguration,
		&protocol.DidChangeConfigurationParams{Settings: encode(map[string]any{"fuzzls": settings})})
}

// Document returns a document as the editor has it; nil if it is not open.
func (e *Editor) Document(path string) *Document {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.docs[path]
}

// OpenPaths returns the paths of the open documents.
func (e *Editor) OpenPaths() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Sorted(maps.Keys(e.docs))
}

// Encoding returns the encoding of positions.
func (e *Editor) Encoding() text.Encoding { return e.encoding }

// encode encodes a value as the protocol does. What tests send can be encoded.
func encode(v any) protocol.LSPAny {
	encoded, err := protocol.Marshal(v)
	if err != nil {
		panic(err)
	}
	return encoded
}

// codec converts parameters and results with the protocol's rules.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(data []byte, v any) error {
	if raw, ok := v.(*json.RawMessage); ok {
		*raw = slices.Clone(data)
		return nil
	}
	return protocol.Unmarshal(data, v)
}
