package lsp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines the command that makes a test of a crash.

// maxSeed is the greatest length in bytes of a seed's values in the source. Longer ones
// hide the fuzz test; a file in testdata does not.
const maxSeed = 4 << 10

// madeTest is what fuzzls.makeTest returns.
type madeTest struct {
	Message string `json:"message"`
}

// makeTestCommand adds the input of a crash to its fuzz test as a call of f.Add, in the
// editor, where it can be undone. What cannot be added is a test nevertheless, as long as
// its file is in testdata/fuzz: the message says so.
func (s *server) makeTestCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	c, err := s.oneCrash(args)
	if err != nil {
		return nil, err
	}
	t, ok := c.workspace.Test(c.Test)
	if !ok {
		return nil, fmt.Errorf("%s is gone: its source no longer has this fuzz test", c.Test)
	}
	already, err := replayedBy(c.Reproducer, t.Dir, t.Name)
	if err != nil {
		return nil, err
	}
	added, err := s.addCrash(ctx, t.File, t.Name, c.Reproducer)
	message := added + ". " + already
	if err != nil {
		// The test that is there already is what the user asked for.
		message = fmt.Sprintf("%s No f.Add was added: %v", already, err)
	}
	s.say(false, message)
	return madeTest{message}, nil
}

// replayedBy says how `go test` runs a reproducer, which it does if it is in testdata/fuzz
// of the fuzz test's package.
func replayedBy(reproducer, dir, fuzzTest string) (string, error) {
	home := filepath.Join(dir, "testdata", "fuzz", fuzzTest)
	if filepath.Dir(reproducer) != home {
		return "", fmt.Errorf("the input is in %s, where go test does not look: copy it to %s", reproducer, home)
	}
	return fmt.Sprintf("go test runs it from testdata/fuzz/%s/%s: commit that file.", fuzzTest, filepath.Base(reproducer)), nil
}

// addCrash adds a reproducer to a fuzz test and says what it added.
func (s *server) addCrash(ctx context.Context, path, fuzzTest, reproducer string) (string, error) {
	entry, err := os.ReadFile(reproducer)
	if err != nil {
		return "", err
	}
	values, err := gocorpus.Expressions(entry)
	if err != nil {
		return "", fmt.Errorf("%s: %w", reproducer, err)
	}
	size := 0
	for _, v := range values {
		size += len(v.Text)
	}
	if size > maxSeed {
		return "", fmt.Errorf("its values take %d bytes of source, more than %d", size, maxSeed)
	}
	target, err := s.editTarget(path)
	if err != nil {
		return "", err
	}
	insertions, err := addSeed(path, target.text.Bytes(), fuzzTest, values)
	if err != nil {
		return "", err
	}
	if !s.caps.applyEdit {
		return "", fmt.Errorf("your editor does not take edits: add %q to %s", callOf(insertions[0]), fuzzTest)
	}
	if err := s.insert(ctx, target, insertions); err != nil {
		return "", err
	}
	return fmt.Sprintf("Added %s to %s", shortText(callOf(insertions[0])), fuzzTest), nil
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
func (s *server) insert(ctx context.Context, target editTarget, insertions []insertion) error {
	label := "Add the input that crashes"
	params := &protocol.ApplyWorkspaceEditParams{Label: &label}
	edits := make([]protocol.TextEdit, len(insertions))
	elements := make([]protocol.TextDocumentEditElement, len(insertions))
	for i, in := range insertions {
		at := offsetPosition(target.text, in.offset, s.encoding)
		edits[i] = protocol.TextEdit{Range: protocol.Range{Start: at, End: at}, NewText: in.text}
		elements[i] = &edits[i]
	}
	if s.caps.documentChanges {
		params.Edit.DocumentChanges = []protocol.DocumentChange{&protocol.TextDocumentEdit{
			TextDocument: protocol.OptionalVersionedTextDocumentIdentifier{
				TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: target.uri}, Version: target.version,
			},
			Edits: elements,
		}}
	} else {
		params.Edit.Changes = map[uri.URI][]protocol.TextEdit{target.uri: edits}
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

// callOf returns the call of f.Add in an insertion.
func callOf(in insertion) string { return strings.Trim(in.text, "; \t\r\n") }
