package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// This file defines the session from the first message to the end of the process:
// initialize, initialized, shutdown, exit, and the client's death.

// stopGrace is how long stopping may take. VS Code kills the server two seconds after
// shutdown; workers die with it then, but a campaign's state would not be complete.
const stopGrace = 1800 * time.Millisecond

// Errors of Run. The process ends with status 1 for each of them.
var (
	// ErrNoShutdown says that the client ended the session without shutdown. The user
	// need not be told.
	ErrNoShutdown = errors.New("the client ended the session without shutdown")
	// ErrNoClient says that there was no client at all.
	ErrNoClient = errors.New("stdin ended before a client said anything: an editor starts fuzzls lsp; fuzzls --help lists the commands for people")
)

// Run serves the client that writes to in and reads from out, until it ends the session
// or dies, or ctx ends. When it returns, all processes that it started have ended.
func Run(ctx context.Context, config Config, in io.ReadCloser, out io.WriteCloser) error {
	s := newServer(config, newStream(readWriter{in, out}, config.Log))
	return s.run(ctx)
}

type readWriter struct {
	io.ReadCloser
	io.Writer
}

// Close closes the reading end. The writing end is open until the process ends, so that
// nothing else can take its place.
func (rw readWriter) Close() error { return rw.ReadCloser.Close() }

func (s *server) run(ctx context.Context) error {
	// The handlers' contexts must not end with ctx: answers are written under them.
	s.conn.Go(context.Background(), s.handle)
	var cause error
	select {
	case <-s.lifecycle.exit:
	case <-s.conn.Done():
		cause = s.conn.Err()
	case <-ctx.Done():
		cause = fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case <-s.lifecycle.parent.ended:
		s.log.Warn("the client's process has ended")
	}
	s.stop()
	return s.lifecycle.result(cause)
}

// stop ends everything that the server runs and waits for it, for at most stopGrace. It
// may be called several times; later calls wait for the first.
func (s *server) stop() {
	s.lifecycle.stop.Do(func() {
		s.calls.cancelAll()
		stopped := s.goroutines.stop()
		closed := s.folders.close()
		timeout := time.NewTimer(stopGrace)
		defer timeout.Stop()
		for _, done := range []<-chan struct{}{closed, stopped} {
			select {
			case <-done:
			case <-timeout.C:
				s.log.Warn("stopping took too long: what is left dies with the server")
				return
			}
		}
	})
}

// phase is how far the session is.
type phase int

const (
	created phase = iota
	ready         // initialize is answered
	stopped       // shutdown was asked for
)

// lifecycle is the session's state.
type lifecycle struct {
	mu    sync.Mutex // guards phase and exited
	phase phase
	// exit closes with the exit notification.
	exit   chan struct{}
	exited bool
	stop   sync.Once
	parent parent
}

// admit says which requests are answered in which phase.
func (l *lifecycle) admit(method string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.phase == stopped:
		return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s: the server is shut down", method)
	case method == protocol.MethodInitialize && l.phase == ready:
		return jsonrpc2.NewError(jsonrpc2.InvalidRequest, "initialize: the server is initialized already")
	case method != protocol.MethodInitialize && l.phase == created:
		return jsonrpc2.Errorf(jsonrpc2.ServerNotInitialized, "%s: the server is not initialized", method)
	case method == protocol.MethodShutdown:
		l.phase = stopped
	}
	return nil
}

// initializeAnswered begins the session if initialize succeeded; else it may be repeated.
func (l *lifecycle) initializeAnswered(ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ok {
		l.phase = ready
	}
}

// running reports whether notifications are heard.
func (l *lifecycle) running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase == ready
}

func (l *lifecycle) exitNow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.exited {
		l.exited = true
		close(l.exit)
	}
}

// result returns what Run returns if the connection ended with cause.
func (l *lifecycle) result(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.phase == stopped:
		return nil
	case cause != nil:
		return cause
	case l.phase == created && !l.exited:
		return ErrNoClient
	}
	return ErrNoShutdown
}

// Initialize answers what the server can do. It reads no files: what takes time begins
// after initialized.
func (s *server) Initialize(_ context.Context, params *protocol.InitializeParams) (*protocol.InitializeResult, error) {
	s.caps = readCapabilities(&params.Capabilities)
	s.encoding = chooseEncoding(&params.Capabilities)
	if err := s.readInitializationOptions(params.InitializationOptions); err != nil {
		return nil, err
	}
	s.folders.set(initialFolders(params))
	if params.ProcessID != nil {
		s.lifecycle.parent.watch(int(*params.ProcessID), s.log)
	}
	s.log.Info("initialize", "client", params.ClientInfo.Name, "encoding", s.encoding, "trusted", s.trusted)
	return &protocol.InitializeResult{
		Capabilities: s.capabilities(),
		ServerInfo:   protocol.ServerInfo{Name: "fuzzls", Version: protocol.NewOptional(s.config.Version)},
	}, nil
}

// initialized begins what takes time, in the order in which it is needed: without the
// user's settings the wrong go command might be run.
func (s *server) initialized() {
	s.spawn(func(ctx context.Context) {
		s.fetchSettings(ctx)
		s.folders.start(ctx)
		s.watcher.start(ctx, s)
	})
}

// Shutdown stops everything. It answers when all is over.
func (s *server) Shutdown(context.Context) error {
	s.stop()
	return nil
}
