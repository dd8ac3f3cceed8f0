package lsp

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines the module that tests of lenses, diagnostics, actions and commands
// work on, and what they ask the editor.

// A module with one fuzz test, which crashes soon.
const (
	parserMod = "module example.com/parser\n\ngo 1.24\n"
	parserGo  = `package parser

// Parse does not take "no" for an answer.
func Parse(s string) int {
	if len(s) > 1 && s[0] == 'n' && s[1] == 'o' {
		panic("it said no")
	}
	return len(s)
}
`
	parserTest = `package parser

import "testing"

func FuzzParse(f *testing.F) {
	f.Add("yes")
	f.Fuzz(func(t *testing.T, s string) {
		Parse(s)
	})
}
`
	// parserPanic is the line of the panic, 0-based.
	parserPanic = 5
	parserID    = "example.com/parser.FuzzParse"
)

// parserEditor is an editor that has the module's files open.
type parserEditor struct {
	*lsptest.Editor
	t         testing.TB
	dir       string
	code, tst string // paths
}

// openParser makes the module in a directory of its own and opens it in an editor.
func openParser(t *testing.T, o lsptest.Options) *parserEditor {
	t.Helper()
	// The go command names paths without symbolic links.
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": parserMod, "parser.go": parserGo, "parser_test.go": parserTest} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return reopenParser(t, dir, o)
}

// reopenParser opens the module in dir in another editor.
func reopenParser(t *testing.T, dir string, o lsptest.Options) *parserEditor {
	t.Helper()
	p := &parserEditor{t: t, dir: dir, code: filepath.Join(dir, "parser.go"), tst: filepath.Join(dir, "parser_test.go")}
	o.Folders = []string{dir}
	p.Editor = lsptest.Start(t, o)
	p.Open(p.code)
	p.Open(p.tst)
	return p
}

// awaitLens waits for a lens that contains part, and returns all of the test file. It
// asks whenever the server says that they changed.
func (p *parserEditor) awaitLens(part string) []protocol.CodeLens {
	p.t.Helper()
	for {
		mark := p.Mark()
		lenses, err := p.CodeLens(p.tst)
		if err != nil {
			p.t.Fatal(err)
		}
		if slices.ContainsFunc(lenses, func(l protocol.CodeLens) bool { return strings.Contains(l.Command.Title, part) }) {
			return lenses
		}
		p.Await("a lens with "+part, func(messages []lsptest.Message) bool {
			return slices.ContainsFunc(messages[mark:], func(m lsptest.Message) bool { return m.Method == protocol.MethodWorkspaceCodeLensRefresh })
		})
	}
}

// click executes the command of the lens that contains part.
func (p *parserEditor) click(part string) {
	p.t.Helper()
	for _, l := range p.awaitLens(part) {
		if strings.Contains(l.Command.Title, part) {
			p.execute(l.Command, nil)
			return
		}
	}
}

func (p *parserEditor) execute(c protocol.Command, result any) {
	p.t.Helper()
	args := make([]any, len(c.Arguments))
	for i, arg := range c.Arguments {
		args[i] = arg
	}
	p.must(p.Command(c.Command, result, args...))
}

func (p *parserEditor) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// awaitCrash waits for the one diagnostic of the crash, and returns it.
func (p *parserEditor) awaitCrash() protocol.Diagnostic {
	p.t.Helper()
	return p.AwaitDiagnostics(p.code, func(d []protocol.Diagnostic) bool { return len(d) == 1 })[0]
}

func (p *parserEditor) awaitNoDiagnostics(path string) {
	p.t.Helper()
	p.AwaitDiagnostics(path, func(d []protocol.Diagnostic) bool { return len(d) == 0 })
}

// awaitListed waits until the list of crashes holds the one that there is with a status.
func (p *parserEditor) awaitListed(status string) {
	p.t.Helper()
	lsptest.AwaitNotification(p.Editor, methodCrashes, func(c CrashesParams) bool {
		return len(c.Crashes) == 1 && c.Crashes[0].Status == status
	})
}

// action returns the action at a range whose title begins with title.
func (p *parserEditor) action(path string, r protocol.Range, title string) *protocol.CodeAction {
	p.t.Helper()
	actions, err := p.CodeActions(path, r)
	p.must(err)
	for _, a := range actions {
		if action, ok := a.(*protocol.CodeAction); ok && strings.HasPrefix(action.Title, title) {
			return action
		}
	}
	p.t.Fatalf("no action %q in %v", title, actions)
	return nil
}

// signature returns the signature of a crash's diagnostic.
func signatureOf(d protocol.Diagnostic) string {
	code, _ := d.Code.(protocol.String)
	return string(code)
}

// goTest runs the module's tests and returns what they print.
func (p *parserEditor) goTest() (output string, ok bool) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "go", "test", "-count=1", ".")
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}
