package lsp

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines when diagnostics are sent, and which.

// diagnosticsEvery is the shortest time between two looks at all diagnostics. Editors
// move what they show along with the text, so that edits need no haste.
const diagnosticsEvery = 200 * time.Millisecond

// fileDiagnostics are the diagnostics of files, by URI.
type fileDiagnostics map[uri.URI][]protocol.Diagnostic

// everyFile stands for all files.
const everyFile = uri.URI("")

// resend takes the place of diagnostics that the client has but must be sent again.
var resend = []byte("again")

// diagnosticsPush sends the diagnostics of all workspaces: for each file whose
// diagnostics changed, all of them.
type diagnosticsPush struct {
	server *server
	// sender is marked with the documents that were opened, and with everyFile when
	// something changed.
	sender *coalescer[uri.URI]

	// sent holds the diagnostics that the client has, encoded. Only the sender's goroutine
	// uses it.
	sent map[uri.URI][]byte
}

func newDiagnosticsPush(s *server) *diagnosticsPush {
	d := &diagnosticsPush{server: s, sent: map[uri.URI][]byte{}}
	d.sender = newCoalescer(s, diagnosticsEvery, d.send)
	return d
}

func (d *diagnosticsPush) crashesChanged(*live.Workspace, []live.Crash) { d.sender.mark(everyFile) }
func (d *diagnosticsPush) problemsChanged(*live.Workspace)              { d.sender.mark(everyFile) }
func (d *diagnosticsPush) coverageReplaced(*live.Workspace)             { d.sender.mark(everyFile) }
func (d *diagnosticsPush) workspacesChanged()                           { d.sender.mark(everyFile) }
func (d *diagnosticsPush) documentChanged(*document)                    { d.sender.mark(everyFile) }
func (d *diagnosticsPush) documentClosed(*document)                     { d.sender.mark(everyFile) }

// documentOpened sends what there is again: some clients, such as Neovim 0.7, do not show
// what they were told of a file before they had its text.
func (d *diagnosticsPush) documentOpened(doc *document) { d.sender.mark(doc.uri) }

// send is called by the sender. A file that has diagnostics no longer gets none once.
func (d *diagnosticsPush) send(ctx context.Context, opened []uri.URI) {
	for _, file := range opened {
		if len(d.sent[file]) > 0 {
			d.sent[file] = resend
		}
	}
	// Documents are read before what is shown in them: if one changes meanwhile, the
	// version that is sent is too old rather than too new, and send is called again.
	versions := map[uri.URI]int32{}
	for _, doc := range d.server.documents() {
		versions[doc.uri] = doc.version
	}
	now := d.server.allDiagnostics()
	for file := range d.sent {
		if _, ok := now[file]; !ok {
			now[file] = []protocol.Diagnostic{}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(now)) {
		params := &protocol.PublishDiagnosticsParams{URI: file, Diagnostics: now[file]}
		encoded, err := protocol.Marshal(params)
		if err != nil {
			d.server.log.Error("encoding diagnostics", "uri", file, "error", err)
			continue
		}
		if bytes.Equal(d.sent[file], encoded) {
			continue
		}
		if version, ok := versions[file]; ok && d.server.caps.diagnosticVersion {
			params.Version = protocol.NewOptional(version)
		}
		if err := d.server.client.PublishDiagnostics(ctx, params); err != nil {
			if ctx.Err() == nil {
				d.server.log.Warn("sending diagnostics", "error", err)
			}
			return
		}
		if d.sent[file] = encoded; len(now[file]) == 0 {
			delete(d.sent, file)
		}
	}
}

// allDiagnostics returns the diagnostics of all workspaces, sorted by place.
func (s *server) allDiagnostics() fileDiagnostics {
	x := s.texts()
	all := fileDiagnostics{}
	for _, w := range s.workspaces() {
		tests := w.Tests()
		for _, p := range w.Problems() {
			all.add(x.problemDiagnostic(p, tests, w.Root()))
		}
		for _, c := range bySignature(w.Crashes()) {
			all.add(x.crashDiagnostic(c, testOf(tests, c[0].Test), time.Now()))
		}
	}
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b protocol.Diagnostic) int {
			return cmp.Or(cmp.Compare(a.Range.Start.Line, b.Range.Start.Line), cmp.Compare(a.Range.Start.Character, b.Range.Start.Character))
		})
	}
	return all
}

func (f fileDiagnostics) add(file uri.URI, d protocol.Diagnostic) { f[file] = append(f[file], d) }

// bySignature puts crashes with the same signature together: several fuzz tests can run
// into the same bug. The order is that of the first ones.
func bySignature(crashes []live.Crash) [][]live.Crash {
	var groups [][]live.Crash
	index := map[string]int{}
	for _, c := range crashes {
		i, ok := index[c.Signature]
		if !ok {
			i = len(groups)
			index[c.Signature] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// testOf returns a fuzz test; one of which nothing is known if it is not in the list any
// longer.
func testOf(tests []live.Test, id live.TestID) *live.Test {
	for i := range tests {
		if tests[i].ID == id {
			return &tests[i]
		}
	}
	return &live.Test{ID: id}
}

// texts returns where the diagnostics of this moment find their places. It is for one
// goroutine, and not for long.
func (s *server) texts() *texts {
	read := map[string]*text.Text{}
	x := &texts{encoding: s.encoding, caps: s.caps}
	x.present = func(path string) *text.Text {
		t, ok := read[path]
		if !ok {
			t, _ = s.textOf(path) // nil: the place is shown without a column
			read[path] = t
		}
		return t
	}
	x.moved = s.movedLines(x.present).now
	return x
}
