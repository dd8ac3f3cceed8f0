package lsp

import (
	"errors"
	"testing"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests the session with the real binary.

// wantCode fails the test unless err is an answer with that code.
func wantCode(t *testing.T, what string, err error, code jsonrpc2.Code) {
	t.Helper()
	var wire *jsonrpc2.Error
	if !errors.As(err, &wire) || wire.Code != code {
		t.Errorf("%s: error %v, want code %d", what, err, code)
	}
}

func TestSession(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{NoInitialize: true})
	wantCode(t, "before initialize", e.Call("textDocument/hover", nil, nil), jsonrpc2.ServerNotInitialized)
	wantCode(t, "shutdown before initialize", e.Call(protocol.MethodShutdown, nil, nil), jsonrpc2.ServerNotInitialized)
	e.OpenText("/early.go", "package early") // is ignored

	var result protocol.InitializeResult
	params := lsptest.InitializeParams(lsptest.Options{})
	if err := e.Call(protocol.MethodInitialize, params, &result); err != nil {
		t.Fatal(err)
	}
	if result.Capabilities.PositionEncoding != "utf-8" || result.ServerInfo.Name != "fuzzls" {
		t.Errorf("initialize: %+v", result)
	}
	wantCode(t, "second initialize", e.Call(protocol.MethodInitialize, params, nil), jsonrpc2.InvalidRequest)
	e.Notify(protocol.MethodInitialized, nil)

	wantCode(t, "unknown request", e.Call("textDocument/noSuch", nil, nil), jsonrpc2.MethodNotFound)
	wantCode(t, "unknown $/ request", e.Call("$/noSuch", nil, nil), jsonrpc2.MethodNotFound)
	wantCode(t, "unknown command", e.Command("fuzzls.noSuch", nil), jsonrpc2.InvalidParams)
	wantCode(t, "bad parameters", e.Call("textDocument/hover", []int{1}, nil), jsonrpc2.InvalidParams)
	e.Notify("$/noSuch", map[string]int{"a": 1})
	e.Notify("fuzzls/noSuch", nil)
	e.Notify(protocol.MethodTextDocumentDidChange, []int{1})

	if err := e.Call(protocol.MethodShutdown, nil, nil); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	wantCode(t, "after shutdown", e.Call("textDocument/hover", nil, nil), jsonrpc2.InvalidRequest)
	wantCode(t, "second shutdown", e.Call(protocol.MethodShutdown, nil, nil), jsonrpc2.InvalidRequest)
	e.Notify(protocol.MethodExit, nil)
	if status := e.Process().Wait(); status != 0 {
		t.Errorf("status %d\n%s", status, e.Process().Log())
	}
}

func TestExitWithoutShutdown(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{})
	e.Notify(protocol.MethodExit, nil)
	if status := e.Process().Wait(); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
}

func TestSessionEndsWithShutdown(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{Folders: []string{t.TempDir()}})
	if status, err := e.Exit(); err != nil || status != 0 {
		t.Errorf("status %d, %v", status, err)
	}
}

func TestSettingsFromTheClient(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{
		InitializationOptions: map[string]any{"settings": map[string]any{"timeout": 5}},
		Settings:              map[string]any{"go": map[string]any{"buildFlags": "-race"}},
	})
	e.AwaitMessage("fuzzls.timeout is 5: expected a time")
	e.AwaitMessage(`fuzzls.go.buildFlags is "-race": expected flags`)
	e.SetSettings(map[string]any{"env": []string{"A=B"}})
	e.AwaitMessage("fuzzls.env")
}
