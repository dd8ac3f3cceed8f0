package lsp

import (
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/linemap"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file defines what a client was told of a document's coverage, and which message
// brings it up to date.

// coverageDoc is an open document. Only the goroutine that sends uses what is not in
// pending.
type coverageDoc struct {
	path string
	// pending is what has happened since the last message; guarded by coveragePush.mu.
	pending pendingCoverage

	// watched is the workspace that was asked to watch the file; nil if none was.
	watched coverageSource
	// generation numbers the messages; view, text, version and build are what the last
	// one told.
	generation int
	view       *coverageView
	text       *text.Text
	version    int32
	build      uint64
	// freshTo is the time of the newest newly covered line that was told.
	freshTo time.Time
	// unsure: what the client was told is not known; the next message replaces it.
	unsure bool
}

// forget has the next message replace all that the client was told.
func (d *coverageDoc) forget() { d.unsure = true }

// pendingCoverage is what has happened to a document since it was looked at.
type pendingCoverage struct {
	doc *document // the newest version
	// edited is when the first edit was made, zero if none was.
	edited time.Time
	// changed: states changed, or may have; replaced: by a build or by clearing.
	changed, replaced bool
	// closed: nothing more may be sent.
	closed bool
}

// noCoverage is the view of a document without coverage.
var noCoverage = &coverageView{entries: []uint32{}}

// message returns the message that tells the client of the coverage of the newest version
// of the document, and notes it as told; nil if neither the coverage nor the version
// changed. file and lines are nil if there is no coverage.
func (d *coverageDoc) message(pending pendingCoverage, file *live.FileCoverage, lines *linemap.Map, now time.Time) *CoverageParams {
	doc, view, build := pending.doc, noCoverage, d.build
	if file != nil {
		view, build = viewOf(file, lines, doc.text), file.Build
	}
	if d.view == nil {
		d.view = noCoverage
	}
	p := &CoverageParams{TextDocument: CoverageDocument{URI: doc.uri, Version: doc.version}}
	changed := d.fill(p, view, doc.text, build != d.build)
	if d.unsure || changed && pending.replaced {
		view.fill(p)
		changed = true
	}
	d.unsure = false
	if view.states != nil && doc.version != d.version {
		changed = true // the client waits for this version: it has moved lines itself
	}
	d.view, d.text, d.version, d.build = view, doc.text, doc.version, build
	if file != nil {
		d.fillFresh(p, file, lines, now)
	}
	if !changed && len(p.Fresh) == 0 {
		return nil
	}
	d.generation++
	p.Generation = d.generation
	return p
}

// fill sets what changed, or all; false if nothing changed.
func (d *coverageDoc) fill(p *CoverageParams, view *coverageView, now *text.Text, rebuilt bool) bool {
	shown, shows := d.view.states != nil, view.states != nil
	switch {
	case !shown && !shows:
		return false
	case !shown, !shows, rebuilt:
		view.fill(p)
		return true
	}
	return view.fillChanges(p, d.view, spliceOf(d.text, now))
}

// fillFresh sets the newly covered lines: those that were not told or, in a message that
// replaces everything, all of them.
func (d *coverageDoc) fillFresh(p *CoverageParams, file *live.FileCoverage, lines *linemap.Map, now time.Time) {
	after := d.freshTo
	if p.Full {
		after = now.Add(-live.FreshFor)
	}
	var newest time.Time
	p.Fresh, newest = freshLines(file, lines, after, now)
	if newest.After(d.freshTo) {
		d.freshTo = newest
	}
}

func spliceOf(old, now *text.Text) linemap.Splice {
	if old == now {
		return linemap.Splice{}
	}
	return linemap.SpliceOf(old, now)
}
