package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
)

// This file defines the commands: their table, and how their arguments become fuzz tests
// and crashes.

// addCommands registers the commands of lenses, actions and clients.
func (s *server) addCommands() {
	s.addRunCommand(commandStart, s.startCommand)
	s.addCommand(commandStop, s.stopCommand)
	s.addRunCommand(commandReplay, s.replayCommand)
	s.addRunCommand(commandMinimize, s.minimizeCommand)
	s.addCommand(commandReproducer, s.reproducerCommand)
	s.addCommand(commandMakeTest, s.makeTestCommand)
	s.addCommand(commandDismiss, s.dismissCommand)
	s.addCommand(commandReport, s.reportCommand)
	s.addCommand(commandClear, s.clearCommand)
	s.addCommand(commandFailure, s.failureCommand)
}

// crashArgument names a crash where a string would name a fuzz test.
type crashArgument struct {
	Signature string `json:"signature"`
}

// foundTest is a fuzz test and the workspace that it is in.
type foundTest struct {
	workspace *live.Workspace
	live.Test
}

func (s *server) allTests() []foundTest {
	var all []foundTest
	for _, w := range s.workspaces() {
		for _, t := range w.Tests() {
			all = append(all, foundTest{w, t})
		}
	}
	return all
}

var errNoTests = errors.New(`there are no fuzz tests: write a function "func FuzzXxx(f *testing.F)" in a _test.go file, or in C an LLVMFuzzerTestOneInput, or in Zig a test that calls std.testing.fuzz, and save it`)

// namedTests returns the fuzz tests that the arguments name by their ids, all of them if
// there are no arguments. Those that are not known are looked for once more: a client may
// be faster than the first look, or than the one after saving.
func (s *server) namedTests(ctx context.Context, args []protocol.LSPAny) ([]foundTest, error) {
	ids := make([]string, len(args))
	for i, arg := range args {
		var err error
		if ids[i], err = stringArgument(arg, "a fuzz test's id"); err != nil {
			return nil, err
		}
	}
	named, err := selectTests(s.allTests(), ids)
	if err == nil {
		return named, nil
	}
	if err := s.folders.awaitArranged(ctx); err != nil {
		return nil, err
	}
	for _, w := range s.workspaces() {
		if err := w.Load(ctx); err != nil {
			return nil, err
		}
	}
	return selectTests(s.allTests(), ids)
}

// selectTests returns the fuzz tests with some ids, all if there are no ids.
func selectTests(all []foundTest, ids []string) ([]foundTest, error) {
	if len(all) == 0 {
		return nil, errNoTests
	}
	if len(ids) == 0 {
		return all, nil
	}
	var named []foundTest
	for _, id := range ids {
		i := slices.IndexFunc(all, func(t foundTest) bool { return t.ID.String() == id })
		if i < 0 {
			return nil, fmt.Errorf("there is no fuzz test %q: %s", id, oneOf(testIDs(all)))
		}
		named = append(named, all[i])
	}
	return named, nil
}

// oneTest returns the fuzz test that the first argument names or, without arguments, the
// only one there is.
func (s *server) oneTest(ctx context.Context, args []protocol.LSPAny) (foundTest, error) {
	tests, err := s.namedTests(ctx, args[:min(len(args), 1)])
	if err != nil {
		return foundTest{}, err
	}
	if len(tests) > 1 {
		return foundTest{}, fmt.Errorf("which fuzz test? %s", oneOf(testIDs(tests)))
	}
	return tests[0], nil
}

func testIDs(tests []foundTest) []string {
	ids := make([]string, len(tests))
	for i := range tests {
		ids[i] = tests[i].ID.String()
	}
	return ids
}

// foundCrash is a crash and the workspace that it is in.
type foundCrash struct {
	workspace *live.Workspace
	live.Crash
}

// oneCrash returns the crash whose signature is the first argument, whatever its status,
// or, without arguments, the only open one there is.
func (s *server) oneCrash(args []protocol.LSPAny) (foundCrash, error) {
	if len(args) > 0 {
		signature, err := stringArgument(args[0], "a crash's signature")
		if err != nil {
			return foundCrash{}, err
		}
		return s.crashWith(signature)
	}
	var all []foundCrash
	for _, w := range s.workspaces() {
		for _, same := range bySignature(w.Crashes()) {
			all = append(all, foundCrash{w, same[0]})
		}
	}
	switch len(all) {
	case 0:
		return foundCrash{}, errors.New("there is no open crash")
	case 1:
		return s.crashWith(all[0].Signature)
	}
	return foundCrash{}, fmt.Errorf("which crash? %s", oneOf(crashNames(all)))
}

func (s *server) crashWith(signature string) (foundCrash, error) {
	if w, c, ok := s.findCrash(signature); ok {
		return foundCrash{w, c}, nil
	}
	return foundCrash{}, fmt.Errorf("there is no crash %q: it may have been deleted from .fuzzls", signature)
}

func crashNames(crashes []foundCrash) []string {
	names := make([]string, len(crashes))
	for i := range crashes {
		names[i] = fmt.Sprintf("%s (%s in %s)", crashes[i].Signature, crashes[i].Report, crashes[i].Test.Func)
	}
	return names
}

// maxCandidates is how many candidates an error names: what a message box can hold.
const maxCandidates = 20

func oneOf(candidates []string) string {
	more := ""
	if len(candidates) > maxCandidates {
		more = fmt.Sprintf(", and %d more", len(candidates)-maxCandidates)
		candidates = candidates[:maxCandidates]
	}
	return "expected one of " + strings.Join(candidates, ", ") + more
}

// stringArgument reads an argument; what says what it should be.
func stringArgument(arg protocol.LSPAny, what string) (string, error) {
	var text string
	if err := json.Unmarshal(arg, &text); err != nil || text == "" {
		return "", fmt.Errorf("the argument is %s: expected %s as a string", shortJSON(arg), what)
	}
	return text, nil
}

// shortJSON shortens an argument for an error.
func shortJSON(arg protocol.LSPAny) string {
	const most = 60 // characters, enough to recognize it
	if runes := []rune(string(arg)); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(arg)
}
