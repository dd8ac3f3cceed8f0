package lsptest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines documents: opening, editing, saving and closing them.

// Open opens a file with its content on disk.
func (e *Editor) Open(path string) {
	e.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	e.OpenText(path, string(content))
}

// OpenText opens a file with a content that need not be on disk.
func (e *Editor) OpenText(path, content string) {
	e.t.Helper()
	e.mu.Lock()
	e.docs[path] = &Document{Version: 1, Text: text.New([]byte(content))}
	e.mu.Unlock()
	e.Notify(protocol.MethodTextDocumentDidOpen, &protocol.DidOpenTextDocumentParams{
		TextDocument: protocol.TextDocumentItem{URI: uri.File(path), LanguageID: "go", Version: 1, Text: content},
	})
}

// Range returns the range from one position to another, in the editor's encoding.
func Range(startLine, startCharacter, endLine, endCharacter uint32) protocol.Range {
	return protocol.Range{
		Start: protocol.Position{Line: startLine, Character: startCharacter},
		End:   protocol.Position{Line: endLine, Character: endCharacter},
	}
}

// Edit replaces a range of an open document, and returns its new version.
func (e *Editor) Edit(path string, r protocol.Range, replacement string) int32 {
	e.t.Helper()
	version, err := e.edit(path, r, replacement)
	if err != nil {
		e.t.Fatal(err)
	}
	return version
}

func (e *Editor) edit(path string, r protocol.Range, replacement string) (int32, error) {
	e.mu.Lock()
	old := e.docs[path]
	if old == nil {
		e.mu.Unlock()
		return 0, fmt.Errorf("%s is not open", path)
	}
	doc := &Document{
		Version: old.Version + 1,
		Text:    old.Text.Edit(text.Position(r.Start), text.Position(r.End), e.encoding, []byte(replacement)),
	}
	e.docs[path] = doc
	e.mu.Unlock()
	err := e.notify(protocol.MethodTextDocumentDidChange, &protocol.DidChangeTextDocumentParams{
		TextDocument: protocol.VersionedTextDocumentIdentifier{
			TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: uri.File(path)}, Version: doc.Version,
		},
		ContentChanges: []protocol.TextDocumentContentChangeEvent{
			&protocol.TextDocumentContentChangePartial{Range: r, Text: replacement},
		},
	})
	return doc.Version, err
}

// Replace replaces the whole text of an open document, and returns its new version.
func (e *Editor) Replace(path, content string) int32 {
	e.t.Helper()
	e.mu.Lock()
	old := e.docs[path]
	if old == nil {
		e.mu.Unlock()
		e.t.Fatalf("%s is not open", path)
	}
	doc := &Document{Version: old.Version + 1, Text: text.New([]byte(content))}
	e.docs[path] = doc
	e.mu.Unlock()
	e.Notify(protocol.MethodTextDocumentDidChange, &protocol.DidChangeTextDocumentParams{
		TextDocument: protocol.VersionedTextDocumentIdentifier{
			TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: uri.File(path)}, Version: doc.Version,
		},
		ContentChanges: []protocol.TextDocumentContentChangeEvent{
			&protocol.TextDocumentContentChangeWholeDocument{Text: content},
		},
	})
	return doc.Version
}

// Save writes an open document to disk and tells the server.
func (e *Editor) Save(path string) {
	e.t.Helper()
	doc := e.Document(path)
	if doc == nil {
		e.t.Fatalf("%s is not open", path)
	}
	if err := os.WriteFile(path, doc.Text.Bytes(), 0o644); err != nil {
		e.t.Fatal(err)
	}
	e.Notify(protocol.MethodTextDocumentDidSave, &protocol.DidSaveTextDocumentParams{
		TextDocument: protocol.TextDocumentIdentifier{URI: uri.File(path)},
	})
}

// CloseDocument closes an open document.
func (e *Editor) CloseDocument(path string) {
	e.t.Helper()
	e.mu.Lock()
	delete(e.docs, path)
	e.mu.Unlock()
	e.Notify(protocol.MethodTextDocumentDidClose, &protocol.DidCloseTextDocumentParams{
		TextDocument: protocol.TextDocumentIdentifier{URI: uri.File(path)},
	})
}

// FileChanged tells the server that a file changed on disk, as an editor does that
// watches files.
func (e *Editor) FileChanged(path string, kind protocol.FileChangeType) {
	e.t.Helper()
	e.Notify(protocol.MethodWorkspaceDidChangeWatchedFiles, &protocol.DidChangeWatchedFilesParams{
		Changes: []protocol.FileEvent{{URI: uri.File(path), Type: kind}},
	})
}

// applyEdit carries out workspace/applyEdit in open documents and, without opening them,
// in files.
func (e *Editor) applyEdit(params json.RawMessage) error {
	var p protocol.ApplyWorkspaceEditParams
	if err := protocol.Unmarshal(params, &p); err != nil {
		return err
	}
	changes := map[uri.URI][]protocol.TextEdit{}
	for u, edits := range p.Edit.Changes {
		changes[u] = append(changes[u], edits...)
	}
	for _, change := range p.Edit.DocumentChanges {
		edit, ok := change.(*protocol.TextDocumentEdit)
		if !ok {
			return fmt.Errorf("the editor cannot carry out a %T", change)
		}
		for _, one := range edit.Edits {
			te, ok := one.(*protocol.TextEdit)
			if !ok {
				return fmt.Errorf("the editor cannot carry out a %T", one)
			}
			changes[edit.TextDocument.URI] = append(changes[edit.TextDocument.URI], *te)
		}
	}
	for u, edits := range changes {
		if err := e.applyTo(u.FsPath(), edits); err != nil {
			return err
		}
	}
	return nil
}

// applyTo carries out edits from the last to the first, so that none moves another.
func (e *Editor) applyTo(path string, edits []protocol.TextEdit) error {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b protocol.TextEdit) int {
		return cmp.Or(cmp.Compare(b.Range.Start.Line, a.Range.Start.Line),
			cmp.Compare(b.Range.Start.Character, a.Range.Start.Character))
	})
	if e.Document(path) != nil {
		for _, edit := range edits {
			if _, err := e.edit(path, edit.Range, edit.NewText); err != nil {
				return err
			}
		}
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	t := text.New(content)
	for _, edit := range edits {
		t = t.Edit(text.Position(edit.Range.Start), text.Position(edit.Range.End), e.encoding, []byte(edit.NewText))
	}
	return os.WriteFile(path, t.Bytes(), 0o644)
}
