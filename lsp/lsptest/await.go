package lsptest

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// This file defines waiting for what the server says.

// Await waits until the predicate holds for what the server has said so far. It is asked
// again after each message. what completes "waiting for …".
func (e *Editor) Await(what string, predicate func(messages []Message) bool) {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	for {
		e.mu.Lock()
		messages, changed := e.messages[:len(e.messages):len(e.messages)], e.changed
		e.mu.Unlock()
		if predicate(messages) {
			return
		}
		select {
		case <-changed:
		case <-e.conn.Done():
			e.t.Fatalf("waiting for %s: the server ended%s", what, e.transcript())
		case <-ctx.Done():
			e.t.Fatalf("waiting for %s: it did not come%s", what, e.transcript())
		}
	}
}

// AwaitNotification waits for a message of the method whose parameters match, from the
// beginning, and returns them. A nil match takes the first.
func AwaitNotification[T any](e *Editor, method string, match func(T) bool) T {
	e.t.Helper()
	params, _ := AwaitFrom(e, 0, method, match)
	return params
}

// AwaitFrom is AwaitNotification that leaves out the messages before mark. It also
// returns the mark behind the message.
func AwaitFrom[T any](e *Editor, mark int, method string, match func(T) bool) (T, int) {
	e.t.Helper()
	var found T
	next := mark
	e.Await(method, func(messages []Message) bool {
		for ; next < len(messages); next++ {
			if messages[next].Method != method {
				continue
			}
			var params T
			if err := protocol.Unmarshal(messages[next].Params, &params); err != nil {
				e.t.Fatalf("%s: %v\n%s", method, err, messages[next].Params)
			}
			if match == nil || match(params) {
				found = params
				next++
				return true
			}
		}
		return false
	})
	return found, next
}

// AwaitDiagnostics waits until the newest diagnostics of a file match, and returns them.
func (e *Editor) AwaitDiagnostics(path string, match func([]protocol.Diagnostic) bool) []protocol.Diagnostic {
	e.t.Helper()
	var newest []protocol.Diagnostic
	e.Await("diagnostics of "+path, func(messages []Message) bool {
		for i := len(messages) - 1; i >= 0; i-- {
			var params protocol.PublishDiagnosticsParams
			if messages[i].Method != protocol.MethodTextDocumentPublishDiagnostics {
				continue
			}
			if err := protocol.Unmarshal(messages[i].Params, &params); err != nil {
				e.t.Fatal(err)
			}
			if params.URI == uri.File(path) {
				newest = params.Diagnostics
				return match(newest)
			}
		}
		return false
	})
	return newest
}

// AwaitMessage waits for a window/showMessage that contains part, and returns it.
func (e *Editor) AwaitMessage(part string) protocol.ShowMessageParams {
	e.t.Helper()
	return AwaitNotification(e, protocol.MethodWindowShowMessage, func(p protocol.ShowMessageParams) bool {
		return strings.Contains(p.Message, part)
	})
}

// Progress is what the server said of one activity.
type Progress struct {
	Token   string
	Title   string
	Reports []string
	Ended   bool
	End     string // how it ended
}

// AwaitProgress waits until an activity whose title begins with title has ended, the
// first one that was begun after mark messages, and returns it.
func (e *Editor) AwaitProgress(mark int, title string) Progress {
	e.t.Helper()
	var found Progress
	e.Await("the end of "+title, func(messages []Message) bool {
		for _, p := range ProgressOf(messages[min(mark, len(messages)):]) {
			if strings.HasPrefix(p.Title, title) && p.Ended {
				found = p
				return true
			}
		}
		return false
	})
	return found
}

// ProgressOf returns the activities of messages in the order in which they began.
func ProgressOf(messages []Message) []Progress {
	var all []Progress
	for _, m := range messages {
		var p struct {
			Token string `json:"token"`
			Value struct {
				Kind    string `json:"kind"`
				Title   string `json:"title"`
				Message string `json:"message"`
			} `json:"value"`
		}
		if m.Method != protocol.MethodProgress || json.Unmarshal(m.Params, &p) != nil {
			continue
		}
		if p.Value.Kind == "begin" {
			all = append(all, Progress{Token: p.Token, Title: p.Value.Title})
		}
		for i := range all {
			if all[i].Token != p.Token {
				continue
			}
			switch p.Value.Kind {
			case "report":
				all[i].Reports = append(all[i].Reports, p.Value.Message)
			case "end":
				all[i].Ended, all[i].End = true, p.Value.Message
			}
		}
	}
	return all
}

// transcript renders the last messages for a failed test.
func (e *Editor) transcript() string {
	const last, width = 30, 300
	messages := e.Messages()
	var b strings.Builder
	b.WriteString("; the last messages of the server:\n")
	for _, m := range messages[max(0, len(messages)-last):] {
		fmt.Fprintf(&b, "\t%s %.*s\n", m.Method, width, m.Params)
	}
	if e.process != nil {
		fmt.Fprintf(&b, "its log:\n%s", e.process.Log())
	}
	return b.String()
}
