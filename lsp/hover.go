package lsp

import (
	"bytes"
	"context"
	"regexp"
	"time"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file answers hovers: on a line with instrumented code, what of it ran and which
// fuzz tests ran it; on the line that declares a fuzz test, its figures. Editors show the
// hovers of all servers together, so ours is short, comes for a line's code only, and
// not where nothing is known.

// Hover implements textDocument/hover.
func (s *server) Hover(ctx context.Context, params *protocol.HoverParams) (*protocol.Hover, error) {
	doc := s.document(params.TextDocument.URI)
	if doc == nil || doc.path == "" {
		return nil, nil
	}
	line := int(params.Position.Line)
	from, to := codeOf(doc.text.Line(line))
	offset := doc.text.ByteOffset(line, params.Position.Character, s.encoding)
	if offset < from || offset >= to {
		return nil, nil
	}
	w := s.coveringWorkspace(doc.path)
	if w == nil {
		return nil, nil
	}
	h := &hoverWriter{markdown: s.caps.markdown, now: time.Now()}
	if t, ok := declaredTest(w, doc, line); ok {
		h.testHover(&t)
	} else if d, ok := s.lineDetail(w, doc, line); ok {
		h.lineHover(d)
	} else {
		return nil, nil
	}
	code := lineRange(doc.text, line, s.encoding)
	return &protocol.Hover{Contents: h.contents(), Range: &code}, nil
}

func (h *hoverWriter) contents() *protocol.MarkupContent {
	kind := protocol.MarkupKindPlainText
	if h.markdown {
		kind = protocol.MarkupKindMarkdown
	}
	return &protocol.MarkupContent{Kind: kind, Value: h.String()}
}

// codeOf returns the bytes [from, to) of a line without white space at its ends.
func codeOf(line []byte) (from, to int) {
	from = len(line) - len(bytes.TrimLeft(line, " \t"))
	return from, max(from, len(bytes.TrimRight(line, " \t\r")))
}

// lineDetail returns what is known of a line of a document; false if it has no
// instrumented code or changed since the build.
func (s *server) lineDetail(w *live.Workspace, doc *document, line int) (live.LineDetail, bool) {
	file, lines := coverageOf(w, &s.maps, doc.path, doc.text)
	if file == nil {
		return live.LineDetail{}, false
	}
	built, ok := lines.Built(line)
	if !ok {
		return live.LineDetail{}, false
	}
	if built >= len(file.Lines) || file.Lines[built].State == coverage.NotInstrumented && !file.Lines[built].Entry {
		return live.LineDetail{}, false
	}
	d, _ := w.Line(doc.path, uint32(built)+1) // which fuzz tests reach it, if that is known
	d.Line = file.Lines[built]
	return d, true
}

// declaration is a line that declares a fuzz test.
var declaration = regexp.MustCompile(`^func\s+(Fuzz[\pL\pN_]*)\s*\(`)

// declaredTest returns the fuzz test that a line of a document declares. It goes by the
// name: while the user types, lines are not where the fuzz tests were found.
func declaredTest(w *live.Workspace, doc *document, line int) (live.Test, bool) {
	m := declaration.FindSubmatch(doc.text.Line(line))
	if m == nil {
		return live.Test{}, false
	}
	for _, t := range w.Tests() {
		if t.File == doc.path && t.ID.Func == string(m[1]) {
			return t, true
		}
	}
	return live.Test{}, false
}
