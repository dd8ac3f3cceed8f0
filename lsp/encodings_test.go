package lsp

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests that diagnostics are in the client's position encoding, where lines have
// characters that take different room in each.

const (
	wideGo = `package m

// Größe panics for "no".
func Größe(s string) {
	if s == "no" {
		/* 世界🙂 */ panic("größer 🙂" + s) // é
	}
}
`
	wideTest = `package m

import "testing"

func FuzzGröße(f *testing.F) {
	f.Add("no")
	f.Fuzz(func(t *testing.T, s string) { Größe(s) })
}
`
	// brokenGo does not compile: größe is not defined.
	brokenGo = "package m\n\nvar _ = \"世界🙂\" + größe + \"🙂\"\n"
)

// units is how long a text is in an encoding.
func units(s string, encoding protocol.PositionEncodingKind) uint32 {
	switch encoding {
	case "utf-8":
		return uint32(len(s))
	case "utf-16":
		return uint32(len(utf16.Encode([]rune(s))))
	}
	return uint32(utf8.RuneCountInString(s))
}

func TestDiagnosticsInAllEncodings(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	writeFiles(t, dir, "go.mod", "module example.com/m\n\ngo 1.22\n", "m.go", wideGo, "m_test.go", wideTest)
	fuzzls(t, dir, "fuzz", "--limit", "1K", "-j", "1")
	code, test, broken := filepath.Join(dir, "m.go"), filepath.Join(dir, "m_test.go"), filepath.Join(dir, "broken.go")
	for _, encoding := range []protocol.PositionEncodingKind{"utf-8", "utf-16", "utf-32"} {
		t.Run(string(encoding), func(t *testing.T) {
			e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Capabilities: capabilitiesWith(encoding)})
			one := func(path string) protocol.Diagnostic {
				return e.AwaitDiagnostics(path, func(d []protocol.Diagnostic) bool { return len(d) == 1 })[0]
			}
			crash := one(code)
			wantRange(t, crash.Range, 5, 2, 2+units(`/* 世界🙂 */ panic("größer 🙂" + s) // é`, encoding))
			frame := crash.RelatedInformation[1] // the call in the fuzz function
			wantRange(t, frame.Location.Range, 6, 1, 1+units("f.Fuzz(func(t *testing.T, s string) { Größe(s) })", encoding))
			e.Open(test)
			lenses, err := e.CodeLens(test)
			must(t, err)
			wantRange(t, lenses[0].Range, 4, 5, 5+units("FuzzGröße", encoding))

			must(t, os.WriteFile(broken, []byte(brokenGo), 0o644))
			must(t, e.Command(commandStart, nil))
			before := units(`var _ = "世界🙂" + `, encoding)
			wantRange(t, one(broken).Range, 2, before, before+units("größe", encoding))
			must(t, os.Remove(broken))
		})
	}
}

func wantRange(t *testing.T, got protocol.Range, line, from, to uint32) {
	t.Helper()
	if want := lsptest.Range(line, from, line, to); got != want {
		t.Errorf("range %v, want %v", got, want)
	}
}
