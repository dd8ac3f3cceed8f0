package live

import (
	"context"
	"errors"
	"strings"
)

// This file defines Activity: something that takes time and can be cancelled.

// ActivityKind is what takes time.
type ActivityKind int

// The kinds of activity.
const (
	Discovering ActivityKind = iota
	Building
	Fuzzing
	Replaying
	Minimizing
)

// Phase is a moment of an activity.
type Phase int

// The phases of an activity.
const (
	Begin Phase = iota
	Report
	End
)

// Activity is something that takes time and can be cancelled with Workspace.Cancel.
type Activity struct {
	ID      uint64
	Kind    ActivityKind
	Phase   Phase
	Title   string // "Building example.com/m/parser", "Fuzzing FuzzParse"
	Message string // the present step, or how it ended
}

// activity is a running Activity. Its methods may be called by several goroutines.
type activity struct {
	workspace *Workspace
	id        uint64
	kind      ActivityKind
	title     string
	done      context.CancelCauseFunc
}

// errCancelled is why a context ends that a person cancelled.
var errCancelled = errors.New("cancelled")

// begin tells the observer of something that takes time. The context that it returns
// ends when the activity is cancelled; whoever began the activity calls end.
func (w *Workspace) begin(ctx context.Context, kind ActivityKind, title string) (context.Context, *activity) {
	ctx, cancel := context.WithCancelCause(ctx)
	w.mu.Lock()
	w.lastActivity++
	a := &activity{workspace: w, id: w.lastActivity, kind: kind, title: title, done: cancel}
	w.activities[a.id] = a
	w.mu.Unlock()
	a.tell(Begin, "")
	return ctx, a
}

func (a *activity) report(message string) { a.tell(Report, message) }

func (a *activity) end(message string) {
	w := a.workspace
	w.mu.Lock()
	delete(w.activities, a.id)
	w.mu.Unlock()
	a.done(nil)
	a.tell(End, message)
}

func (a *activity) tell(p Phase, message string) {
	w := a.workspace
	w.observer.Progress(w, Activity{ID: a.id, Kind: a.kind, Phase: p, Title: a.title, Message: message})
}

// Cancel ends an activity. One that has ended already is ignored.
func (w *Workspace) Cancel(id uint64) {
	w.mu.Lock()
	a := w.activities[id]
	w.mu.Unlock()
	if a != nil {
		a.done(errCancelled)
	}
}

// howItEnded is the last message of an activity that ended with err.
func howItEnded(ctx context.Context, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(context.Cause(ctx), errCancelled), errors.Is(err, context.Canceled):
		return "cancelled"
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}
