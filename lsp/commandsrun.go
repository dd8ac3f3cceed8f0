package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines the commands that build and run: start, stop, replay, minimize.

// startCommand starts fuzzing the fuzz tests that are named, or all. It returns at once.
func (s *server) startCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	tests, err := s.namedTests(ctx, args)
	if err != nil {
		return nil, err
	}
	var failed []error
	for w, ids := range byWorkspace(tests) {
		failed = append(failed, w.Start(ids...))
	}
	return nil, errors.Join(failed...)
}

// stopCommand stops fuzzing the fuzz tests that are named, or all. It returns at once.
func (s *server) stopCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	tests, err := s.namedTests(ctx, args)
	if err != nil {
		return nil, err
	}
	for w, ids := range byWorkspace(tests) {
		w.Stop(ids...)
	}
	return nil, nil
}

func byWorkspace(tests []foundTest) map[*live.Workspace][]live.TestID {
	ids := map[*live.Workspace][]live.TestID{}
	for _, t := range tests {
		ids[t.workspace] = append(ids[t.workspace], t.ID)
	}
	return ids
}

// replayed is what fuzzls.replay returns.
type replayed struct {
	Message string   `json:"message"`
	Crashes []string `json:"crashes"`
	// Still: the crash that was asked for still happens. Only for crashes.
	Still *bool `json:"still,omitempty"`
}

// replayCommand runs the corpus of a fuzz test once or, if the argument is an object
// with a signature, the input of a crash. It returns when that is done. With a second
// argument {"quiet": true}, what came of it is only returned.
func (s *server) replayCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	if len(args) > 0 {
		var crash crashArgument
		if json.Unmarshal(args[0], &crash) == nil && crash.Signature != "" {
			return s.replayCrash(ctx, crash.Signature)
		}
	}
	t, err := s.oneTest(ctx, args)
	if err != nil {
		return nil, err
	}
	result, err := t.workspace.Replay(ctx, t.ID)
	if err != nil {
		return nil, fmt.Errorf("replaying %s: %w", t.Name, err)
	}
	r := replayed{Message: replayText(t.Name, result), Crashes: []string{}}
	for _, c := range result.Crashes {
		r.Crashes = append(r.Crashes, c.Signature)
	}
	if !quiet(args) {
		s.say(len(r.Crashes) > 0, r.Message)
	}
	return r, nil
}

// quiet reports whether the second argument asks for no message: the client shows the
// result itself.
func quiet(args []protocol.LSPAny) bool {
	var wish struct {
		Quiet bool `json:"quiet"`
	}
	return len(args) > 1 && json.Unmarshal(args[1], &wish) == nil && wish.Quiet
}

// maxListed is how many crashes a message lists: what a message box can hold.
const maxListed = 3

// replayText says what came of a replay: "FuzzParse: 118 inputs, 1 crash: panic: …".
func replayText(name string, r live.ReplayResult) string {
	text := name + ": " + counted(r.Inputs, "input", "inputs") + ", "
	if len(r.Crashes) == 0 {
		return text + "no crash"
	}
	text += counted(len(r.Crashes), "crash", "crashes") + ": "
	var listed []string
	for i, c := range r.Crashes {
		if i == maxListed {
			listed = append(listed, "…")
			break
		}
		listed = append(listed, c.Report.String())
	}
	return text + strings.Join(listed, "; ")
}

func (s *server) replayCrash(ctx context.Context, signature string) (any, error) {
	c, err := s.crashWith(signature)
	if err != nil {
		return nil, err
	}
	still, err := c.workspace.ReplayCrash(ctx, signature)
	if err != nil {
		return nil, fmt.Errorf("replaying the crash of %s: %w", c.Test.Func, err)
	}
	r := replayed{Message: c.Test.Func + ": no longer fails: " + c.Report.String(), Crashes: []string{}, Still: &still}
	if still {
		r.Message = c.Test.Func + ": still fails: " + c.Report.String()
		r.Crashes = append(r.Crashes, signature)
	}
	s.say(still, r.Message)
	return r, nil
}

// minimized is what fuzzls.minimize returns. Before and After are sizes in bytes.
type minimized struct {
	Message string `json:"message"`
	Before  int    `json:"before"`
	After   int    `json:"after"`
}

// minimizeCommand looks for a smaller input for a crash. It returns when that is done.
func (s *server) minimizeCommand(ctx context.Context, args []protocol.LSPAny) (any, error) {
	c, err := s.oneCrash(args)
	if err != nil {
		return nil, err
	}
	before, after, err := c.workspace.Minimize(ctx, c.Signature)
	if err != nil {
		return nil, fmt.Errorf("minimizing the crash of %s: %w", c.Test.Func, err)
	}
	m := minimized{Before: before, After: after}
	m.Message = fmt.Sprintf("%s: the input that crashes now has %s, not %s", c.Test.Func, counted(after, "byte", "bytes"), grouped(uint64(before)))
	if after >= before {
		m.Message = fmt.Sprintf("%s: no smaller input than that of %s crashes", c.Test.Func, counted(before, "byte", "bytes"))
	}
	s.say(false, m.Message)
	return m, nil
}

// say shows a sentence to the user.
func (s *server) say(warn bool, text string) {
	kind := protocol.MessageTypeInfo
	if warn {
		kind = protocol.MessageTypeWarning
	}
	s.messages.show(kind, text)
}
