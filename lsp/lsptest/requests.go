package lsptest

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// This file defines the editor's requests.

// context returns a context that ends with the test, or when it takes too long.
func (e *Editor) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(e.t.Context()), patience)
}

// Call sends a request and decodes its result, unless result is nil. Errors of the
// server are *jsonrpc2.Error.
func (e *Editor) Call(method string, params, result any) error {
	ctx, cancel := e.context()
	defer cancel()
	return e.CallContext(ctx, method, params, result)
}

// CallContext is Call that sends $/cancelRequest when ctx ends.
func (e *Editor) CallContext(ctx context.Context, method string, params, result any) error {
	return protocol.Call(ctx, e.conn, method, params, result)
}

// Notify sends a notification.
func (e *Editor) Notify(method string, params any) {
	e.t.Helper()
	if err := e.notify(method, params); err != nil {
		e.t.Fatalf("%s: %v", method, err)
	}
}

func (e *Editor) notify(method string, params any) error {
	ctx, cancel := e.context()
	defer cancel()
	return e.conn.Notify(ctx, method, params)
}

// Command executes a command and decodes its result, unless result is nil.
func (e *Editor) Command(name string, result any, args ...any) error {
	params := &protocol.ExecuteCommandParams{Command: name}
	for _, arg := range args {
		params.Arguments = append(params.Arguments, encode(arg))
	}
	var raw json.RawMessage
	if err := e.Call(protocol.MethodWorkspaceExecuteCommand, params, &raw); err != nil || result == nil {
		return err
	}
	return protocol.Unmarshal(raw, result)
}

// CodeLens asks for the code lenses of a file.
func (e *Editor) CodeLens(path string) ([]protocol.CodeLens, error) {
	ctx, cancel := e.context()
	defer cancel()
	return e.server.CodeLens(ctx, &protocol.CodeLensParams{TextDocument: identifier(path)})
}

// Hover asks for the hover at a position; nil if there is none.
func (e *Editor) Hover(path string, line, character uint32) (*protocol.Hover, error) {
	ctx, cancel := e.context()
	defer cancel()
	params := &protocol.HoverParams{}
	params.TextDocument = identifier(path)
	params.Position = protocol.Position{Line: line, Character: character}
	return e.server.Hover(ctx, params)
}

// InlayHints asks for the inlay hints of a range.
func (e *Editor) InlayHints(path string, r protocol.Range) ([]protocol.InlayHint, error) {
	ctx, cancel := e.context()
	defer cancel()
	return e.server.InlayHint(ctx, &protocol.InlayHintParams{TextDocument: identifier(path), Range: r})
}

// CodeActions asks for the code actions of a range and the diagnostics there.
func (e *Editor) CodeActions(path string, r protocol.Range, diagnostics ...protocol.Diagnostic) ([]protocol.CommandOrCodeAction, error) {
	ctx, cancel := e.context()
	defer cancel()
	return e.server.CodeAction(ctx, &protocol.CodeActionParams{
		TextDocument: identifier(path), Range: r, Context: protocol.CodeActionContext{Diagnostics: diagnostics},
	})
}

func identifier(path string) protocol.TextDocumentIdentifier {
	return protocol.TextDocumentIdentifier{URI: uri.File(path)}
}
