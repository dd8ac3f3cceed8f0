package lsp

import (
	"os"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests what a person does in an editor from the first lens to the fixed bug,
// with the real server and a real module.

func TestFuzzingInTheEditor(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	first := p.awaitLens("▶ Fuzz")
	if line := first[0].Range.Start.Line; line != 4 {
		t.Errorf("the lenses are on line %d, want 4", line)
	}
	mark := p.Mark()
	p.click("▶ Fuzz")
	if end := p.AwaitProgress(mark, "Building"); !end.Ended {
		t.Errorf("the build: %+v", end)
	}
	p.awaitLens(" points · last find ")

	d := p.awaitCrash()
	if want := lsptest.Range(parserPanic, 2, parserPanic, 21); d.Range != want {
		t.Errorf("the crash is at %v, want %v", d.Range, want)
	}
	if message := d.Message; message != protocol.String("panic: it said no (FuzzParse)") {
		t.Errorf("the crash says %v", message)
	}
	p.awaitLens(" · 1 crash")

	// Edits above move what the server says; the version tells of which text it speaks.
	version := p.Edit(p.code, lsptest.Range(0, 0, 0, 0), "// new\n")
	moved, _ := lsptest.AwaitFrom(p.Editor, 0, protocol.MethodTextDocumentPublishDiagnostics, func(d protocol.PublishDiagnosticsParams) bool {
		v, _ := d.Version.Get()
		return v == version && len(d.Diagnostics) == 1
	})
	if line := moved.Diagnostics[0].Range.Start.Line; line != parserPanic+1 {
		t.Errorf("after the edit the crash is on line %d, want %d", line, parserPanic+1)
	}

	reproducer := p.openReproducer(moved.Diagnostics[0].Range)
	if content, err := os.ReadFile(reproducer); err != nil || !strings.HasPrefix(string(content), "go test fuzz v1\nstring(\"no") {
		t.Errorf("the reproducer holds %q, %v", content, err)
	}

	p.execute(p.action(p.code, moved.Diagnostics[0].Range, "Replay").Command, nil)
	p.AwaitMessage("FuzzParse: still fails: panic: it said no")

	p.Replace(p.code, strings.ReplaceAll(parserGo, `panic("it said no")`, "return -1"))
	p.Save(p.code)
	p.awaitNoDiagnostics(p.code)

	p.click("■ Stop")
	p.AwaitProgress(mark, "Fuzzing")
	p.awaitLens("▶ Fuzz")
	for _, progress := range lsptest.ProgressOf(p.Messages()) {
		if !progress.Ended {
			t.Errorf("%q did not end", progress.Title)
		}
	}
}

// openReproducer has the action at a range executed, and returns the file that the
// server asks the editor to show.
func (p *parserEditor) openReproducer(r protocol.Range) string {
	p.t.Helper()
	mark := p.Mark()
	p.execute(p.action(p.code, r, "Open the input").Command, nil)
	shown, _ := lsptest.AwaitFrom[protocol.ShowDocumentParams](p.Editor, mark, protocol.MethodWindowShowDocument, nil)
	return shown.URI.FsPath()
}

func TestReplayOfTheCorpus(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.awaitLens("▶ Fuzz")
	var r replayed
	p.must(p.Command(commandReplay, &r, parserID))
	if r.Message != "FuzzParse: 1 input, no crash" || len(r.Crashes) != 0 {
		t.Errorf("got %+v", r)
	}
	p.AwaitMessage(r.Message)
	mark := p.Mark()
	p.must(p.Command(commandReplay, &r, parserID, map[string]bool{"quiet": true}))
	if !strings.HasSuffix(r.Message, "no crash") { // of one input more, which the first one kept
		t.Errorf("quietly: got %+v", r)
	}

	p.Replace(p.tst, strings.Replace(parserTest, `"yes"`, `"no"`, 1))
	p.Save(p.tst)
	p.must(p.Command(commandReplay, &r)) // the only fuzz test there is
	if !strings.Contains(r.Message, "1 crash: panic: it said no") || len(r.Crashes) != 1 {
		t.Errorf("got %+v", r)
	}
	if signature := signatureOf(p.awaitCrash()); signature != r.Crashes[0] {
		t.Errorf("got the signatures %s and %s", signature, r.Crashes[0])
	}
	if said, _ := lsptest.AwaitFrom[protocol.ShowMessageParams](p.Editor, mark, protocol.MethodWindowShowMessage, nil); said.Message != r.Message {
		t.Errorf("after a quiet replay, and one that was not: said %q first", said.Message)
	}
}

func TestBuildFailure(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.awaitLens("▶ Fuzz")
	p.Replace(p.code, strings.Replace(parserGo, "return len(s)", "return length(s)", 1))
	p.Save(p.code)
	p.click("▶ Fuzz")
	d := p.AwaitDiagnostics(p.code, func(d []protocol.Diagnostic) bool { return len(d) == 1 })[0]
	if want := lsptest.Range(7, 8, 7, 14); d.Range != want || d.Message != protocol.String("undefined: length") {
		t.Errorf("got %+v, want it at %v", d, want)
	}
	mark := p.Mark()
	p.click("could not be built")
	shown, _ := lsptest.AwaitFrom[protocol.ShowDocumentParams](p.Editor, mark, protocol.MethodWindowShowDocument, nil)
	if shown.URI.FsPath() != p.code || shown.Selection == nil || *shown.Selection != d.Range {
		t.Errorf("shown: %+v", shown)
	}

	p.Replace(p.code, parserGo)
	p.Save(p.code)
	p.click("▶ Fuzz")
	p.awaitLens("■ Stop")
	d = p.AwaitDiagnostics(p.code, func(d []protocol.Diagnostic) bool { return len(d) == 1 && signatureOf(d[0]) != codeBuild })[0]
	if d.Range.Start.Line != parserPanic {
		t.Errorf("after the fix: %+v", d)
	}
}

func TestDiscoveryProblem(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.awaitLens("▶ Fuzz")
	save := func(content string) {
		p.Replace(p.tst, content)
		p.Save(p.tst)
		p.FileChanged(p.tst, protocol.FileChangeTypeChanged)
	}
	save(strings.Replace(parserTest, "f.Add(", "f.Add)", 1))
	d := p.AwaitDiagnostics(p.tst, func(d []protocol.Diagnostic) bool { return len(d) > 0 })[0]
	if signatureOf(d) != codeDiscovery || d.Range.Start.Line != 5 {
		t.Errorf("got %+v", d)
	}
	save(parserTest)
	p.awaitNoDiagnostics(p.tst)
}

func TestDismiss(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.click("▶ Fuzz")
	d := p.awaitCrash()
	p.execute(p.action(p.code, d.Range, "Dismiss").Command, nil)
	p.awaitNoDiagnostics(p.code)
	p.awaitListed("dismissed")
	var r replayed
	p.must(p.Command(commandReplay, &r, crashArgument{signatureOf(d)}))
	if r.Still == nil || !*r.Still {
		t.Errorf("a dismissed crash can still be replayed: got %+v", r)
	}
	if actions, err := p.CodeActions(p.code, d.Range); err != nil || len(actions) != 0 {
		t.Errorf("got %v, %v", actions, err)
	}
}

// TestCrashOfAnEarlierSession has the source edited between two sessions, and fixes it
// without fuzzing.
func TestCrashOfAnEarlierSession(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.click("▶ Fuzz")
	p.awaitCrash()
	if status, err := p.Exit(); status != 0 || err != nil {
		t.Fatalf("ending the session: status %d, %v", status, err)
	}

	edited := strings.Replace(parserGo, "an answer.", "an answer\n// at all.", 1)
	p.must(os.WriteFile(p.code, []byte(edited), 0o666))
	p = reopenParser(t, p.dir, lsptest.Options{})
	d := p.awaitCrash()
	p.must(p.Command(commandReport, nil))
	shown := lsptest.AwaitNotification[protocol.ShowDocumentParams](p.Editor, protocol.MethodWindowShowDocument, nil)
	if report, err := os.ReadFile(shown.URI.FsPath()); err != nil || !strings.Contains(string(report), signatureOf(d)) {
		t.Errorf("the report of the earlier session: %v\n%s", err, report)
	}
	if message, _ := d.Message.(protocol.String); !strings.HasSuffix(string(message), "not replayed since the edit)") {
		t.Errorf("the crash says %s", message)
	}
	if line := d.Range.Start.Line; line != parserPanic+1 {
		t.Errorf("the crash is on line %d, want %d", line, parserPanic+1)
	}
	var r replayed
	p.execute(p.action(p.code, d.Range, "Replay").Command, &r)
	if r.Still == nil || !*r.Still || r.Message != "FuzzParse: still fails: panic: it said no" {
		t.Errorf("got %+v", r)
	}
	p.AwaitDiagnostics(p.code, func(d []protocol.Diagnostic) bool {
		return len(d) == 1 && d[0].Message == protocol.String("panic: it said no (FuzzParse)") && d[0].Range.Start.Line == parserPanic+1
	})
	p.Replace(p.code, strings.ReplaceAll(edited, `panic("it said no")`, "return -1"))
	p.Save(p.code)
	p.must(p.Command(commandReplay, &r, crashArgument{signatureOf(d)}))
	if r.Still == nil || *r.Still || r.Message != "FuzzParse: no longer fails: panic: it said no" {
		t.Errorf("got %+v", r)
	}
	p.awaitNoDiagnostics(p.code)
	p.awaitListed("fixed")
}

// TestFuzzTestActions has the actions at a fuzz test follow its state.
func TestFuzzTestActions(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	name := p.awaitLens("▶ Fuzz")[0].Range
	p.action(p.tst, name, "Replay the corpus of FuzzParse")
	p.execute(p.action(p.tst, name, "Fuzz FuzzParse").Command, nil)
	p.awaitLens("■ Stop")
	p.execute(p.action(p.tst, name, "Stop FuzzParse").Command, nil)
	p.awaitLens("▶ Fuzz")
	if actions, err := p.CodeActions(p.tst, lsptest.Range(0, 0, 3, 0)); err != nil || len(actions) != 0 {
		t.Errorf("above the fuzz test: got %v, %v", actions, err)
	}
	// A fuzz test that is being renamed is no longer the one that is known.
	p.Edit(p.tst, name, "FuzzOther")
	if lenses, err := p.CodeLens(p.tst); err != nil || len(lenses) != 0 {
		t.Errorf("after the renaming: got %v, %v", lenses, err)
	}
	p.Save(p.tst)
	p.FileChanged(p.tst, protocol.FileChangeTypeChanged)
	p.awaitLens("▶ Fuzz")
}

func TestMinimizeAndReport(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.click("▶ Fuzz")
	d := p.awaitCrash()
	p.click("■ Stop")
	p.awaitLens("▶ Fuzz")
	var m minimized
	p.execute(p.action(p.code, d.Range, "Minimize").Command, &m)
	if m.After > m.Before || m.After < 2 || m.Message == "" {
		t.Errorf("got %+v", m)
	}
	mark := p.Mark()
	p.must(p.Command(commandReport, nil))
	shown, _ := lsptest.AwaitFrom[protocol.ShowDocumentParams](p.Editor, mark, protocol.MethodWindowShowDocument, nil)
	if report, err := os.ReadFile(shown.URI.FsPath()); err != nil || !strings.Contains(string(report), signatureOf(d)) {
		t.Errorf("the report: %v\n%s", err, report)
	}
	p.must(p.Command(commandClear, nil))
}

func TestMakeTest(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.click("▶ Fuzz")
	d := p.awaitCrash()
	p.click("■ Stop")
	p.awaitLens("▶ Fuzz")
	reproducer := p.openReproducer(d.Range)

	var made madeTest
	p.execute(p.action(p.code, d.Range, "Make the crash a test").Command, &made)
	if !strings.HasPrefix(made.Message, `Added f.Add("no`) || !strings.Contains(made.Message, "testdata/fuzz/FuzzParse/") {
		t.Errorf("got %q", made.Message)
	}
	p.AwaitMessage(made.Message)
	p.Save(p.tst)
	if text := string(p.Document(p.tst).Text.Bytes()); !strings.Contains(text, "\tf.Add(\"yes\")\n\tf.Add(\"no") {
		t.Errorf("the fuzz test is now\n%s", text)
	}
	// The call alone must find the bug.
	p.must(os.Remove(reproducer))
	if out, ok := p.goTest(); ok || !strings.Contains(out, "it said no") || !strings.Contains(out, "seed#1") {
		t.Errorf("before the fix go test says\n%s", out)
	}
	p.Replace(p.code, strings.ReplaceAll(parserGo, `panic("it said no")`, "return -1"))
	p.Save(p.code)
	if out, ok := p.goTest(); !ok {
		t.Errorf("after the fix go test says\n%s", out)
	}
}

// TestEditorThatKnowsLittle has an editor like Neovim 0.7: no refresh of lenses, no
// showing of documents, no edits, UTF-16.
func TestEditorThatKnowsLittle(t *testing.T) {
	yes := true
	p := openParser(t, lsptest.Options{Capabilities: &protocol.ClientCapabilities{
		Window: &protocol.WindowClientCapabilities{WorkDoneProgress: &yes},
	}})
	p.AwaitProgress(0, "Finding")
	p.must(p.Command(commandStart, nil, parserID))
	d := p.awaitCrash()
	if len(d.RelatedInformation) > 0 || len(d.Data) > 0 {
		t.Errorf("it gets what it does not know: %+v", d)
	}
	lenses, err := p.CodeLens(p.tst)
	if err != nil || len(lenses) != 2 || lenses[0].Command.Title != "■ Stop" {
		t.Errorf("got %+v, %v", lenses, err)
	}
	p.execute(p.action(p.code, d.Range, "Open the input").Command, nil)
	p.AwaitMessage("Open " + p.dir + "/testdata/fuzz/FuzzParse/")
	var made madeTest
	p.must(p.Command(commandMakeTest, &made, signatureOf(d)))
	if !strings.Contains(made.Message, "your editor does not take edits") {
		t.Errorf("got %q", made.Message)
	}
}

func TestLensesWithoutTrust(t *testing.T) {
	p := openParser(t, lsptest.Options{InitializationOptions: map[string]any{"trusted": false}})
	lenses := p.awaitLens("not trusted")
	if len(lenses) != 1 {
		t.Errorf("got %+v", lenses)
	}
	for _, command := range []string{commandStart, commandReplay, commandMinimize} {
		if err := p.Command(command, nil); err == nil || !strings.Contains(err.Error(), "trust the workspace") {
			t.Errorf("%s: got %v", command, err)
		}
	}
	if _, err := os.Stat(p.dir + "/.fuzzls"); err == nil {
		t.Error("the state directory was made")
	}
}

func TestCommandErrors(t *testing.T) {
	p := openParser(t, lsptest.Options{})
	p.awaitLens("▶ Fuzz")
	for _, test := range []struct {
		command string
		args    []any
		want    string
	}{
		{commandStart, []any{"FuzzX"}, `there is no fuzz test "FuzzX": expected one of ` + parserID},
		{commandStart, []any{7}, "the argument is 7: expected a fuzz test's id as a string"},
		{commandReplay, []any{map[string]string{"signature": "x"}}, `there is no crash "x"`},
		{commandReproducer, nil, "there is no open crash"},
		{commandDismiss, []any{"x"}, `there is no crash "x"`},
		{commandMakeTest, []any{[]int{1}}, "the argument is [1]: expected a crash's signature as a string"},
		{commandMinimize, []any{""}, `the argument is "": expected a crash's signature as a string`},
		{commandReport, nil, "nothing has been fuzzed"},
		{commandFailure, nil, "FuzzParse did not fail to start"},
	} {
		if err := p.Command(test.command, nil, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.command, err, test.want)
		}
	}
}
