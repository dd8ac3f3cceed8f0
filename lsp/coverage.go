package lsp

import (
	"context"
	"sync"
	"time"

	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines when clients that opted in are told of the coverage of their open
// documents.
//
// Events only mark documents; one goroutine looks at the marked ones, and sends what
// changed since its last message. While the client is slow that goroutine waits, and
// marks add up: whatever happens meanwhile costs no memory and becomes one message.

// editDelay is how long edits are collected before a document's lines are mapped again:
// too short to be seen, and it spares most keystrokes of someone who types fast, or of
// an editor that sends one message for each of many cursors.
const editDelay = 50 * time.Millisecond

// coverageSource is what is wanted of a live.Workspace.
type coverageSource interface {
	Watch(path string)
	Unwatch(path string)
	File(path string) (*live.FileCoverage, bool)
}

// coveragePush tells a client of the coverage of its open documents.
type coveragePush struct {
	// wanted reports whether the client opted in.
	wanted func() bool
	// source returns the workspace of a file, nil if there is none.
	source func(path string) coverageSource
	notify func(ctx context.Context, method string, params any) error
	// guarded calls f and logs its panic.
	guarded func(f func())
	maps    *lineMaps
	// wake holds a value if there may be something to do.
	wake chan struct{}

	mu sync.Mutex // guards what follows and the pending of all documents
	// open holds the open documents; closed those whose files are still watched.
	open   map[uri.URI]*coverageDoc
	closed []*coverageDoc
}

func newCoveragePush(s *server) *coveragePush {
	p := &coveragePush{
		wanted: func() bool { return s.caps.fuzzls },
		source: s.sourceOf, notify: s.notify, maps: &s.maps,
		wake: make(chan struct{}, 1), open: map[uri.URI]*coverageDoc{},
	}
	p.guarded = func(f func()) { s.guarded(p, f) }
	s.spawn(p.run)
	return p
}

// sourceOf returns what knows the coverage of a file; nil if nothing does.
func (s *server) sourceOf(path string) coverageSource {
	if w := s.coveringWorkspace(path); w != nil {
		return w
	}
	return nil
}

// coveringWorkspace returns the workspace that a file belongs to or, for a dependency's
// file, one whose builds hold it; nil if there is none.
func (s *server) coveringWorkspace(path string) *live.Workspace {
	if w := s.workspaceOf(path); w != nil || path == "" {
		return w
	}
	for _, w := range s.workspaces() {
		if _, ok := w.File(path); ok {
			return w
		}
	}
	return nil
}

func (p *coveragePush) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *coveragePush) documentOpened(doc *document) {
	if doc.path == "" || !p.wanted() {
		return
	}
	p.mu.Lock()
	p.open[doc.uri] = &coverageDoc{path: doc.path, pending: pendingCoverage{doc: doc, changed: true}}
	p.mu.Unlock()
	p.signal()
}

func (p *coveragePush) documentChanged(doc *document) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.open[doc.uri]
	if d == nil {
		return
	}
	d.pending.doc = doc
	if d.pending.edited.IsZero() {
		d.pending.edited = time.Now()
		p.signal()
	}
}

func (p *coveragePush) documentClosed(doc *document) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.open[doc.uri]
	if d == nil {
		return
	}
	d.pending.closed = true
	delete(p.open, doc.uri)
	p.closed = append(p.closed, d)
	p.signal()
}

// linesCovered: states of lines of a file changed. All its lines are asked for: that is
// a copy, while lines change a few times a second.
func (p *coveragePush) linesCovered(_ *live.Workspace, path string, _ []uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.open {
		if d.path == path {
			d.pending.changed = true
			p.signal()
		}
	}
}

func (p *coveragePush) coverageReplaced(*live.Workspace) { p.markAll(true) }

// workspacesChanged: files may belong to other workspaces.
func (p *coveragePush) workspacesChanged() { p.markAll(false) }

func (p *coveragePush) markAll(replaced bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.open {
		d.pending.changed = true
		d.pending.replaced = d.pending.replaced || replaced
	}
	p.signal()
}

// run sends until ctx ends. A panic costs the documents that it happens with their message;
// the next mark brings them up to date.
func (p *coveragePush) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		p.unwatchClosed()
		ready, next := p.take(time.Now())
		for _, t := range ready {
			p.look(ctx, t)
		}
		if len(ready) > 0 {
			continue
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
		select {
		case <-ctx.Done():
		case <-p.wake:
		case <-timer.C:
		}
	}
}

// unwatchClosed ends the watching of the files of closed documents.
func (p *coveragePush) unwatchClosed() {
	p.mu.Lock()
	closed := p.closed
	p.closed = nil
	p.mu.Unlock()
	for _, d := range closed {
		p.guarded(func() { d.watch(nil) })
	}
}

// taken is a document that has to be looked at, and what was pending.
type taken struct {
	d *coverageDoc
	pendingCoverage
}

// take returns the documents that have to be looked at now, with nothing pending any
// more, and when the next one has to be; zero if none.
func (p *coveragePush) take(now time.Time) (ready []taken, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.open {
		due := d.pending.edited.Add(editDelay)
		switch {
		case d.pending.edited.IsZero() && !d.pending.changed:
		case !d.pending.edited.IsZero() && due.After(now):
			if next.IsZero() || due.Before(next) {
				next = due
			}
		default:
			ready = append(ready, taken{d, d.pending})
			d.pending = pendingCoverage{doc: d.pending.doc}
		}
	}
	return ready, next
}

// watch makes a workspace, or none, watch the document's file.
func (d *coverageDoc) watch(source coverageSource) {
	if d.watched == source {
		return
	}
	if d.watched != nil {
		d.watched.Unwatch(d.path)
	}
	if d.watched = source; source != nil {
		source.Watch(d.path)
	}
}

// look looks at a document that something happened to.
func (p *coveragePush) look(ctx context.Context, t taken) {
	told := false
	p.guarded(func() {
		t.d.watch(p.source(t.d.path))
		p.update(ctx, t)
		told = true
	})
	if !told {
		t.d.forget()
	}
}

// update tells the client what changed in a document.
func (p *coveragePush) update(ctx context.Context, t taken) {
	file, lines := coverageOf(t.d.watched, p.maps, t.d.path, t.doc.text)
	message := t.d.message(t.pendingCoverage, file, lines, time.Now())
	if message == nil || p.isClosed(t.d) {
		return
	}
	// An error means that the connection is gone; then ctx ends.
	_ = p.notify(ctx, methodCoverage, message)
}

func (p *coveragePush) isClosed(d *coverageDoc) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return d.pending.closed
}
