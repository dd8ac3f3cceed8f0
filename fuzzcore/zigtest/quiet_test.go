package zigtest

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestQuiet compares what executables and their quiet copies print of a crash.
func TestQuiet(t *testing.T) {
	for _, mode := range modes {
		quiet := newReplayer(t, mode, "panics", nil)
		loud := newReplayer(t, mode, "panics", nil)
		loud.exe = loud.config.Exe
		input := [][]byte{[]byte("\x03\x00\x00\x00PAN")}
		want, err := loud.Run(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		got, err := quiet.Run(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := places(got[0].Text), places(want[0].Text); a != b || !strings.Contains(a, "all.zig:") {
			t.Errorf("%s: a quiet copy prints\n%s\nthe executable prints\n%s", mode, got[0].Text, want[0].Text)
		}
	}
	if err := Quiet("/dev/null", filepath.Join(t.TempDir(), "x")); err == nil {
		t.Error("a file that is no executable has a quiet copy")
	}
}

// places returns the headline of a text and the places of its calls.
func places(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if _, message, ok := strings.Cut(line, "panic: "); ok {
			b.WriteString(message)
		}
		if place, _, ok := strings.Cut(line, ": 0x"); ok {
			b.WriteString(place + "\n")
		}
	}
	return b.String()
}
