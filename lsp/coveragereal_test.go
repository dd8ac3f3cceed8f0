package lsp

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests coverage, hovers and hints with real modules, real builds and real
// servers.

func TestCoverageIsThatOfCover(t *testing.T) {
	dir := fuzzedModule(t)
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
	for _, file := range []string{"parse.go", "parse_test.go"} {
		path := filepath.Join(dir, file)
		states, entries := coverDrawn(t, dir, file)
		if !strings.Contains(states, "+") {
			t.Fatalf("nothing of %s is covered: %q", file, states)
		}
		v := openViewer(t, e, path)
		c := v.await(withLastLine(states))
		if !slices.Equal(c.entries, entries) {
			t.Errorf("%s: entries %v, want %v", file, c.entries, entries)
		}
		want := CoverageSummary{Instrumented: len(states) - strings.Count(states, "."), Covered: strings.Count(states, "+"), Partly: strings.Count(states, "~")}
		if c.summary != want {
			t.Errorf("%s: %+v, want %+v", file, c.summary, want)
		}
		e.CloseDocument(path)
		var lines *CoverageParams
		if err := e.Call(methodLines, LinesParams{URI: uri.File(path)}, &lines); err != nil || lines == nil {
			t.Fatalf("%s of a file that is not open: %v, %v", methodLines, lines, err)
		}
		if closed := (&coverageClient{generation: -1}); closed.apply(lines, len(states)+1) != nil || closed.drawn() != withLastLine(states) {
			t.Errorf("%s of a file that is not open shows %s, want %s", methodLines, closed.drawn(), states)
		}
	}
	var files FilesResult
	if err := e.Call(methodFiles, nil, &files); err != nil || len(files.Files) != 2 || files.Files[0].URI != uri.File(filepath.Join(dir, "parse.go")) {
		t.Errorf("files %+v, %v", files, err)
	}
	var lines *CoverageParams
	if err := e.Call(methodLines, LinesParams{URI: uri.File(filepath.Join(dir, "none.go"))}, &lines); err != nil || lines != nil {
		t.Errorf("%s of no file: %+v, %v", methodLines, lines, err)
	}
}

func TestCoverageWhileTyping(t *testing.T) {
	dir := fuzzedModule(t)
	path := filepath.Join(dir, "parse.go")
	states, _ := coverDrawn(t, dir, "parse.go")
	states = withLastLine(states)
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
	v := openViewer(t, e, path)
	v.await(states)

	v.replace("// above\n\n" + parseGo)
	v.await(".." + states)
	v.replace(strings.Replace(parseGo, "+ 1", "+ 2", 1)) // on line 8
	v.await(states[:7] + "x" + states[8:])
	v.replace(parseGo)
	v.await(states)
	v.replace(strings.Replace(parseGo, "\treturn größe\n", "\t// no code\n\treturn größe\n", 1))
	v.await(states[:14] + "." + states[14:])
	if c := v.await(states[:14] + "." + states[14:]); c.parts == 0 {
		t.Error("all messages were full")
	}
}

// capabilitiesWith are those of a client that can do everything in one encoding.
func capabilitiesWith(encoding protocol.PositionEncodingKind) *protocol.ClientCapabilities {
	caps := lsptest.AllCapabilities()
	caps.General.PositionEncodings = []protocol.PositionEncodingKind{encoding}
	return &caps
}

func TestRangesInAllEncodings(t *testing.T) {
	dir := fuzzedModule(t)
	path := filepath.Join(dir, "parse.go")
	for encoding, end := range map[protocol.PositionEncodingKind]uint32{
		"utf-8":  uint32(len("\tgröße := len(s) /* 世界🙂 */ + 1")),
		"utf-16": 30 + 1,
		"utf-32": 30,
	} {
		t.Run(string(encoding), func(t *testing.T) {
			e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Capabilities: capabilitiesWith(encoding)})
			v := openViewer(t, e, path)
			states, _ := coverDrawn(t, dir, "parse.go")
			v.await(withLastLine(states))
			hover, err := e.Hover(path, 7, end-1)
			if err != nil || hover == nil {
				t.Fatalf("hover: %v, %v", hover, err)
			}
			want := lsptest.Range(7, 1, 7, end)
			if *hover.Range != want {
				t.Errorf("the hover's range is %+v, want %+v", *hover.Range, want)
			}
			for _, character := range []uint32{0, end} {
				if hover, err := e.Hover(path, 7, character); err != nil || hover != nil {
					t.Errorf("hover beside the code, at %d: %v, %v", character, hover, err)
				}
			}
		})
	}
}

func TestHintsAndHovers(t *testing.T) {
	dir := fuzzedModule(t)
	path, test := filepath.Join(dir, "parse.go"), filepath.Join(dir, "parse_test.go")
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
	v := openViewer(t, e, path)
	states, _ := coverDrawn(t, dir, "parse.go")
	v.await(withLastLine(states))
	e.Open(test)

	if got, want := hintsOf(t, e, test), "6:38 FuzzParse enters here"; !strings.HasPrefix(got, want) {
		t.Errorf("hints %q, want %q", got, want)
	}
	never := "never: sha256.Sum256([]byte(s)) == [32]byte{}"
	if got, want := hintsOf(t, e, path), "8:44 "+never; got != want {
		t.Errorf("hints %q, want %q", got, want)
	}
	v.replace("\n" + parseGo)
	if got, want := hintsOf(t, e, path), "9:44 "+never; got != want {
		t.Errorf("after a line above: hints %q, want %q", got, want)
	}
	v.replace(strings.Replace(parseGo, "{} {", "{} && true {", 1))
	if got := hintsOf(t, e, path); got != "" {
		t.Errorf("of a changed line: hints %q", got)
	}
	hover, err := e.Hover(path, 7, 3)
	if err != nil || hover == nil {
		t.Fatalf("hover: %v, %v", hover, err)
	}
	text := hover.Contents.(*protocol.MarkupContent).Value
	if !strings.HasPrefix(text, "**Fuzzing**: ran  \nFuzzParse since ") {
		t.Errorf("the hover says %q", text)
	}
	if hover, err := e.Hover(path, 8, 3); err != nil || hover != nil {
		t.Errorf("hover on a changed line: %v, %v", hover, err)
	}
	mark := e.Mark()
	e.SetSettings(map[string]any{"inlayHints": false})
	e.Await(protocol.MethodWorkspaceInlayHintRefresh, func(messages []lsptest.Message) bool {
		return slices.ContainsFunc(messages[mark:], func(m lsptest.Message) bool { return m.Method == protocol.MethodWorkspaceInlayHintRefresh })
	})
	if got := hintsOf(t, e, test); got != "" {
		t.Errorf("hints that nobody wants: %q", got)
	}
}

// hintsOf returns the inlay hints of a file: line:character label.
func hintsOf(t *testing.T, e *lsptest.Editor, path string) string {
	t.Helper()
	hints, err := e.InlayHints(path, wholeRange)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, h := range hints {
		all = append(all, fmt.Sprintf("%d:%d %s", h.Position.Line, h.Position.Character, h.Label))
	}
	return strings.Join(all, "; ")
}

// inProcess runs a server in this process, which can start campaigns without a client's
// command, and an editor for it.
func inProcess(t *testing.T, dir string) (*server, *lsptest.Editor) {
	client, other := net.Pipe()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s := newServer(Config{Version: "test", Worker: []string{lsptest.Binary(t), "worker"}, Log: log}, newStream(other, log))
	ended := make(chan error, 1)
	go func() { ended <- s.run(t.Context()) }()
	t.Cleanup(func() {
		client.Close()
		<-ended
	})
	return s, lsptest.Connect(t, client, lsptest.Options{Folders: []string{dir}})
}

// awaitTest waits until the status of the fuzz test is such, and returns it.
func awaitTest(e *lsptest.Editor, match func(TestStatus) bool) TestStatus {
	p := lsptest.AwaitNotification(e, methodStatus, func(p StatusParams) bool {
		return len(p.Tests) == 1 && match(p.Tests[0])
	})
	return p.Tests[0]
}

func TestCoverageWhileFuzzing(t *testing.T) {
	dir := moduleDir(t)
	path := filepath.Join(dir, "parse.go")
	s, e := inProcess(t, dir)
	v := openViewer(t, e, path)
	idle := awaitTest(e, func(TestStatus) bool { return true })
	wantName := lsptest.Range(4, 5, 4, 14)
	if idle.ID != "example.com/m.FuzzParse" || idle.State != "idle" || idle.Location.Range != wantName || idle.Figures != nil {
		t.Errorf("the fuzz test is %+v", idle)
	}
	if err := s.workspaces()[0].Start(); err != nil {
		t.Fatal(err)
	}
	v.await(stateOfParse("+~-"))
	running := awaitTest(e, func(s TestStatus) bool { return s.State == "running" && s.Figures != nil && s.Figures.Runs > 0 })
	if running.Started == 0 || running.Workers == 0 || running.Figures.TotalPoints == 0 {
		t.Errorf("running: %+v", running)
	}

	// What never ran, runs after the change.
	changed := strings.Replace(parseGo, "== [32]byte{} {", "!= [32]byte{} {", 1)
	v.replace(changed)
	v.await(stateOfParse("+x-"))
	e.Save(path)
	var c *coverageClient
	e.Await("the changed line", func(messages []lsptest.Message) bool {
		c = v.shown(messages)
		return strings.HasPrefix(c.drawn()[7:], "+~+") || strings.HasPrefix(c.drawn()[7:], "+++")
	})
	if !c.fresh[9] {
		t.Errorf("line 10 is not told as newly covered: %v", c.fresh)
	}
	checkCrash(t, e)
	checkQuestions(t, e, path)
	s.workspaces()[0].Stop()
	awaitTest(e, func(s TestStatus) bool { return s.State == "idle" && s.Figures != nil })
	must(t, e.Command(commandClear, nil))
	v.await(strings.Repeat(".", strings.Count(changed, "\n")+1))
}

// TestClientThatDidNotOptIn gets answers, but no notifications.
func TestClientThatDidNotOptIn(t *testing.T) {
	dir := fuzzedModule(t)
	path := filepath.Join(dir, "parse.go")
	caps := lsptest.AllCapabilities()
	caps.Experimental = nil
	caps.TextDocument.Hover = nil // and knows no Markdown
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Capabilities: &caps})
	e.Open(path)
	e.AwaitProgress(0, "Finding fuzz tests")
	hover, err := e.Hover(path, 7, 3)
	if err != nil || hover == nil {
		t.Fatalf("hover: %v, %v", hover, err)
	}
	if contents, ok := hover.Contents.(*protocol.MarkupContent); !ok || contents.Kind != protocol.MarkupKindPlainText || !strings.HasPrefix(contents.Value, "Fuzzing: ran") {
		t.Errorf("the hover says %+v", hover.Contents)
	}
	for _, method := range []string{methodStatus, methodCrashes, methodFiles} {
		var result map[string]any
		if err := e.Call(method, nil, &result); err != nil || len(result) == 0 {
			t.Errorf("%s: %v, %v", method, result, err)
		}
	}
	must(t, e.Command(commandClear, nil))
	for _, m := range e.Messages() {
		if strings.HasPrefix(m.Method, "fuzzls/") {
			t.Errorf("the client is told %s", m.Method)
		}
	}
}

// stateOfParse is parse.go with the given states of its lines 8 to 10.
func stateOfParse(three string) string { return "......." + three + ".++.+...-." }

func checkCrash(t *testing.T, e *lsptest.Editor) {
	crashes := lsptest.AwaitNotification(e, methodCrashes, func(p CrashesParams) bool { return len(p.Crashes) > 0 && len(p.Fresh) > 0 })
	crash := crashes.Crashes[0]
	if !slices.Contains(crashes.Fresh, crash.Signature) || crash.Test != "example.com/m.FuzzParse" || crash.Kind != "failure" ||
		crash.Status != "open" || crash.ReplayDir == "" || crash.Location == nil || crash.Location.Range.Start.Line != 8 || crash.First == 0 {
		t.Errorf("the crash is %+v", crash)
	}
	if _, err := os.Stat(crash.Reproducer.FsPath()); err != nil {
		t.Error(err)
	}
	var r ReproducerResult
	if err := e.Call(methodReproducer, ReproducerParams{Signature: crash.Signature}, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Values) != 1 || r.Values[0].Type != "string" || r.Values[0].Text != strconv.Quote(string(r.Values[0].Bytes)) || r.URI != crash.Reproducer || r.Size == 0 {
		t.Errorf("the reproducer is %+v", r)
	}
	if err := e.Call(methodReproducer, ReproducerParams{Signature: "none"}, &r); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("the reproducer of no crash: %v", err)
	}
}

func checkQuestions(t *testing.T, e *lsptest.Editor, path string) {
	var newest *NewestResult
	if err := e.Call(methodNewest, nil, &newest); err != nil || newest == nil || newest.Time == 0 || newest.Location.URI == "" {
		t.Errorf("newest: %+v, %v", newest, err)
	}
	var history HistoryResult
	if err := e.Call(methodHistory, HistoryParams{Test: "example.com/m.FuzzParse"}, &history); err != nil {
		t.Error(err)
	}
	if err := e.Call(methodHistory, HistoryParams{Test: "FuzzNone"}, &history); err == nil {
		t.Error("the history of no fuzz test is no error")
	}
	var status StatusParams
	if err := e.Call(methodStatus, nil, &status); err != nil || len(status.Tests) != 1 || len(status.Workspaces) != 1 {
		t.Errorf("status: %+v, %v", status, err)
	}
	test := filepath.Join(filepath.Dir(path), "parse_test.go")
	e.Open(test)
	hover, err := e.Hover(test, 4, 7)
	if err != nil || hover == nil || !strings.Contains(fmt.Sprint(hover.Contents), "runs, each of the fuzz function") {
		t.Errorf("the hover of the fuzz test: %v, %v", hover, err)
	}
}
