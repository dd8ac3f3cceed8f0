package lsp

import (
	"context"
	"sync"

	"go.lsp.dev/protocol"
)

// This file defines sentences for the user.

// maxMessages is how many sentences wait for a slow client; a person does not read more.
const maxMessages = 32

// messages shows sentences to the user, without waiting for the client.
type messages struct {
	server *server
	sender *coalescer[struct{}]

	mu      sync.Mutex // guards waiting
	waiting []*protocol.ShowMessageParams
}

func newMessages(s *server) *messages {
	m := &messages{server: s}
	m.sender = newCoalescer(s, 0, m.send)
	return m
}

// show shows a sentence. It never waits; when too many wait already, the sentence is only
// logged.
func (m *messages) show(kind protocol.MessageType, text string) {
	m.server.log.Info("message", "text", text)
	m.mu.Lock()
	if len(m.waiting) < maxMessages {
		m.waiting = append(m.waiting, &protocol.ShowMessageParams{Type: kind, Message: text})
	}
	m.mu.Unlock()
	m.sender.mark(struct{}{})
}

func (m *messages) send(ctx context.Context, _ []struct{}) {
	m.mu.Lock()
	waiting := m.waiting
	m.waiting = nil
	m.mu.Unlock()
	for _, message := range waiting {
		if err := m.server.client.ShowMessage(ctx, message); err != nil {
			m.server.log.Warn("showing a message", "error", err)
			return
		}
	}
}
