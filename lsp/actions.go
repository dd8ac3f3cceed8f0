package lsp

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines code actions: what can be done about a crash and with a fuzz test.

// CodeAction answers with the actions for what is shown in the range: crashes in any
// file, and the fuzz tests whose first line is in it.
func (s *server) CodeAction(_ context.Context, params *protocol.CodeActionParams) ([]protocol.CommandOrCodeAction, error) {
	actions := []protocol.CommandOrCodeAction{}
	doc := s.document(params.TextDocument.URI)
	if doc == nil || doc.path == "" {
		return actions, nil
	}
	if wants(params.Context.Only, protocol.CodeActionKindQuickFix) {
		actions = append(actions, s.crashActions(doc, params.Range)...)
	}
	if wants(params.Context.Only, protocol.CodeActionKindEmpty) {
		actions = append(actions, s.testActions(doc, params.Range)...)
	}
	return actions, nil
}

// wants reports whether a client that asks only for some kinds asks for one. Kinds are
// hierarchical: it asks for those below, too.
func wants(only []protocol.CodeActionKind, kind protocol.CodeActionKind) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(k protocol.CodeActionKind) bool {
		return k == kind || k == "" || strings.HasPrefix(string(kind), string(k)+".")
	})
}

// crashActions returns what can be done about the crashes that are shown in a range.
func (s *server) crashActions(doc *document, place protocol.Range) []protocol.CommandOrCodeAction {
	var actions []protocol.CommandOrCodeAction
	x, now := s.texts(), time.Now()
	for _, w := range s.workspaces() {
		crashes := w.Crashes()
		if len(crashes) == 0 {
			continue
		}
		tests := w.Tests()
		for _, same := range bySignature(crashes) {
			t := testOf(tests, same[0].Test)
			if path, _ := crashPlace(&same[0], t); path != doc.path {
				continue
			}
			if _, d := x.crashDiagnostic(same, t, now); overlap(d.Range, place) {
				actions = append(actions, s.actionsFor(same[0].Signature, d)...)
			}
		}
	}
	return actions
}

// crashChoice is an action about a crash. runs: it runs code, and takes trust.
type crashChoice struct {
	title, command string
	runs           bool
}

var crashChoices = []crashChoice{
	{"Open the input that crashes", commandReproducer, false},
	{"Replay the crash", commandReplay, true},
	{"Make the crash a test", commandMakeTest, false},
	{"Minimize the input that crashes", commandMinimize, true},
	{"Dismiss the crash", commandDismiss, false},
}

func (s *server) actionsFor(signature string, d protocol.Diagnostic) []protocol.CommandOrCodeAction {
	kind := protocol.CodeActionKindQuickFix
	var actions []protocol.CommandOrCodeAction
	for _, choice := range crashChoices {
		if choice.runs && !s.trusted {
			continue
		}
		var argument any = signature
		if choice.command == commandReplay {
			argument = crashArgument{signature} // a string would be a fuzz test
		}
		actions = append(actions, &protocol.CodeAction{
			Title: choice.title, Kind: &kind, Diagnostics: []protocol.Diagnostic{d},
			Command: protocol.Command{Title: choice.title, Command: choice.command, Arguments: []protocol.LSPAny{asJSON(argument)}},
		})
	}
	return actions
}

// testActions returns what can be done with the fuzz tests whose first line is in a
// range.
func (s *server) testActions(doc *document, place protocol.Range) []protocol.CommandOrCodeAction {
	if !s.trusted {
		return nil
	}
	var actions []protocol.CommandOrCodeAction
	tests := s.testsOf(doc.path)
	for _, d := range project.Declared(doc.path, doc.text.Bytes()) {
		line := nameRange(doc.text, d, s.encoding).Start.Line
		if line < place.Start.Line || line > place.End.Line {
			continue
		}
		for _, t := range tests.declaredBy(d) {
			for _, command := range testChoices(t) {
				command.Arguments = []protocol.LSPAny{asJSON(t.ID.String())}
				actions = append(actions, &protocol.CodeAction{Title: command.Title, Command: command})
			}
		}
	}
	return actions
}

func testChoices(t *live.Test) []protocol.Command {
	switch t.State {
	case live.Stopping:
		return nil
	case live.Idle:
		return []protocol.Command{
			{Title: "Fuzz " + t.Name, Command: commandStart},
			{Title: "Replay the corpus of " + t.Name, Command: commandReplay},
		}
	}
	return []protocol.Command{{Title: "Stop " + t.Name, Command: commandStop}}
}
