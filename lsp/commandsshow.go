package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
)

// This file defines the commands that show or forget something: the input of a crash,
// the report, what a fuzz test failed with, dismissing, clearing coverage.

// show opens a file in the editor. A client that cannot be asked to do so gets the path in
// a message.
func (s *server) show(ctx context.Context, path string, selection *protocol.Range) error {
	if s.caps.showDocument {
		focus := true
		result, err := s.client.ShowDocument(ctx, &protocol.ShowDocumentParams{URI: uri.File(path), TakeFocus: &focus, Selection: selection})
		if err == nil && result != nil && result.Success {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.log.Warn("the client did not show a file", "path", path, "error", err)
	}
	s.say(false, "Open "+path)
	return nil
}

// reproducerCommand opens the file that holds the input of a crash.
func (s *server) reproducerCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	c, err := s.oneCrash(args)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.Reproducer); err != nil {
		return nil, fmt.Errorf("the input of %s that crashes: %w: fuzzing finds it again", c.Test.Func, err)
	}
	if len(supervisor.InputValues(c.Reproducer)) > 0 {
		return nil, s.show(ctx, supervisor.ValuesOf(c.Reproducer), nil)
	}
	if hex := supervisor.HexOf(c.Reproducer); exists(hex) {
		return nil, s.show(ctx, hex, nil) // editors show bytes badly
	}
	return nil, s.show(ctx, c.Reproducer, nil)
}

// dismissCommand hides a crash, also when it is found again.
func (s *server) dismissCommand(_ context.Context, args []protocol.LSPAny) (any, error) {
	c, err := s.oneCrash(args)
	if err != nil {
		return nil, err
	}
	return nil, c.workspace.Dismiss(c.Signature)
}

// clearCommand forgets the coverage of fuzz tests that are not running.
func (s *server) clearCommand(context.Context, []protocol.LSPAny) (any, error) {
	var failed []error
	for _, w := range s.workspaces() {
		failed = append(failed, w.ClearCoverage())
	}
	return nil, errors.Join(failed...)
}

// reportName is the file in the state directory that the report is written to.
const reportName = "report.txt"

// reportCommand shows the report of the running campaigns, or of the last one: of the
// workspace of a fuzz test if there is an argument, or else of all.
func (s *server) reportCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	workspaces := s.workspaces()
	if len(args) > 0 {
		t, err := s.oneTest(ctx, args)
		if err != nil {
			return nil, err
		}
		workspaces = []*live.Workspace{t.workspace}
	}
	shown := false
	var failed []error
	for _, w := range workspaces {
		path, err := writeReport(w)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		shown = true
		if err := s.show(ctx, path, nil); err != nil {
			return nil, err
		}
	}
	switch {
	case shown: // what the other workspaces have to say is that nothing ran in them
		return nil, nil
	case len(failed) > 0:
		return nil, failed[0]
	}
	return nil, errNoTests
}

// writeReport writes the report of a workspace into its state directory and returns the
// file's path.
func writeReport(w *live.Workspace) (string, error) {
	var report bytes.Buffer
	if err := w.WriteReport(&report); err != nil {
		return "", err
	}
	path := filepath.Join(w.Root(), store.DirName, reportName)
	if err := replaceFile(path, report.Bytes()); err != nil {
		return "", fmt.Errorf("writing the report: %w", err)
	}
	return path, nil
}

// replaceFile writes a file whole or not at all, so that an editor never shows a part.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // err says what happened
	}
	return err
}

// failureCommand leads to what kept a fuzz test from starting: the line that does not
// compile, or a message.
func (s *server) failureCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	t, err := s.oneTest(ctx, args)
	if err != nil {
		return nil, err
	}
	for _, p := range t.workspace.Problems() {
		if p.Package != t.ID.Package || p.Path == "" {
			continue
		}
		x := s.texts()
		_, d := x.problemDiagnostic(p, nil, t.workspace.Root())
		return nil, s.show(ctx, p.Path, &d.Range)
	}
	if t.Failure == "" {
		return nil, fmt.Errorf("%s did not fail to start", t.Name)
	}
	s.say(true, t.Name+": "+t.Failure)
	return nil, nil
}
