package lsp

import (
	"context"
	"path/filepath"
	"reflect"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file tells clients that opted in what is being done with the fuzz tests, and with
// what figures.

// statusEvery is the shortest time between two notifications: figures that change more
// often cannot be read.
const statusEvery = time.Second

// statusPush tells of the fuzz tests when something about them changed.
type statusPush struct {
	server *server
	sender *coalescer[struct{}]
	// told is what the client knows; used by the sender only.
	told *StatusParams
}

func newStatusPush(s *server) *statusPush {
	p := &statusPush{server: s}
	p.sender = newCoalescer(s, statusEvery, p.send)
	s.addRequest(methodStatus, func(context.Context, protocol.LSPAny) (any, error) { return s.statusNow(), nil })
	return p
}

func (p *statusPush) testsChanged(*live.Workspace) { p.sender.mark(struct{}{}) }
func (p *statusPush) workspacesChanged()           { p.sender.mark(struct{}{}) }

func (p *statusPush) send(ctx context.Context, _ []struct{}) {
	if !p.server.caps.fuzzls {
		return
	}
	now := p.server.statusNow()
	if reflect.DeepEqual(now, p.told) {
		return
	}
	p.told = now
	// An error means that the connection is gone; then ctx ends.
	_ = p.server.notify(ctx, methodStatus, now)
}

// statusNow returns what is being done with all fuzz tests.
func (s *server) statusNow() *StatusParams {
	p := &StatusParams{Tests: []TestStatus{}, Workspaces: []WorkspaceStatus{}}
	for _, w := range s.workspaces() {
		root := w.Root()
		if root == "" {
			root = w.Dir()
		}
		p.Workspaces = append(p.Workspaces, WorkspaceStatus{Root: root, Name: filepath.Base(root)})
		for _, t := range w.Tests() {
			p.Tests = append(p.Tests, s.testStatus(&t))
		}
	}
	return p
}

// testStates are the states of fuzz tests as clients see them.
var testStates = map[live.TestState]string{
	live.Idle:          "idle",
	live.Queued:        "queued",
	live.BuildingTest:  "building",
	live.Running:       "running",
	live.ReplayingTest: "replaying",
	live.Stopping:      "stopping",
}

func (s *server) testStatus(t *live.Test) TestStatus {
	status := TestStatus{
		ID: idText(t.ID), Name: t.ID.Func, Package: t.ID.Package, Location: s.testLocation(t),
		State: testStates[t.State], Failure: t.Failure, Started: milliseconds(t.Started), Workers: t.Workers,
	}
	if t.HasFigures {
		f := &t.Figures
		status.Figures = &TestFigures{
			Runs: f.Runs, NewRuns: f.NewRuns, RunsPerSecond: f.RunsPerSecond, UniqueRuns: f.Unique,
			Points: f.Points, TotalPoints: f.TotalPoints, SinceFind: f.SinceFind.Milliseconds(), Crashes: f.Crashes,
		}
	}
	return status
}

// idText is how clients name a fuzz test.
func idText(id live.TestID) string { return id.String() }

// milliseconds is a time on the wire: since 1970, 0 if unknown.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// testLocation returns the range of a fuzz test's name. In an open document, that is
// where the name stands now.
func (s *server) testLocation(t *live.Test) protocol.Location {
	line, column := max(0, t.Line-1), uint32(max(0, t.Column-1))
	if doc := s.documentAt(t.File); doc != nil {
		line, column = declarationIn(doc.text, t.ID.Func, line, column)
	}
	name := text.New([]byte(t.ID.Func))
	return protocol.Location{URI: uri.File(t.File), Range: protocol.Range{
		Start: protocol.Position{Line: uint32(line), Character: column},
		End:   protocol.Position{Line: uint32(line), Character: column + name.Column(0, len(t.ID.Func), s.encoding)},
	}}
}

// declarationIn returns the line and the character of a fuzz test's name in a text; those
// given if it is not declared there. In front of a name there is only ASCII.
func declarationIn(t *text.Text, name string, line int, column uint32) (int, uint32) {
	for i := -1; i < t.Lines(); i++ {
		l := i
		if i < 0 {
			l = line // where it was found, nearly always
		}
		if m := declaration.FindSubmatchIndex(t.Line(l)); m != nil && string(t.Line(l)[m[2]:m[3]]) == name {
			return l, uint32(m[2])
		}
	}
	return line, column
}
