package lsp

import (
	"context"
	"fmt"
	"sync"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines progress: what workspaces do, shown by the editor, where it can.

// maxActivities is how many activities may be waiting for a slow client. Beyond that,
// those that are over before the client was told of them are left out.
const maxActivities = 64

// progress tells the client of activities. Begin and end always come in pairs.
type progress struct {
	server *server
	sender *coalescer[activityKey]

	mu     sync.Mutex // guards the fields below
	shown  map[activityKey]*activity
	tokens uint64 // counts up: each activity has a token of its own
}

// activityKey names an activity.
type activityKey struct {
	workspace *live.Workspace
	id        uint64
}

// activity is what is known of an activity.
type activity struct {
	token protocol.String
	title string
	// message is the newest; sent the one that the client has.
	message, sent string
	// begun: the client was told. ended: it is over, which the client is told next.
	// refused: the client does not want to hear of it.
	begun, ended, refused bool
}

func newProgress(s *server) *progress {
	p := &progress{server: s, shown: map[activityKey]*activity{}}
	p.sender = newCoalescer(s, 0, p.send)
	return p
}

// tell notes what a workspace says. It never waits.
func (p *progress) tell(w *live.Workspace, a live.Activity) {
	if !p.server.caps.workDoneProgress {
		return
	}
	key := activityKey{w, a.ID}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.shown[key]
	if known == nil {
		if a.Phase != live.Begin {
			return
		}
		p.tokens++
		known = &activity{token: protocol.String(fmt.Sprintf("fuzzls/%d", p.tokens)), title: a.Title}
		p.shown[key] = known
	}
	known.message = a.Message
	known.ended = a.Phase == live.End
	if known.ended && (known.refused || !known.begun && len(p.shown) > maxActivities) {
		delete(p.shown, key)
		return
	}
	if !known.refused {
		p.sender.mark(key)
	}
}

func (p *progress) send(ctx context.Context, keys []activityKey) {
	for _, key := range keys {
		if err := p.sendOne(ctx, key); err != nil && ctx.Err() == nil {
			p.server.log.Warn("telling the progress", "error", err)
			p.refused(key)
		}
	}
}

// sendOne tells the client what is new about an activity.
func (p *progress) sendOne(ctx context.Context, key activityKey) error {
	p.mu.Lock()
	known := p.shown[key]
	if known == nil {
		p.mu.Unlock()
		return nil
	}
	token, begun := known.token, known.begun
	known.begun = true
	p.mu.Unlock()
	if !begun {
		// The token must not be used before the client has agreed to it.
		if err := p.server.client.WorkDoneProgressCreate(ctx, &protocol.WorkDoneProgressCreateParams{Token: token}); err != nil {
			return err
		}
	}
	p.mu.Lock()
	title, message, ended := known.title, known.message, known.ended
	news := message != known.sent
	known.sent = message
	p.mu.Unlock()

	cancellable := true
	if !begun {
		begin := protocol.WorkDoneProgressBegin{Kind: "begin", Title: title, Cancellable: &cancellable, Message: optional(message)}
		if err := p.notify(ctx, token, begin); err != nil {
			return err
		}
	}
	switch {
	case ended:
		p.forget(key)
		return p.notify(ctx, token, protocol.WorkDoneProgressEnd{Kind: "end", Message: optional(message)})
	case begun && news:
		return p.notify(ctx, token, protocol.WorkDoneProgressReport{Kind: "report", Cancellable: &cancellable, Message: optional(message)})
	}
	return nil
}

// optional returns nil for no text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (p *progress) notify(ctx context.Context, token protocol.ProgressToken, value any) error {
	encoded, err := protocol.Marshal(value)
	if err != nil {
		return err
	}
	return p.server.client.Progress(ctx, &protocol.ProgressParams{Token: token, Value: encoded})
}

// forget removes an activity that is over.
func (p *progress) forget(key activityKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.shown, key)
}

// refused notes that the client does not want to hear of an activity.
func (p *progress) refused(key activityKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.shown[key]
	switch {
	case known == nil:
	case known.ended:
		delete(p.shown, key)
	default:
		known.refused = true
	}
}

// WorkDoneProgressCancel ends the activity whose cancel button was pressed.
func (s *server) WorkDoneProgressCancel(_ context.Context, params *protocol.WorkDoneProgressCancelParams) error {
	p := s.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, known := range p.shown {
		if protocol.ProgressToken(known.token) == params.Token {
			s.spawn(func(context.Context) { key.workspace.Cancel(key.id) })
		}
	}
	return nil
}
