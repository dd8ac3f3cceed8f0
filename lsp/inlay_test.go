package lsp

import (
	"fmt"
	"math"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/lsp/linemap"
	"github.com/fuzzls/fuzzls/lsp/lsptest"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file tests which hints are given for a present text.

func lineMapOf(built, present string) *linemap.Map {
	return linemap.NewBuilt([]byte(built)).Map(text.New([]byte(present)))
}

// wholeRange is that of any document.
var wholeRange = lsptest.Range(0, 0, math.MaxInt32, 0)

func TestPresentHints(t *testing.T) {
	lines := lineMapOf("a\nb\nc\nd", "x\na\nB\nc\nd")
	hints := presentHints([]live.Hint{{Line: 4, Text: "d"}, {Line: 2, Text: "b"}, {Line: 1, Text: "a"}, {Line: 9, Text: "none"}}, lines, wholeRange)
	if got, want := fmt.Sprint(hints), fmt.Sprint([]live.Hint{{Line: 1, Text: "a"}, {Line: 4, Text: "d"}}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPresentHintsOfRange(t *testing.T) {
	lines := lineMapOf("a\nb\nc\nd", "x\na\nb\nc\nd")
	hints := presentHints([]live.Hint{{Line: 1}, {Line: 2}, {Line: 3}, {Line: 4}}, lines, lsptest.Range(2, 5, 3, 0))
	if got, want := fmt.Sprint(hints), fmt.Sprint([]live.Hint{{Line: 2}, {Line: 3}}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPresentHintsAreFew(t *testing.T) {
	built := ""
	var hints []live.Hint
	for i := range 300 {
		built += fmt.Sprintln(i)
		hints = append(hints, live.Hint{Line: uint32(i + 1), Kind: live.HintKind(i % 3)})
	}
	kinds := map[live.HintKind]int{}
	last := -1
	for _, h := range presentHints(hints[60:], lineMapOf(built, built), wholeRange) {
		kinds[h.Kind]++
		if int(h.Line) <= last {
			t.Fatalf("line %d follows %d", h.Line, last)
		}
		last = int(h.Line)
	}
	if kinds[live.HintEntry] != 80 || kinds[live.HintFrontier] != 20 || kinds[live.HintPartly] != 0 {
		t.Errorf("of each kind: %v", kinds)
	}
}

func TestInlayHintPositions(t *testing.T) {
	doc := &document{text: text.New([]byte("x\n\tgröße(世🙂) \t\r\n"))}
	s := testServer(t)
	for encoding, want := range map[text.Encoding]uint32{text.UTF8: 17, text.UTF16: 11, text.UTF32: 10} {
		s.encoding = encoding
		hint := s.inlayHint(doc, live.Hint{Line: 1, Text: "never: ok", Explanation: "why"})
		if hint.Position != (protocol.Position{Line: 1, Character: want}) {
			t.Errorf("%s: %+v, want character %d", encoding, hint.Position, want)
		}
		if hint.Tooltip != protocol.String("why") {
			t.Errorf("the tooltip of a client without Markdown is %v", hint.Tooltip)
		}
	}
}
