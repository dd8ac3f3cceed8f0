package live

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file tests what is told of lines, with a campaign whose inputs are known: a replay
// of seeds.

const hintsGo = `package m

import "errors"

func Look(b []byte, s string) error {
	if len(b) == 17 { // A
		return errors.New("seventeen")
	}
	if len(b) < 100 { // B
		s += "x"
	} else {
		s += "y"
	}
	for i := 0; i < len(s); i++ { // C
		if s[i] == 'q' { // D
			return nil
		}
	}
	for range b[len(b):] { // E
		s += "z"
	}
	switch s { // F
	case "ax":
		return nil
	case "secret":
		return errors.New("secret")
	default:
		s += "w"
	}
	if len(s) > 1 { // G
		return errors.New("long")
	}
	return nil
}

func never() int {
	if len("x") > 1 { // H
		return 1
	}
	return 2
}
`

const hintsTest = `package m

import "testing"

func FuzzLook(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), "a")
	f.Add([]byte("0"), "b")
	f.Fuzz(func(t *testing.T, b []byte, s string) {
		Look(b, s)
	})
}

func FuzzTwo(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 3 {
			Look(b[:3], "c")
		}
	})
}
`

func TestHintsAndLines(t *testing.T) {
	dir := module(t, "m.go", hintsGo, "m_test.go", hintsTest)
	w, _ := open(t, dir)
	look := TestID{"example.com/m", "FuzzLook"}
	if _, err := w.Replay(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m.go")
	got := map[string]string{}
	lines := strings.Split(hintsGo, "\n")
	for _, h := range w.Hints(path, 1, uint32(len(lines))) {
		_, mark, _ := strings.Cut(lines[h.Line-1], "// ")
		if h.Explanation == "" {
			t.Errorf("no explanation of %q", h.Text)
		}
		got[mark] = h.Text
	}
	want := map[string]string{
		"A": "never: len(b) == 17 (nearest 16)",
		"B": "else never ran",
		"D": "never: s[i] == 'q'",
		"E": "loop body never ran",
		"F": `never: case "secret"`,
		"G": "never false: len(s) > 1",
	}
	for mark, text := range want {
		if !strings.HasPrefix(got[mark], text) {
			t.Errorf("%s: %q, want %q", mark, got[mark], text)
		}
		delete(got, mark)
	}
	if len(got) > 0 {
		t.Errorf("other hints: %q", got)
	}
	if hints := w.Hints(path, 7, 8); len(hints) > 0 {
		t.Errorf("hints outside of the lines asked for: %+v", hints)
	}
	entry := w.Hints(filepath.Join(dir, "m_test.go"), 1, 100)
	if !slices.ContainsFunc(entry, func(h Hint) bool {
		return h.Kind == HintEntry && h.Text == "FuzzLook enters here" && h.Line == line(t, hintsTest, "f.Fuzz(")
	}) {
		t.Errorf("hints of the test file: %+v", entry)
	}

	at := line(t, hintsGo, `s += "w"`)
	detail, ok := w.Line(path, at)
	if !ok || len(detail.Tests) != 1 || detail.Tests[0].Test != look || detail.Tests[0].Hit == 0 {
		t.Fatalf("line: %+v, %v", detail, ok)
	}
	if reach := detail.Tests[0]; reach.Since.IsZero() || reach.Input == "" || !reach.FromSeed {
		t.Errorf("reached: %+v", reach)
	}
	if detail, ok := w.Line(path, line(t, hintsGo, `errors.New("seventeen")`)); !ok || len(detail.Tests) > 0 {
		t.Errorf("a line that never ran: %+v, %v", detail, ok)
	}
	if detail, ok := w.Line(path, 2); ok {
		t.Errorf("a line without code: %+v", detail)
	}
	if _, ok := w.Line(path, 10_000); ok {
		t.Error("a line behind the end")
	}
}
