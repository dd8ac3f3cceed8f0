// Package lsp is the language server: what an editor is told, and when.
//
// # Connection
//
// One process serves one client over stdin and stdout. Notifications are handled one
// after another, in the client's order, on the goroutine that reads; requests each on a
// goroutine of their own, and can be cancelled. Whoever handles a notification must not
// wait for the client, nor send to it: a client that reads slowly would stop the reading.
//
// # Telling the client
//
// What changes in a [live.Workspace] is told to its observer, which only marks what is
// out of date, in a [coalescer]. A coalescer's goroutine then asks for the newest state
// and sends it. A slow client therefore gets fewer messages, and costs no memory.
//
// # Parts
//
// What the server shows is made of parts (see parts.go): each registers the commands and
// requests that it answers, and says by its methods which events it wants.
package lsp

import (
	"context"
	"log/slog"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines the server's state, and Run.

// Config is what the server is told by the command line.
type Config struct {
	// Version is the program's version; Worker the command of a worker process.
	Version string
	Worker  []string
	Log     *slog.Logger
}

// server is one connection to one client.
type server struct {
	protocol.UnimplementedServer
	config Config
	log    *slog.Logger
	// conn and client call and notify the editor. Handlers of notifications run in order
	// on the reading goroutine and must never wait for it.
	conn   jsonrpc2.Conn
	client protocol.Client

	// caps is what the client can do; set by initialize, constant afterwards, as are
	// encoding and trusted.
	caps     capabilities
	encoding text.Encoding
	// trusted: commands that build or run may be carried out.
	trusted bool

	lifecycle  lifecycle
	goroutines goroutines
	calls      calls
	docs       documents
	folders    folders
	options    options
	messages   *messages
	progress   *progress
	watcher    watcher

	// parts, commands and requests are filled before the connection is read, and
	// constant afterwards.
	parts    []any
	commands map[string]command
	requests map[string]requestFunc

	lenses *lensRefresher  // lens.go
	maps   lineMaps        // linemaps.go
	hints  *hintsRefresher // inlayrefresh.go
}

// newServer makes a server for the client at the other end of stream.
func newServer(config Config, stream jsonrpc2.Stream) *server {
	s := &server{
		config: config, log: config.Log, encoding: text.UTF16,
		conn:     jsonrpc2.NewConn(stream, jsonrpc2.WithCodec(codec{})),
		commands: map[string]command{}, requests: map[string]requestFunc{},
	}
	s.client = protocol.ClientDispatcher(s.conn)
	s.lifecycle.exit, s.lifecycle.parent.ended = make(chan struct{}), make(chan struct{})
	s.goroutines.start()
	s.options.now = defaultSettings()
	s.messages = newMessages(s)
	s.progress = newProgress(s)
	s.folders.init(s)
	s.addParts()
	return s
}

// notify sends any notification, such as fuzzls/coverage. It may block for a slow
// client: only goroutines of their own call it, such as those of coalescers.
func (s *server) notify(ctx context.Context, method string, params any) error {
	return s.conn.Notify(ctx, method, params)
}

// goroutines owns what the server does beside the requests.
type goroutines struct {
	// ctx ends when the server stops.
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup
	mu     sync.Mutex // guards closed, and that nothing is added to wait once it is set
	closed bool
}

func (g *goroutines) start() { g.ctx, g.cancel = context.WithCancel(context.Background()) }

// stop ends the context and returns a channel that closes when all have returned.
func (g *goroutines) stop() <-chan struct{} {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	done := make(chan struct{})
	go func() {
		g.wait.Wait()
		close(done)
	}()
	return done
}

// spawn runs f on a goroutine that stopping waits for; its context ends with the server.
// A panic in f is logged and ends only f. Once the server stops it does nothing.
func (s *server) spawn(f func(ctx context.Context)) {
	g := &s.goroutines
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.wait.Go(func() {
		defer s.recovered("a goroutine", nil)
		f(g.ctx)
	})
}
