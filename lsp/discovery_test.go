package lsp

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests when fuzz tests are looked for, with the real binary and modules.

const finding = "Finding fuzz tests"

// writeFiles writes "name", "content" pairs below dir.
func writeFiles(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// smallModule writes a module with one fuzz test.
func smallModule(t testing.TB, dir string) string {
	t.Helper()
	writeFiles(t, dir, "go.mod", "module example.com/m\n\ngo 1.22\n", "m.go", "package m\n\nfunc F(b []byte) bool { return len(b) == 3 }\n",
		"m_test.go", "package m\n\nimport \"testing\"\n\nfunc FuzzF(f *testing.F) {\n\tf.Fuzz(func(t *testing.T, b []byte) { F(b) })\n}\n")
	return dir
}

// found waits until fuzz tests were looked for n times in all.
func found(e *lsptest.Editor, n int) {
	e.Await(fmt.Sprintf("the end of discovery number %d", n), func(messages []lsptest.Message) bool {
		ended := 0
		for _, p := range lsptest.ProgressOf(messages) {
			if p.Title == finding && p.Ended {
				ended++
			}
		}
		return ended >= n
	})
}

// TestCommandBeforeDiscovery gives a command before the client has said its settings,
// without which nothing is looked for.
func TestCommandBeforeDiscovery(t *testing.T) {
	e := lsptest.Start(t, lsptest.Options{NoInitialize: true})
	asked, settings := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(asked) })
	e.AnswerWith(protocol.MethodWorkspaceConfiguration, func(json.RawMessage) (any, error) {
		first()
		<-settings
		return []any{nil}, nil
	})
	params := lsptest.InitializeParams(lsptest.Options{Folders: []string{smallModule(t, t.TempDir())}})
	must(t, e.Call(protocol.MethodInitialize, params, nil))
	e.Notify(protocol.MethodInitialized, &protocol.InitializedParams{})
	<-asked
	done := make(chan error, 1)
	go func() { done <- e.Command(commandFailure, nil) }()
	close(settings)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "FuzzF did not fail") {
		t.Errorf("got %v", err)
	}
	status, err := e.Exit()
	if status != 0 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
}

func TestDiscovery(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
	found(e, 1)
	for method, want := range map[string]string{
		protocol.MethodWorkspaceDidChangeWatchedFiles:  `"**/*.go"`,
		protocol.MethodWorkspaceDidChangeConfiguration: `"fuzzls"`,
	} {
		lsptest.AwaitNotification(e, protocol.MethodClientRegisterCapability, func(p protocol.RegistrationParams) bool {
			r := p.Registrations[0]
			return r.Method == method && strings.Contains(string(r.RegisterOptions), want)
		})
	}
	e.FileChanged(filepath.Join(dir, "m_test.go"), protocol.FileChangeTypeChanged)
	found(e, 2)
	e.FileChanged(filepath.Join(dir, "testdata/fuzz/FuzzF/0123"), protocol.FileChangeTypeDeleted)
	found(e, 3)

	// Nothing of this concerns the list of fuzz tests.
	e.FileChanged(filepath.Join(dir, "m.go"), protocol.FileChangeTypeChanged)
	e.FileChanged(filepath.Join(dir, "testdata/fuzz/FuzzF/0123"), protocol.FileChangeTypeCreated)
	e.FileChanged(filepath.Join(t.TempDir(), "other_test.go"), protocol.FileChangeTypeChanged)
	// This does, and is the next that is heard of.
	other := smallModule(t, t.TempDir())
	e.Notify(protocol.MethodWorkspaceDidChangeWorkspaceFolders, &protocol.DidChangeWorkspaceFoldersParams{
		Event: protocol.WorkspaceFoldersChangeEvent{
			Added:   []protocol.WorkspaceFolder{{URI: uri.File(other), Name: "other"}},
			Removed: []protocol.WorkspaceFolder{{URI: uri.File(dir), Name: "m"}},
		},
	})
	found(e, 4)
	e.FileChanged(filepath.Join(dir, "m_test.go"), protocol.FileChangeTypeChanged) // not ours any longer
	e.FileChanged(filepath.Join(other, "go.mod"), protocol.FileChangeTypeChanged)
	found(e, 5)
	for _, p := range lsptest.ProgressOf(e.Messages()) {
		if len(p.Reports) > 0 && !p.Ended {
			t.Errorf("%s did not end", p.Title)
		}
	}
}

// TestDiscoveryWithoutFolder opens one file, of a module that nothing else names.
func TestDiscoveryWithoutFolder(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	e := lsptest.Start(t, lsptest.Options{})
	e.OpenText(filepath.Join(dir, "README.md"), "no Go file")
	e.Open(filepath.Join(dir, "m.go"))
	found(e, 1)
}

// TestWatchesFilesItself has a client that tells of no files.
func TestWatchesFilesItself(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	caps := lsptest.AllCapabilities()
	caps.Workspace.DidChangeWatchedFiles = nil
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Capabilities: &caps, Args: []string{"--log-level=debug"}})
	found(e, 1)
	// Watching begins after discovery was asked for, so the log has to say that it did.
	e.Process().AwaitLog(t, "watching directories")
	writeFiles(t, dir, "sub/sub_test.go", "package sub\n")
	found(e, 2)
	writeFiles(t, dir, "sub/sub_test.go", "package sub\n\nimport \"testing\"\n\nfunc FuzzS(f *testing.F) {}\n")
	found(e, 3)
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	found(e, 4)
}

// TestUntrustedRunsNothing checks that nothing is run, not even the go command.
func TestUntrustedRunsNothing(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	ran := filepath.Join(t.TempDir(), "ran")
	fake := filepath.Join(t.TempDir(), "go")
	if err := os.WriteFile(fake, []byte("#!/bin/sh\ntouch "+ran+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	settings := map[string]any{"go": map[string]any{"path": fake}}
	start := func(trusted bool) *lsptest.Editor {
		return lsptest.Start(t, lsptest.Options{
			Folders:               []string{dir},
			InitializationOptions: map[string]any{"trusted": trusted, "settings": settings},
			Settings:              settings,
		})
	}
	e := start(false)
	e.Open(filepath.Join(dir, "m_test.go"))
	e.Edit(filepath.Join(dir, "m_test.go"), lsptest.Range(0, 0, 0, 0), "// edited\n")
	e.Save(filepath.Join(dir, "m_test.go"))
	e.SetSettings(settings)
	for _, command := range e.Initialized.Capabilities.ExecuteCommandProvider.Commands {
		err := e.Command(command, nil)
		if strings.HasSuffix(command, ".start") && (err == nil || !strings.Contains(err.Error(), "not trusted")) {
			t.Errorf("%s: %v", command, err)
		}
	}
	if status, err := e.Exit(); status != 0 || err != nil {
		t.Fatal(status, err)
	}
	if exists(ran) {
		t.Error("the go command was run")
	}
	start(true).AwaitMessage("finding the fuzz tests of " + dir)
	if !exists(ran) {
		t.Error("the test would not have noticed that the go command was run")
	}
}

// BenchmarkInitialize starts the server on a module of 1,000 packages: it must answer
// without having looked at them. Starting `fuzzls --version` is measured beside it, as
// what this machine takes at the moment to start the program at all.
func BenchmarkInitialize(b *testing.B) {
	dir := b.TempDir()
	writeFiles(b, dir, "go.mod", "module example.com/large\n\ngo 1.22\n")
	for i := range 1000 {
		writeFiles(b, dir, fmt.Sprintf("p%d/p.go", i), "package p\n\nfunc F() {}\n",
			fmt.Sprintf("p%d/p_test.go", i), "package p\n\nimport \"testing\"\n\nfunc FuzzF(f *testing.F) {\n\tf.Fuzz(func(*testing.T, []byte) {})\n}\n")
	}
	binary := lsptest.Binary(b)
	var program, initialized, answered []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := exec.Command(binary, "--version").Run(); err != nil {
			b.Fatal(err)
		}
		program = append(program, time.Since(begin))

		begin = time.Now()
		e := lsptest.Start(b, lsptest.Options{Folders: []string{dir}})
		initialized = append(initialized, time.Since(begin))
		_ = e.Call("fuzzls/noSuch", nil, nil) // discovery is going on
		answered = append(answered, time.Since(begin))
		e.Notify(protocol.MethodExit, nil)
		e.Process().Wait()
	}
	report := func(times []time.Duration, unit string) {
		slices.Sort(times)
		b.ReportMetric(times[len(times)/2].Seconds()*1000, unit)
	}
	report(program, "ms/start-of-program")
	report(initialized, "ms/initialized")
	report(answered, "ms/next-answer")
	b.ReportMetric(0, "ns/op")
}
