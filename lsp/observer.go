package lsp

import (
	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines the observer of workspaces, which passes on to the parts what
// changed. It is called from the goroutines that do the work: nothing here waits.

type observer struct{ server *server }

var _ live.Observer = observer{}

func (o observer) TestsChanged(w *live.Workspace) {
	tell(o.server, func(l testsListener) { l.testsChanged(w) })
}

func (o observer) LinesCovered(w *live.Workspace, path string, lines []uint32) {
	tell(o.server, func(l linesListener) { l.linesCovered(w, path, lines) })
}

func (o observer) CoverageReplaced(w *live.Workspace) {
	tell(o.server, func(l coverageListener) { l.coverageReplaced(w) })
}

func (o observer) CrashesChanged(w *live.Workspace, fresh []live.Crash) {
	tell(o.server, func(l crashesListener) { l.crashesChanged(w, fresh) })
}

func (o observer) ProblemsChanged(w *live.Workspace) {
	tell(o.server, func(l problemsListener) { l.problemsChanged(w) })
}

func (o observer) Progress(w *live.Workspace, a live.Activity) { o.server.progress.tell(w, a) }

func (o observer) Notice(_ *live.Workspace, text string) {
	o.server.messages.show(protocol.MessageTypeInfo, text)
}
