package lsp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines the command that makes a test of a crash.

// madeTest is what fuzzls.makeTest returns.
type madeTest struct {
	Message string `json:"message"`
}

// makeTestCommand adds the input of a crash to its fuzz test, in Go as a call of f.Add, in
// Zig as an entry of .corpus, in the editor, where it can be undone. What cannot be added
// to Go's is a test nevertheless, as long as its file is in testdata/fuzz; of others the
// message says what to do.
func (s *server) makeTestCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	c, err := s.oneCrash(args)
	if err != nil {
		return nil, err
	}
	t, ok := c.workspace.Test(c.Test)
	if !ok {
		return nil, fmt.Errorf("%s is gone: its source no longer has this fuzz test", c.Test)
	}
	entry, err := os.ReadFile(c.Reproducer)
	if err != nil {
		return nil, fmt.Errorf("reading the input that crashes: %w", err)
	}
	kept, err := project.KeptBy(&t.FuzzTest, c.workspace.Root(), c.Reproducer, entry)
	if err != nil {
		return nil, err
	}
	if !project.HoldsSeeds(&t.FuzzTest) {
		s.say(false, kept)
		return madeTest{kept}, nil
	}
	if err := project.PlaceSeed(&t.FuzzTest, entry); err != nil {
		return nil, err
	}
	added, err := s.addCrash(ctx, &t.FuzzTest, entry)
	message := added + ". " + kept
	if err != nil {
		// The test that is there already is what the user asked for.
		message = fmt.Sprintf("%s The source is as it was: %v", kept, err)
	}
	s.say(false, message)
	return madeTest{message}, nil
}

// addCrash adds an input that crashes to a fuzz test and says what it added.
func (s *server) addCrash(ctx context.Context, t *target.FuzzTest, entry []byte) (string, error) {
	edited, err := s.editTarget(t.File)
	if err != nil {
		return "", err
	}
	insertions, err := project.AddSeed(t, edited.text.Bytes(), entry)
	if err != nil {
		return "", err
	}
	if !s.caps.applyEdit {
		return "", fmt.Errorf("your editor does not take edits: add %q to %s", callOf(insertions[0]), t.Name)
	}
	if err := s.insert(ctx, edited, insertions); err != nil {
		return "", err
	}
	return fmt.Sprintf("Added %s to %s", shortText(callOf(insertions[0])), t.Name), nil
}

// editTarget is a text that is about to be edited.
type editTarget struct {
	uri  uri.URI
	text *text.Text
	// version is that of the open document; nil if the file is not open.
	version *int32
}

func (s *server) editTarget(path string) (editTarget, error) {
	if doc := s.documentAt(path); doc != nil {
		return editTarget{doc.uri, doc.text, &doc.version}, nil
	}
	present, err := s.textOf(path)
	return editTarget{uri.File(path), present, nil}, err
}

// insert has the client carry out insertions. A client that knows versions refuses if the
// user has typed meanwhile.
func (s *server) insert(ctx context.Context, file editTarget, insertions []target.Insertion) error {
	label := "Add the input that crashes"
	params := &protocol.ApplyWorkspaceEditParams{Label: &label}
	edits := make([]protocol.TextEdit, len(insertions))
	elements := make([]protocol.TextDocumentEditElement, len(insertions))
	for i, in := range insertions {
		at := offsetPosition(file.text, in.Offset, s.encoding)
		edits[i] = protocol.TextEdit{Range: protocol.Range{Start: at, End: at}, NewText: in.Text}
		elements[i] = &edits[i]
	}
	if s.caps.documentChanges {
		params.Edit.DocumentChanges = []protocol.DocumentChange{&protocol.TextDocumentEdit{
			TextDocument: protocol.OptionalVersionedTextDocumentIdentifier{
				TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: file.uri}, Version: file.version,
			},
			Edits: elements,
		}}
	} else {
		params.Edit.Changes = map[uri.URI][]protocol.TextEdit{file.uri: edits}
	}
	result, err := s.client.ApplyEdit(ctx, params)
	switch {
	case err != nil:
		return fmt.Errorf("the editor did not take the edit: %w", err)
	case result != nil && result.Applied:
		return nil
	case result != nil && result.FailureReason != nil:
		return fmt.Errorf("the editor did not take the edit: %s", *result.FailureReason)
	}
	return errors.New("the editor did not take the edit")
}

// shortText shortens a call for a message.
func shortText(call string) string {
	const most = 80 // characters, a line of a message box
	if runes := []rune(call); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return call
}

// callOf returns the call of f.Add, or the entry of .corpus, in an insertion.
func callOf(in target.Insertion) string { return strings.Trim(in.Text, ";, \t\r\n") }
