package lsp

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file makes diagnostics of crashes.

// source is what every diagnostic of this server says it comes from.
const source = "fuzzls"

// maxFrames is how many calls a diagnostic lists: recursion can make thousands, and
// what is further out than this is seldom the cause.
const maxFrames = 16

// texts is where diagnostics find their places. Its functions are set once.
type texts struct {
	encoding text.Encoding
	caps     capabilities
	// present returns the present text of a file, nil if it cannot be read.
	present func(path string) *text.Text
	// moved returns where a line that was told of at some time is now, or would be;
	// 0-based both.
	moved func(path string, line int, seen time.Time) int
}

// location returns the present location of a line, 1-based, that was told of at some time.
func (x *texts) location(path string, line int, seen time.Time) protocol.Location {
	loc := protocol.Location{URI: uri.File(path)}
	if line <= 0 {
		return loc
	}
	if t := x.present(path); t != nil {
		loc.Range = lineRange(t, x.moved(path, line-1, seen), x.encoding)
		return loc
	}
	start := protocol.Position{Line: uint32(line - 1)}
	loc.Range = protocol.Range{Start: start, End: start}
	return loc
}

// crashData is the data of a crash's diagnostic.
type crashData struct {
	Signature  string  `json:"signature"`
	Reproducer uri.URI `json:"reproducer"`
}

// crashDiagnostic returns where a crash is shown and what is shown there. same are
// crashes with one signature, at least one; t is the fuzz test of the first, now tells
// how to write dates.
func (x *texts) crashDiagnostic(same []live.Crash, t *live.Test, now time.Time) (uri.URI, protocol.Diagnostic) {
	c := &same[0]
	path, line := crashPlace(c, t)
	if path == "" {
		path, line = c.Reproducer, 0 // of a fuzz test that is gone
	}
	place := x.location(path, line, c.Checked)
	d := protocol.Diagnostic{
		Range:    place.Range,
		Severity: protocol.DiagnosticSeverityError,
		Code:     protocol.String(c.Signature),
		Source:   protocol.NewOptional(source),
		Message:  protocol.String(crashMessage(same, now)),
	}
	if x.caps.codeDescription {
		d.CodeDescription.Href = uri.File(c.Reproducer)
	}
	if x.caps.relatedInfo {
		d.RelatedInformation = x.related(c)
	}
	if x.caps.diagnosticData {
		d.Data, _ = json.Marshal(crashData{c.Signature, uri.File(c.Reproducer)}) // strings: cannot fail
	}
	return place.URI, d
}

// crashMessage says what crashed, in which fuzz tests, and how sure that still is.
func crashMessage(same []live.Crash, now time.Time) string {
	about := testNames(same)
	if c := &same[0]; !slices.ContainsFunc(same, func(c live.Crash) bool { return !c.Edited }) {
		about += "; found " + dateText(c.First, now) + ", not replayed since the edit"
	}
	return same[0].Report.String() + " (" + about + ")"
}

// testNames lists the fuzz tests of crashes: "FuzzParse, FuzzQuote".
func testNames(same []live.Crash) string {
	names := make([]string, len(same))
	for i := range same {
		names[i] = same[i].Test.Func
	}
	return strings.Join(slices.Compact(names), ", ")
}

// dateText writes a time of today as 15:04, others as a date.
func dateText(t, now time.Time) string {
	t = t.In(now.Location())
	switch {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// related lists the calls that led to the crash, innermost first, and the reproducer.
func (x *texts) related(c *live.Crash) []protocol.DiagnosticRelatedInformation {
	var all []protocol.DiagnosticRelatedInformation
	for _, f := range c.Frames {
		if len(all) == maxFrames {
			break
		}
		if f.Line > 0 && filepath.IsAbs(f.File) {
			all = append(all, protocol.DiagnosticRelatedInformation{
				Location: x.location(f.File, f.Line, c.Checked),
				Message:  "in " + shortFunc(f.Func),
			})
		}
	}
	if c.Reproducer == "" {
		return all
	}
	message := "the input that crashes"
	if c.Replay != "" {
		message += "; replay: " + strings.TrimSpace(c.Replay)
	}
	return append(all, protocol.DiagnosticRelatedInformation{
		Location: protocol.Location{URI: uri.File(c.Reproducer)},
		Message:  message,
	})
}
