package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// This file defines what happens to a message: order, concurrency, cancellation,
// panics, and which errors the client gets.

// requestFunc answers one of the server's own requests, such as fuzzls/status. params is
// nil if there are none. Its result is encoded as JSON.
type requestFunc func(ctx context.Context, params protocol.LSPAny) (any, error)

// handle is the connection's handler.
func (s *server) handle(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	if req.IsCall() {
		return s.call(ctx, req)
	}
	s.notification(ctx, req)
	return nil, nil
}

// notification handles a notification, to the end before the next message is read. What
// is wrong with it is logged, since it has no answer.
func (s *server) notification(ctx context.Context, req *jsonrpc2.Request) {
	method := strings.Clone(req.Method())
	defer s.recovered(method, nil)
	var err error
	switch {
	case method == protocol.MethodExit:
		s.lifecycle.exitNow()
	case !s.lifecycle.running():
		s.log.Debug("a notification outside of the session is ignored", "method", method)
	case method == protocol.MethodCancelRequest:
		err = s.calls.cancelFor(req.Params())
	case method == protocol.MethodInitialized:
		s.initialized() // some clients send it without parameters
	default:
		_, err = s.standard(ctx, req)
	}
	switch {
	case err == nil:
	case errors.Is(err, jsonrpc2.ErrMethodNotFound):
		s.log.Debug("an unknown notification is ignored", "method", method)
	default:
		s.log.Warn("a notification failed", "method", method, "error", err)
	}
}

// call answers a request. It leaves the reading goroutine for all but initialize, after
// which the following messages must find the server initialized.
func (s *server) call(ctx context.Context, req *jsonrpc2.Request) (result any, err error) {
	method := strings.Clone(req.Method())
	defer s.recovered(method, &err)
	if err := s.lifecycle.admit(method); err != nil {
		return nil, err
	}
	if method == protocol.MethodInitialize {
		result, err = s.standard(ctx, req)
		s.lifecycle.initializeAnswered(err == nil)
		return result, answerable(method, err)
	}
	// A cancellation that is read next must find it.
	ctx, end := s.calls.begin(ctx, req.ID())
	defer end()
	jsonrpc2.Async(ctx)

	if f, ok := s.requests[method]; ok {
		result, err = f(ctx, protocol.LSPAny(req.Params()))
	} else {
		result, err = s.standard(ctx, req)
	}
	if err != nil && ctx.Err() != nil {
		return nil, protocol.ErrRequestCancelled
	}
	return result, answerable(method, err)
}

// standard handles a message of LSP itself.
func (s *server) standard(ctx context.Context, req *jsonrpc2.Request) (any, error) {
	if !standardMethods[req.Method()] {
		return nil, jsonrpc2.ErrMethodNotFound
	}
	return protocol.ServerHandler(s, nil)(ctx, req)
}

// standardMethods are the methods that LSP has for servers.
var standardMethods = func() map[string]bool {
	methods := map[string]bool{}
	for _, m := range protocol.Methods {
		if m.Direction != protocol.DirectionServerToClient {
			methods[m.Method] = true
		}
	}
	return methods
}()

// answerable returns the error that the client gets: with the right code and the method.
func answerable(method string, err error) error {
	var wire *jsonrpc2.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsonrpc2.ErrMethodNotFound):
		return jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "%s: fuzzls does not know this request", method)
	case errors.Is(err, jsonrpc2.ErrParse):
		return jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: %v", method, err)
	case errors.As(err, &wire):
		return err
	}
	// RequestFailed: the request was well formed, and what it asks for failed.
	return jsonrpc2.NewError(codeRequestFailed, err.Error())
}

// codeRequestFailed is LSP's RequestFailed.
const codeRequestFailed jsonrpc2.Code = -32803

// recovered logs a panic of what is being handled and turns it into an internal error.
// It must be deferred itself.
func (s *server) recovered(what string, err *error) {
	r := recover()
	if r == nil {
		return
	}
	s.logPanic(what, r)
	if err != nil {
		*err = jsonrpc2.Errorf(jsonrpc2.InternalError,
			"%s: fuzzls made a mistake (panic: %v): its log has the details", what, r)
	}
}

func (s *server) logPanic(what string, value any) {
	s.log.Error("panic", "in", what, "value", fmt.Sprint(value), "stack", string(debug.Stack()))
}

// calls are the requests that are being answered.
type calls struct {
	mu      sync.Mutex // guards running
	running map[jsonrpc2.ID]context.CancelFunc
}

// begin returns a context that $/cancelRequest of id ends, and what must be called in
// the end.
func (c *calls) begin(ctx context.Context, id jsonrpc2.ID) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = map[jsonrpc2.ID]context.CancelFunc{}
	}
	c.running[id] = cancel
	return ctx, func() {
		c.mu.Lock()
		delete(c.running, id)
		c.mu.Unlock()
		cancel()
	}
}

// cancelFor cancels the request that the parameters of $/cancelRequest name, if it is
// still being answered.
func (c *calls) cancelFor(params []byte) error {
	var p struct {
		ID json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return err
	}
	id, err := parseID(p.ID)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel, ok := c.running[id]; ok {
		cancel()
	}
	return nil
}

// cancelAll cancels all requests.
func (c *calls) cancelAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cancel := range c.running {
		cancel()
	}
}

func parseID(raw []byte) (jsonrpc2.ID, error) {
	var number int64
	if json.Unmarshal(raw, &number) == nil {
		return jsonrpc2.NewNumberID(number), nil
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return jsonrpc2.ID{}, fmt.Errorf("%s is no request id: %w", raw, err)
	}
	return jsonrpc2.NewStringID(name), nil
}
