package lsp

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file tests the diagnostics of crashes and problems, against golden files.

// testTexts has the texts of three files; lines of the first have moved down by one since
// it was built.
func testTexts(e text.Encoding) *texts {
	files := map[string]*text.Text{
		"/m/parse.go":      text.New([]byte("// new\npackage m\n\nfunc parse(s string) {\n\t_ = \"äö😀\" + s[3]  \r\n}\n")),
		"/m/parse_test.go": text.New([]byte("package m\n\nfunc FuzzParse(f *testing.F) {\n\tf.Fuzz(x)\n}\n")),
		"/m/go.mod":        text.New([]byte("module m\n")),
	}
	return &texts{
		encoding: e,
		caps:     capabilities{relatedInfo: true, diagnosticData: true, codeDescription: true},
		present:  func(path string) *text.Text { return files[path] },
		moved: func(path string, line int, _ time.Time) int {
			if path == "/m/parse.go" {
				return line + 1
			}
			return line
		},
	}
}

var (
	testNow   = time.Date(2026, 11, 21, 15, 4, 0, 0, time.UTC)
	testParse = live.Test{
		ID:       live.TestID{Package: "example.com/m", Func: "FuzzParse"},
		FuzzTest: target.FuzzTest{Package: "example.com/m", Dir: "/m", Name: "FuzzParse", File: "/m/parse_test.go", Line: 3},
	}
	testCrash = live.Crash{
		Test: testParse.ID,
		Report: crash.Report{
			Kind: crash.Panic, Message: "index out of range [3] with length 2", Signature: "0123456789abcdef",
			Top: crash.Frame{Func: "example.com/m.parse", File: "/m/parse.go", Line: 4, Own: true},
			Frames: []crash.Frame{
				{Func: "example.com/m.parse", File: "/m/parse.go", Line: 4, Own: true},
				{Func: "slices.SortFunc[go.shape.[]example.com/m.T,go.shape.int]", File: "/usr/lib/go/src/slices/sort.go", Line: 30},
				{Func: "example.com/m.FuzzParse.func1", File: "/m/parse_test.go", Line: 4, Own: true},
				{Func: "unknown"},
			},
		},
		Reproducer: "/m/testdata/fuzz/FuzzParse/abc",
		Replay:     "go test -run='^FuzzParse$/^abc$' .",
		First:      time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
	}
)

func TestCrashDiagnostics(t *testing.T) {
	little := testTexts(text.UTF16)
	little.caps = capabilities{}
	var got bytes.Buffer
	for _, test := range []struct {
		name  string
		texts *texts
	}{
		{"a client that knows all", testTexts(text.UTF8)},
		{"a client that knows little", little},
	} {
		file, d := test.texts.crashDiagnostic([]live.Crash{testCrash}, &testParse, testNow)
		writeDiagnostic(t, &got, test.name, string(file), d)
	}
	compareGolden(t, filepath.Join("testdata", "crashes.golden"), got.String())
}

func TestCrashMessage(t *testing.T) {
	old := testCrash
	old.Edited = true
	quote := old
	quote.Test.Func = "FuzzQuote"
	again := quote
	again.Edited = false
	const what = "panic: index out of range [3] with length 2 "
	for _, test := range []struct {
		same []live.Crash
		want string
	}{
		{[]live.Crash{testCrash}, what + "(FuzzParse)"},
		{[]live.Crash{old}, what + "(FuzzParse; found 20 Nov, not replayed since the edit)"},
		{[]live.Crash{old, quote}, what + "(FuzzParse, FuzzQuote; found 20 Nov, not replayed since the edit)"},
		{[]live.Crash{old, again}, what + "(FuzzParse, FuzzQuote)"},
	} {
		if got := crashMessage(test.same, testNow); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

func writeDiagnostic(t *testing.T, to *bytes.Buffer, name, file string, d protocol.Diagnostic) {
	t.Helper()
	encoded, err := protocol.Marshal(&d)
	if err != nil {
		t.Fatal(err)
	}
	to.WriteString("== " + name + "\n" + file + "\n")
	if err := json.Indent(to, encoded, "", "  "); err != nil {
		t.Fatal(err)
	}
	to.WriteString("\n")
}

func TestCrashPlace(t *testing.T) {
	dependency := testCrash
	dependency.Top = crash.Frame{Func: "other.F", File: "/mod/other.go", Line: 9}
	dependency.Frames = []crash.Frame{dependency.Top, {Func: "m.FuzzParse.func1", File: "/m/parse_test.go", Line: 4, Own: true}}
	unknown := testCrash
	unknown.Top, unknown.Frames = crash.Frame{}, nil
	trimmed := testCrash
	trimmed.Top.File, trimmed.Frames = "m/parse.go", nil
	for _, test := range []struct {
		crash live.Crash
		path  string
		line  int
	}{
		{testCrash, "/m/parse.go", 4}, {dependency, "/m/parse_test.go", 4}, {unknown, "/m/parse_test.go", 3}, {trimmed, "/m/parse_test.go", 3},
	} {
		if path, line := crashPlace(&test.crash, &testParse); path != test.path || line != test.line {
			t.Errorf("got %s:%d, want %s:%d", path, line, test.path, test.line)
		}
	}
}

func TestDateText(t *testing.T) {
	for _, test := range []struct {
		ago  time.Duration
		want string
	}{{time.Hour, "14:04"}, {24 * time.Hour, "20 Nov"}, {366 * 24 * time.Hour, "20 Nov 2025"}} {
		if got := dateText(testNow.Add(-test.ago), testNow); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestShortFunc(t *testing.T) {
	for name, want := range map[string]string{
		"example.com/m/parser.(*T).Parse":         "parser.(*T).Parse",
		"slices.SortFunc[go.shape.[]a/b.T,int]":   "slices.SortFunc",
		"a/b.(*Set[go.shape.struct{}]).Add.func1": "b.(*Set).Add.func1",
		"main": "main", "": ".",
	} {
		if got := shortFunc(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestProblemDiagnostics(t *testing.T) {
	tests := []live.Test{testParse}
	var got bytes.Buffer
	for _, test := range []struct {
		name    string
		problem live.Problem
	}{
		{"a word", live.Problem{Path: "/m/parse_test.go", Line: 3, Col: 6, Message: "redeclared", Build: true}},
		{"no word", live.Problem{Path: "/m/parse_test.go", Line: 4, Col: 8, Message: "unexpected"}},
		{"no column", live.Problem{Path: "/m/parse_test.go", Line: 4, Message: "what", Build: true}},
		{"beyond the text", live.Problem{Path: "/m/parse_test.go", Line: 99, Col: 99, Message: "gone"}},
		{"no line", live.Problem{Path: "/m/go.mod", Message: "malformed"}},
		{"no such file", live.Problem{Path: "/m/gone.go", Line: 3, Col: 1, Message: "gone"}},
		{"no place", live.Problem{Package: "example.com/m", Message: "import cycle"}},
		{"no place, no package", live.Problem{Message: "no module"}},
	} {
		file, d := testTexts(text.UTF8).problemDiagnostic(test.problem, tests, "/m")
		writeDiagnostic(t, &got, test.name, string(file), d)
	}
	compareGolden(t, filepath.Join("testdata", "problems.golden"), got.String())
}

// FuzzProblemRange checks that ranges are within the text, whatever a compiler says.
func FuzzProblemRange(f *testing.F) {
	f.Add([]byte("a\n\tb äx\r\nc"), 1, 3)
	f.Add([]byte("\xff\xfe"), -1, 1)
	f.Fuzz(func(t *testing.T, content []byte, line, column int) {
		doc := text.New(content)
		for _, e := range []text.Encoding{text.UTF8, text.UTF16, text.UTF32} {
			r := problemRange(doc, line, column, e)
			if before(r.End, r.Start) || r.Start.Line != r.End.Line || int(r.End.Line) >= doc.Lines() {
				t.Fatalf("%q %d:%d: got %v", content, line, column, r)
			}
			if end := doc.Column(int(r.End.Line), len(content), e); r.End.Character > end {
				t.Fatalf("%q %d:%d: got %v beyond the end %d", content, line, column, r, end)
			}
		}
	})
}
