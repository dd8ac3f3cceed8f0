package lsp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file answers the requests fuzzls/files, newest, history and lines.

func (s *server) addCoverageRequests() {
	s.addRequest(methodFiles, func(context.Context, protocol.LSPAny) (any, error) { return s.coveredFiles(), nil })
	s.addRequest(methodNewest, func(context.Context, protocol.LSPAny) (any, error) { return s.newestLine(), nil })
	s.addRequest(methodHistory, s.history)
	s.addRequest(methodLines, s.coveredLines)
	s.addRequest(methodReproducer, s.reproducer)
}

// decode reads the params of one of the server's own requests.
func decode[T any](method string, params protocol.LSPAny) (T, error) {
	var p T
	if len(params) == 0 {
		params = protocol.LSPAny("{}")
	}
	if err := json.Unmarshal(params, &p); err != nil {
		return p, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: its params cannot be read: %v", method, err)
	}
	return p, nil
}

// coveredFiles returns the user's own files, those with most uncovered lines first.
func (s *server) coveredFiles() *FilesResult {
	result := &FilesResult{Files: []FileEntry{}}
	for _, w := range s.workspaces() {
		for _, f := range w.Files() {
			result.Files = append(result.Files, FileEntry{URI: uri.File(f.Path), CoverageSummary: summaryOf(f.Summary)})
		}
	}
	slices.SortStableFunc(result.Files, func(a, b FileEntry) int {
		return cmp.Or(cmp.Compare(b.uncovered(), a.uncovered()), cmp.Compare(a.URI, b.URI))
	})
	return result
}

// uncovered is the number of lines that never ran.
func (s CoverageSummary) uncovered() int { return s.Instrumented - s.Covered - s.Partly }

// newestLine returns where a line was newly covered last; nil if nowhere.
func (s *server) newestLine() *NewestResult {
	var newest time.Time
	var result *NewestResult
	for _, w := range s.workspaces() {
		if path, line, when, ok := w.Newest(); ok && when.After(newest) {
			newest = when
			result = &NewestResult{Location: s.texts().location(path, int(line), time.Time{}), Time: when.UnixMilli()}
		}
	}
	return result
}

// findTest returns the fuzz test that a client names, and its workspace.
func (s *server) findTest(id string) (*live.Workspace, live.Test, bool) {
	for _, w := range s.workspaces() {
		for _, t := range w.Tests() {
			if idText(t.ID) == id {
				return w, t, true
			}
		}
	}
	return nil, live.Test{}, false
}

// history returns how the coverage of a fuzz test grew.
func (s *server) history(_ context.Context, params protocol.LSPAny) (any, error) {
	p, err := decode[HistoryParams](methodHistory, params)
	if err != nil {
		return nil, err
	}
	w, t, ok := s.findTest(p.Test)
	if !ok {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: there is no fuzz test %q: fuzzls/status lists them", methodHistory, p.Test)
	}
	result := &HistoryResult{Samples: []HistorySample{}}
	for _, sample := range w.History(t.ID) {
		result.Samples = append(result.Samples, HistorySample{sample.Time.UnixMilli(), int64(sample.Points), int64(sample.Runs)})
	}
	return result, nil
}

// coveredLines returns the coverage of the present text of a file, open or not; null if
// no build has the file.
func (s *server) coveredLines(_ context.Context, params protocol.LSPAny) (any, error) {
	p, err := decode[LinesParams](methodLines, params)
	if err != nil {
		return nil, err
	}
	path := filePath(p.URI)
	if path == "" {
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s: %q is not the URI of a file", methodLines, p.URI)
	}
	source := s.sourceOf(path)
	if source == nil {
		return nil, nil
	}
	if _, ok := source.File(path); !ok {
		return nil, nil
	}
	doc := s.documentAt(path)
	if doc == nil {
		present, err := s.textOf(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", methodLines, err)
		}
		doc = &document{path: path, text: present}
	}
	file, lines := coverageOf(source, &s.maps, path, doc.text)
	result := (&coverageDoc{}).message(pendingCoverage{doc: doc}, file, lines, time.Now())
	if result == nil {
		return nil, nil
	}
	result.TextDocument.URI, result.Generation = p.URI, 0
	return result, nil
}
