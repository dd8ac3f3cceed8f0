package lsp

import (
	"encoding/json"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines what the client can do, and what it is told that the server can do.

// extensionVersion is the version of docs/lsp-extensions.md. It changes when a client
// written for the earlier one would break.
const extensionVersion = 1

// capabilities is what the client says it can do.
type capabilities struct {
	fuzzls            bool // experimental.fuzzls: it wants fuzzls/… notifications
	showDocument      bool
	applyEdit         bool
	documentChanges   bool // edits may name the version of the document
	workDoneProgress  bool
	codeLensRefresh   bool
	inlayHintRefresh  bool
	diagnosticVersion bool
	diagnosticData    bool
	codeDescription   bool
	relatedInfo       bool
	configuration     bool
	watchSettings     bool // dynamic registration of workspace/didChangeConfiguration
	watchFiles        bool // dynamic registration of workspace/didChangeWatchedFiles
	markdown          bool
}

func readCapabilities(c *protocol.ClientCapabilities) capabilities {
	var caps capabilities
	caps.fuzzls = wantsExtensions(c.Experimental)
	if w := c.Window; w != nil {
		caps.workDoneProgress = isTrue(w.WorkDoneProgress)
		caps.showDocument = w.ShowDocument != nil && w.ShowDocument.Support
	}
	if w := c.Workspace; w != nil {
		caps.applyEdit = isTrue(w.ApplyEdit)
		caps.documentChanges = w.WorkspaceEdit != nil && isTrue(w.WorkspaceEdit.DocumentChanges)
		caps.configuration = isTrue(w.Configuration)
		caps.watchSettings = w.DidChangeConfiguration != nil && isTrue(w.DidChangeConfiguration.DynamicRegistration)
		caps.codeLensRefresh = w.CodeLens != nil && isTrue(w.CodeLens.RefreshSupport)
		caps.inlayHintRefresh = w.InlayHint != nil && isTrue(w.InlayHint.RefreshSupport)
		caps.watchFiles = w.DidChangeWatchedFiles != nil && isTrue(w.DidChangeWatchedFiles.DynamicRegistration)
	}
	if t := c.TextDocument; t != nil {
		if h := t.Hover; h != nil {
			caps.markdown = slices.Contains(h.ContentFormat, protocol.MarkupKindMarkdown)
		}
		if d := t.PublishDiagnostics; d != nil {
			caps.diagnosticVersion = isTrue(d.VersionSupport)
			caps.diagnosticData = isTrue(d.DataSupport)
			caps.codeDescription = isTrue(d.CodeDescriptionSupport)
			caps.relatedInfo = isTrue(d.RelatedInformation)
		}
	}
	return caps
}

func isTrue(b *bool) bool { return b != nil && *b }

// wantsExtensions reads experimental.fuzzls: true, or any object.
func wantsExtensions(experimental protocol.LSPAny) bool {
	var e struct {
		Fuzzls json.RawMessage `json:"fuzzls"`
	}
	if json.Unmarshal(experimental, &e) != nil || len(e.Fuzzls) == 0 {
		return false
	}
	return e.Fuzzls[0] == '{' || string(e.Fuzzls) == "true"
}

// chooseEncoding prefers UTF-8, that of files and debug information.
func chooseEncoding(c *protocol.ClientCapabilities) text.Encoding {
	if c.General == nil {
		return text.UTF16
	}
	for _, e := range []text.Encoding{text.UTF8, text.UTF32} {
		if slices.Contains(c.General.PositionEncodings, protocol.PositionEncodingKind(e)) {
			return e
		}
	}
	return text.UTF16
}

// capabilities returns what the server can do.
func (s *server) capabilities() protocol.ServerCapabilities {
	yes, incremental := true, protocol.TextDocumentSyncKindIncremental
	experimental, _ := json.Marshal(map[string]any{"fuzzls": map[string]any{"version": extensionVersion}})
	return protocol.ServerCapabilities{
		PositionEncoding: protocol.PositionEncodingKind(s.encoding),
		TextDocumentSync: &protocol.TextDocumentSyncOptions{
			OpenClose: &yes, Change: &incremental, Save: protocol.Boolean(true),
		},
		CodeLensProvider:       &protocol.CodeLensOptions{},
		HoverProvider:          protocol.Boolean(true),
		InlayHintProvider:      protocol.Boolean(true),
		CodeActionProvider:     &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}},
		ExecuteCommandProvider: protocol.ExecuteCommandOptions{Commands: s.commandNames()},
		Workspace: &protocol.WorkspaceOptions{WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{
			Supported: &yes, ChangeNotifications: protocol.Boolean(true),
		}},
		Experimental: experimental,
	}
}
