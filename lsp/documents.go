package lsp

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines open documents.

// document is an open document. It is immutable: an edit makes a new one.
type document struct {
	uri     uri.URI
	path    string // "" if it is no file
	version int32
	text    *text.Text
}

// documents are the open documents.
type documents struct {
	mu     sync.RWMutex // guards byURI and byPath
	byURI  map[uri.URI]*document
	byPath map[string]*document
}

// document returns the open document with that URI; nil if it is not open.
func (s *server) document(u uri.URI) *document {
	s.docs.mu.RLock()
	defer s.docs.mu.RUnlock()
	return s.docs.byURI[u]
}

// documentAt returns the open document of a file; nil if it is not open.
func (s *server) documentAt(path string) *document {
	s.docs.mu.RLock()
	defer s.docs.mu.RUnlock()
	return s.docs.byPath[path]
}

// documents returns all open documents, sorted by URI.
func (s *server) documents() []*document {
	s.docs.mu.RLock()
	defer s.docs.mu.RUnlock()
	return slices.SortedFunc(maps.Values(s.docs.byURI), func(a, b *document) int {
		return strings.Compare(string(a.uri), string(b.uri))
	})
}

// textOf returns the present text of a file: that of the open document, or of the disk.
func (s *server) textOf(path string) (*text.Text, error) {
	if d := s.documentAt(path); d != nil {
		return d.text, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return text.New(content), nil
}

func (d *documents) put(doc *document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byURI == nil {
		d.byURI, d.byPath = map[uri.URI]*document{}, map[string]*document{}
	}
	d.byURI[doc.uri] = doc
	if doc.path != "" {
		d.byPath[doc.path] = doc
	}
}

func (d *documents) remove(doc *document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.byURI, doc.uri)
	if d.byPath[doc.path] == doc {
		delete(d.byPath, doc.path)
	}
}

// filePath returns the path of a file URI, "" for others.
func filePath(u uri.URI) string {
	if !u.IsFile() {
		return ""
	}
	return u.FsPath()
}

// DidOpen adds a document. One that is open already is replaced.
func (s *server) DidOpen(_ context.Context, params *protocol.DidOpenTextDocumentParams) error {
	item := &params.TextDocument
	doc := &document{uri: item.URI, path: filePath(item.URI), version: item.Version, text: text.New([]byte(item.Text))}
	if old := s.document(doc.uri); old != nil {
		s.log.Warn("a document was opened twice", "uri", doc.uri)
		s.docs.remove(old)
		tell(s, func(l documentListener) { l.documentClosed(old) })
	}
	s.docs.put(doc)
	tell(s, func(l documentListener) { l.documentOpened(doc) })
	s.folders.fileOpened(doc)
	return nil
}

// DidChange makes the new version of a document. The changes build on each other.
func (s *server) DidChange(_ context.Context, params *protocol.DidChangeTextDocumentParams) error {
	old := s.document(params.TextDocument.URI)
	if old == nil {
		return fmt.Errorf("%s is not open", params.TextDocument.URI)
	}
	t := old.text
	for _, change := range params.ContentChanges {
		switch c := change.(type) {
		case *protocol.TextDocumentContentChangeWholeDocument:
			t = text.New([]byte(c.Text))
		case *protocol.TextDocumentContentChangePartial:
			t = t.Edit(text.Position(c.Range.Start), text.Position(c.Range.End), s.encoding, []byte(c.Text))
		default:
			return fmt.Errorf("%s: a change of an unknown form", old.uri)
		}
	}
	doc := &document{uri: old.uri, path: old.path, version: params.TextDocument.Version, text: t}
	s.docs.put(doc)
	tell(s, func(l documentListener) { l.documentChanged(doc) })
	return nil
}

// DidClose removes a document.
func (s *server) DidClose(_ context.Context, params *protocol.DidCloseTextDocumentParams) error {
	doc := s.document(params.TextDocument.URI)
	if doc == nil {
		return fmt.Errorf("%s is not open", params.TextDocument.URI)
	}
	s.docs.remove(doc)
	tell(s, func(l documentListener) { l.documentClosed(doc) })
	return nil
}

// DidSave has running campaigns built anew, if the user wants that.
func (s *server) DidSave(_ context.Context, params *protocol.DidSaveTextDocumentParams) error {
	s.filesSaved(filePath(params.TextDocument.URI))
	return nil
}
