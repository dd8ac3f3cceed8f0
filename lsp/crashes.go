package lsp

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file tells clients that opted in which crashes there are.

// crashesEvery is the shortest time between two notifications: one is felt as immediate,
// and a fuzz test that crashes all the time costs little.
const crashesEvery = 200 * time.Millisecond

// crashesPush tells of the crashes when something about them changed.
type crashesPush struct {
	server *server
	sender *coalescer[struct{}]

	mu sync.Mutex // guards fresh
	// fresh are the signatures of crashes that the client was not told of as new, each
	// once.
	fresh []string
}

func newCrashesPush(s *server) *crashesPush {
	p := &crashesPush{server: s}
	p.sender = newCoalescer(s, crashesEvery, p.send)
	s.addRequest(methodCrashes, func(context.Context, protocol.LSPAny) (any, error) { return s.crashesNow(), nil })
	return p
}

func (p *crashesPush) workspacesChanged() { p.sender.mark(struct{}{}) }

func (p *crashesPush) crashesChanged(_ *live.Workspace, fresh []live.Crash) {
	p.mu.Lock()
	for i := range fresh {
		if signature := fresh[i].Signature; !slices.Contains(p.fresh, signature) {
			p.fresh = append(p.fresh, signature)
		}
	}
	p.mu.Unlock()
	p.sender.mark(struct{}{})
}

func (p *crashesPush) send(ctx context.Context, _ []struct{}) {
	p.mu.Lock()
	fresh := p.fresh
	p.fresh = nil
	p.mu.Unlock()
	if !p.server.caps.fuzzls {
		return
	}
	now := p.server.crashesNow()
	now.Fresh = append(now.Fresh, fresh...)
	// An error means that the connection is gone; then ctx ends.
	_ = p.server.notify(ctx, methodCrashes, now)
}

// crashesNow returns all crashes, those that are fixed or dismissed, too.
func (s *server) crashesNow() *CrashesParams {
	p := &CrashesParams{Crashes: []CrashEntry{}, Fresh: []string{}}
	x := s.texts()
	for _, w := range s.workspaces() {
		for _, c := range w.AllCrashes() {
			p.Crashes = append(p.Crashes, x.crashEntry(w, &c))
		}
	}
	return p
}

// crashStatuses are the statuses of crashes as clients see them.
var crashStatuses = map[live.CrashStatus]string{live.Open: "open", live.Fixed: "fixed", live.Dismissed: "dismissed"}

func (x *texts) crashEntry(w *live.Workspace, c *live.Crash) CrashEntry {
	e := CrashEntry{
		Signature: c.Signature, Test: idText(c.Test), Kind: string(c.Kind), Message: c.Message,
		Location: x.crashLocation(w, c), Frames: []CrashFrame{},
		Reproducer: uri.File(c.Reproducer), Replay: c.Replay, ReplayDir: w.Root(),
		Status: crashStatuses[c.Status], Count: c.Count,
		First: milliseconds(c.First), Last: milliseconds(c.Last), Checked: milliseconds(c.Checked), Edited: c.Edited,
	}
	for _, f := range c.Frames {
		e.Frames = append(e.Frames, CrashFrame{Function: f.Func, Location: x.frameLocation(f.File, f.Line, c.Checked), Own: f.Own})
	}
	return e
}

// crashLocation returns where a crash is shown; nil if that is unknown.
func (x *texts) crashLocation(w *live.Workspace, c *live.Crash) *protocol.Location {
	t, ok := w.Test(c.Test)
	if !ok {
		return x.frameLocation(c.Top.File, c.Top.Line, c.Checked)
	}
	path, line := crashPlace(c, &t)
	return x.frameLocation(path, line, c.Checked)
}

// frameLocation returns the present place of a call of a stack that was seen at some
// time; nil if it is unknown.
func (x *texts) frameLocation(file string, line int, seen time.Time) *protocol.Location {
	if !filepath.IsAbs(file) || line < 1 {
		return nil
	}
	at := x.location(file, line, seen)
	return &at
}
