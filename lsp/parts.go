package lsp

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines the parts that the server is made of: what they register, and the
// events that they may want. Parts are made before anything is read from the client, and
// are told events of the interfaces below that they implement.
//
// The methods are called on goroutines that must go on: they return at once, and neither
// wait for nor send to the client. They mark what is out of date, mostly in a coalescer.

// addParts makes the parts.
func (s *server) addParts() {
	s.addCoverageParts()
	s.lenses = newLensRefresher(s)
	s.addPart(s.lenses)
	s.addPart(newDiagnosticsPush(s))
	s.addCommands()
}

// addPart adds something that implements some of the interfaces below.
func (s *server) addPart(part any) { s.parts = append(s.parts, part) }

// tell calls f for each part that implements the interface T. A panic in one is logged,
// and neither reaches the others nor the caller.
func tell[T any](s *server, f func(T)) {
	for _, part := range s.parts {
		if p, ok := part.(T); ok {
			s.guarded(part, func() { f(p) })
		}
	}
}

// guarded calls f, which belongs to a part, and logs its panic.
func (s *server) guarded(part any, f func()) {
	defer func() {
		if r := recover(); r != nil {
			s.logPanic(fmt.Sprintf("%T", part), r)
		}
	}()
	f()
}

// documentListener is told of open documents in the order of the client's notifications,
// after the documents are up to date.
type documentListener interface {
	documentOpened(*document)
	documentChanged(*document)
	documentClosed(*document)
}

// settingsListener is told when settings have changed; server.settings returns them.
type settingsListener interface{ settingsChanged() }

// workspacesListener is told when workspaces were added, loaded or removed.
type workspacesListener interface{ workspacesChanged() }

// What a [live.Observer] is told. Progress and notices are not for parts.
type (
	testsListener interface{ testsChanged(*live.Workspace) }
	linesListener interface {
		linesCovered(w *live.Workspace, path string, lines []uint32)
	}
	coverageListener interface{ coverageReplaced(*live.Workspace) }
	crashesListener  interface {
		crashesChanged(w *live.Workspace, fresh []live.Crash)
	}
	problemsListener interface{ problemsChanged(*live.Workspace) }
)

// commandFunc carries out a command. Arguments are as the client sent them; the result
// is encoded as JSON.
type commandFunc func(ctx context.Context, args []protocol.LSPAny) (any, error)

// command is a command that clients may execute.
type command struct {
	run commandFunc
	// runs: it builds or runs code of the workspace, which takes trust.
	runs bool
}

// addCommand registers a command that only reads, such as fuzzls.showReport.
func (s *server) addCommand(name string, f commandFunc) { s.commands[name] = command{run: f} }

// addRunCommand registers a command that builds or runs code of the workspace. It is
// refused in untrusted workspaces.
func (s *server) addRunCommand(name string, f commandFunc) {
	s.commands[name] = command{run: f, runs: true}
}

// addRequest registers one of the server's own requests, such as fuzzls/files.
func (s *server) addRequest(method string, f requestFunc) { s.requests[method] = f }

func (s *server) commandNames() []string { return slices.Sorted(maps.Keys(s.commands)) }

// errUntrusted is the error of commands that would build or run untrusted code.
var errUntrusted = jsonrpc2.NewError(codeRequestFailed,
	"this workspace is not trusted: fuzzing builds and runs its code: trust the workspace in your editor first")

// ExecuteCommand carries out a command.
func (s *server) ExecuteCommand(ctx context.Context, params *protocol.ExecuteCommandParams) (protocol.LSPAny, error) {
	c, ok := s.commands[params.Command]
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "fuzzls has no command %q", params.Command)
	}
	if c.runs && !s.trusted {
		return nil, errUntrusted
	}
	result, err := c.run(ctx, params.Arguments)
	if err != nil {
		return nil, err
	}
	encoded, err := protocol.Marshal(result)
	if err != nil {
		return nil, fmt.Errorf("%s: encoding its result: %w", params.Command, err)
	}
	return encoded, nil
}
