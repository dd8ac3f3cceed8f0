package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines code lenses: where they are, and when the client asks for them again.

// lensesEvery is the shortest time between two requests to ask for lenses again: figures
// that change faster cannot be read.
const lensesEvery = time.Second

// CodeLens answers with the lenses of the fuzz tests of an open file. They stand
// where the functions are in the buffer, saved or not.
func (s *server) CodeLens(_ context.Context, params *protocol.CodeLensParams) ([]protocol.CodeLens, error) {
	doc := s.document(params.TextDocument.URI)
	if doc == nil {
		return []protocol.CodeLens{}, nil
	}
	all := s.lensesIn(doc)
	s.lenses.note(doc.uri, titles(all))
	return all, nil
}

// lensesIn returns the lenses of a document, from top to bottom.
func (s *server) lensesIn(doc *document) []protocol.CodeLens {
	all := []protocol.CodeLens{}
	if doc.path == "" || !s.settings().CodeLens {
		return all
	}
	declared := project.Declared(doc.path, doc.text.Bytes())
	if len(declared) == 0 {
		return all
	}
	tests := s.testsOf(doc.path)
	for _, d := range declared {
		place := nameRange(doc.text, d, s.encoding)
		for _, command := range s.lensesFor(tests, d) {
			all = append(all, protocol.CodeLens{Range: place, Command: command})
		}
	}
	return all
}

// titles returns what lenses say, and of which fuzz tests.
func titles(all []protocol.CodeLens) string {
	var b strings.Builder
	for _, l := range all {
		fmt.Fprintln(&b, l.Command.Title, l.Command.Arguments)
	}
	return b.String()
}

// lensesFor returns the commands of the lenses of what a declaration declares, among the
// fuzz tests of its file. A fuzz test that was not found yet, since it was not saved, has
// none.
func (s *server) lensesFor(tests fileTests, d target.Declaration) []protocol.Command {
	if !s.trusted {
		return []protocol.Command{{Title: untrustedLens.title, Command: untrustedLens.command}}
	}
	var shown []protocol.Command
	for _, t := range tests.declaredBy(d) {
		id := t.ID.String()
		for _, l := range lensesOf(t, tests.notBuilt[t.ID.Package], tests.crashes[t.ID]) {
			shown = append(shown, protocol.Command{Title: l.title, Command: l.command, Arguments: []protocol.LSPAny{asJSON(id)}})
		}
	}
	return shown
}

// asJSON encodes what is made of strings and numbers, which cannot fail.
func asJSON(v any) protocol.LSPAny {
	encoded, _ := json.Marshal(v)
	return encoded
}

// fileTests are the fuzz tests that a file declares, as far as they are known, and what
// their lenses depend on.
type fileTests struct {
	byName map[string]*live.Test
	// notBuilt holds the packages that could not be built.
	notBuilt map[string]bool
	// crashes counts the open crashes of each fuzz test.
	crashes map[live.TestID]int
}

// declaredBy returns the fuzz tests that a declaration declares: in languages whose
// harnesses have no name of their own, all of the file.
func (f *fileTests) declaredBy(d target.Declaration) []*live.Test {
	if d.Name != "" {
		if t := f.byName[d.Name]; t != nil {
			return []*live.Test{t}
		}
		// One that is kept apart from another by its directory has that before its name.
		for name, t := range f.byName {
			if strings.HasSuffix(name, "."+d.Name) {
				return []*live.Test{t}
			}
		}
		return nil
	}
	var tests []*live.Test
	for _, name := range slices.Sorted(maps.Keys(f.byName)) {
		tests = append(tests, f.byName[name])
	}
	return tests
}

func (s *server) testsOf(path string) fileTests {
	found := fileTests{map[string]*live.Test{}, map[string]bool{}, map[live.TestID]int{}}
	w := s.workspaceOf(path)
	if w == nil {
		return found
	}
	for _, t := range w.Tests() {
		if t.File == path {
			found.byName[t.Name] = &t
		}
	}
	if len(found.byName) == 0 {
		return found
	}
	for _, p := range w.Problems() {
		if p.Build {
			found.notBuilt[p.Package] = true
		}
	}
	for _, c := range w.Crashes() {
		found.crashes[c.Test]++
	}
	return found
}

// lensRefresher has the client ask for lenses again when what they say has changed.
type lensRefresher struct {
	server *server
	sender *coalescer[struct{}]

	mu sync.Mutex // guards known
	// known holds what the lenses of each document said when the client got them, or was
	// told to ask for them, whatever was later.
	known map[uri.URI]string
}

func newLensRefresher(s *server) *lensRefresher {
	l := &lensRefresher{server: s, known: map[uri.URI]string{}}
	l.sender = newCoalescer(s, lensesEvery, l.refresh)
	return l
}

func (l *lensRefresher) testsChanged(*live.Workspace)                 { l.sender.mark(struct{}{}) }
func (l *lensRefresher) crashesChanged(*live.Workspace, []live.Crash) { l.sender.mark(struct{}{}) }
func (l *lensRefresher) problemsChanged(*live.Workspace)              { l.sender.mark(struct{}{}) }
func (l *lensRefresher) workspacesChanged()                           { l.sender.mark(struct{}{}) }
func (l *lensRefresher) settingsChanged()                             { l.sender.mark(struct{}{}) }

// Clients ask by themselves when a document is opened or edited.
func (l *lensRefresher) documentOpened(*document)  {}
func (l *lensRefresher) documentChanged(*document) {}

func (l *lensRefresher) documentClosed(doc *document) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, doc.uri)
}

// note remembers what the lenses of a document say, and reports whether that is new.
func (l *lensRefresher) note(file uri.URI, now string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, ok := l.known[file]
	l.known[file] = now
	return !ok || before != now
}

// refresh is called by the sender.
func (l *lensRefresher) refresh(ctx context.Context, _ []struct{}) {
	if !l.server.caps.codeLensRefresh {
		return // the client asks when it likes
	}
	changed := false
	for _, doc := range l.server.documents() {
		if project.MayDeclare(doc.path) && l.note(doc.uri, titles(l.server.lensesIn(doc))) {
			changed = true
		}
	}
	if !changed {
		return
	}
	if err := l.server.client.CodeLensRefresh(ctx); err != nil && ctx.Err() == nil {
		l.server.log.Warn("refreshing code lenses", "error", err)
	}
}
