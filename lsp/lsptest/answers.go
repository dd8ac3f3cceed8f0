package lsptest

import (
	"encoding/json"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// This file defines what the editor can do, and how it answers the server's requests.

// AllCapabilities returns the capabilities of an editor that can do everything and wants
// the fuzzls/… notifications.
func AllCapabilities() protocol.ClientCapabilities {
	yes := true
	return protocol.ClientCapabilities{
		General: &protocol.GeneralClientCapabilities{
			PositionEncodings: []protocol.PositionEncodingKind{"utf-8", "utf-16"},
		},
		Window: &protocol.WindowClientCapabilities{
			WorkDoneProgress: &yes,
			ShowDocument:     &protocol.ShowDocumentClientCapabilities{Support: true},
		},
		Workspace: &protocol.WorkspaceClientCapabilities{
			ApplyEdit:              &yes,
			WorkspaceEdit:          &protocol.WorkspaceEditClientCapabilities{DocumentChanges: &yes},
			Configuration:          &yes,
			WorkspaceFolders:       &yes,
			CodeLens:               &protocol.CodeLensWorkspaceClientCapabilities{RefreshSupport: &yes},
			InlayHint:              &protocol.InlayHintWorkspaceClientCapabilities{RefreshSupport: &yes},
			DidChangeWatchedFiles:  &protocol.DidChangeWatchedFilesClientCapabilities{DynamicRegistration: &yes},
			DidChangeConfiguration: &protocol.DidChangeConfigurationClientCapabilities{DynamicRegistration: &yes},
		},
		TextDocument: &protocol.TextDocumentClientCapabilities{
			Hover: &protocol.HoverClientCapabilities{
				ContentFormat: []protocol.MarkupKind{protocol.MarkupKindMarkdown, protocol.MarkupKindPlainText},
			},
			PublishDiagnostics: &protocol.PublishDiagnosticsClientCapabilities{
				DiagnosticsCapabilities: protocol.DiagnosticsCapabilities{
					RelatedInformation: &yes, CodeDescriptionSupport: &yes, DataSupport: &yes,
				},
				VersionSupport: &yes,
			},
		},
		Experimental: encode(map[string]any{"fuzzls": true}),
	}
}

// AnswerWith has the server's requests of a method answered by answer, on the goroutine
// that reads: it must not call the server.
func (e *Editor) AnswerWith(method string, answer Answer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answers[method] = answer
}

// answer answers a request as an editor does whose user agrees to everything.
func (e *Editor) answer(m Message) (any, error) {
	e.mu.Lock()
	answer := e.answers[m.Method]
	e.mu.Unlock()
	if answer != nil {
		return answer(m.Params)
	}
	switch m.Method {
	case protocol.MethodWorkspaceConfiguration:
		return e.configuration(m.Params)
	case protocol.MethodWindowShowDocument:
		return &protocol.ShowDocumentResult{Success: true}, nil
	case protocol.MethodWorkspaceApplyEdit:
		if err := e.applyEdit(m.Params); err != nil {
			reason := err.Error()
			return &protocol.ApplyWorkspaceEditResult{FailureReason: &reason}, nil
		}
		return &protocol.ApplyWorkspaceEditResult{Applied: true}, nil
	case protocol.MethodClientRegisterCapability, protocol.MethodClientUnregisterCapability,
		protocol.MethodWindowWorkDoneProgressCreate, protocol.MethodWindowShowMessageRequest,
		protocol.MethodWorkspaceCodeLensRefresh, protocol.MethodWorkspaceInlayHintRefresh,
		protocol.MethodWorkspaceDiagnosticRefresh:
		return nil, nil
	}
	return nil, jsonrpc2.ErrMethodNotFound
}

func (e *Editor) configuration(params json.RawMessage) (any, error) {
	var p protocol.ConfigurationParams
	if err := protocol.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	answers := make([]any, len(p.Items))
	for i, item := range p.Items {
		if item.Section != nil && *item.Section == "fuzzls" {
			answers[i] = e.settings
		}
	}
	return answers, nil
}
