package lsp

import (
	"cmp"
	"context"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/linemap"
)

// This file answers requests for inlay hints: the few places of a file that say where
// fuzzing enters and where it is stuck.

// maxInlayHints is how many hints a request gets: some per screen. Editors ask for what
// is visible, or for whole files, and give up on many.
const maxInlayHints = 100

// InlayHint implements textDocument/inlayHint.
func (s *server) InlayHint(ctx context.Context, params *protocol.InlayHintParams) ([]protocol.InlayHint, error) {
	doc := s.document(params.TextDocument.URI)
	if doc == nil || doc.path == "" {
		return nil, nil
	}
	hints := s.hints.hints(doc.path)
	if len(hints) == 0 {
		return nil, nil
	}
	lines := s.lineMap(doc.path, doc.text)
	if lines == nil {
		return nil, nil
	}
	out := []protocol.InlayHint{}
	for _, h := range presentHints(hints, lines, params.Range) {
		out = append(out, s.inlayHint(doc, h))
	}
	return out, nil
}

// presentHints returns the hints that are in a range, with the lines of the present text,
// from 0, sorted by line. Hints of lines that changed are left out; of many, those that
// matter least. A hint stands behind its line, so it is in the range if the line is.
func presentHints(hints []live.Hint, lines *linemap.Map, r protocol.Range) []live.Hint {
	var out []live.Hint
	for _, h := range hints {
		line, ok := lines.Now(int(h.Line) - 1)
		if ok && line >= int(r.Start.Line) && line <= int(r.End.Line) {
			h.Line = uint32(line)
			out = append(out, h)
		}
	}
	if len(out) > maxInlayHints {
		slices.SortStableFunc(out, func(a, b live.Hint) int { return cmp.Compare(hintRank(a.Kind), hintRank(b.Kind)) })
		out = out[:maxInlayHints]
	}
	slices.SortStableFunc(out, func(a, b live.Hint) int { return cmp.Compare(a.Line, b.Line) })
	return out
}

// hintRank orders kinds of hints, what matters most first.
func hintRank(k live.HintKind) int {
	switch k {
	case live.HintEntry:
		return 0
	case live.HintFrontier:
		return 1
	}
	return 2
}

// inlayHint returns a hint at the end of its line's text.
func (s *server) inlayHint(doc *document, h live.Hint) protocol.InlayHint {
	padding := true
	hint := protocol.InlayHint{
		Position:    lineRange(doc.text, int(h.Line), s.encoding).End,
		Label:       protocol.String(h.Text),
		PaddingLeft: &padding,
	}
	switch {
	case h.Explanation == "":
	case s.caps.markdown:
		hint.Tooltip = &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: h.Explanation}
	default:
		hint.Tooltip = protocol.String(h.Explanation)
	}
	return hint
}
