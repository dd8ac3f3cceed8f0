package lsp

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests that a person can turn off building on save.

func TestNoRebuildOnSave(t *testing.T) {
	dir := smallModule(t, t.TempDir())
	path := filepath.Join(dir, "m.go")
	off := map[string]any{"jobs": 1, "rebuildOnSave": false}
	e := lsptest.Start(t, lsptest.Options{Folders: []string{dir}, Settings: off})
	found(e, 1)
	must(t, e.Command(commandStart, nil))
	e.Open(path)
	running := func(runs uint64) uint64 {
		s := awaitTest(e, func(s TestStatus) bool { return s.State == "running" && s.Figures != nil && s.Figures.Runs > runs })
		return s.Figures.Runs
	}
	runs := running(0)
	mark := e.Mark()
	e.Edit(path, lsptest.Range(0, 0, 0, 0), "// saved\n")
	e.Save(path)
	running(runs + 100_000) // far longer than saves are collected
	for _, p := range lsptest.ProgressOf(e.Messages()[mark:]) {
		if strings.HasPrefix(p.Title, "Building") {
			t.Errorf("it was built: %+v", p)
		}
	}
	mark = e.Mark()
	// The server says what is wrong with settings once it has them.
	e.SetSettings(map[string]any{"jobs": 1, "timeout": "never"})
	e.AwaitMessage("fuzzls.timeout")
	e.Edit(path, lsptest.Range(0, 0, 0, 0), "// saved again\n")
	e.Save(path)
	e.AwaitProgress(mark, "Building")
}

func TestVersionOfTheServer(t *testing.T) {
	for _, args := range [][]string{{"--version"}, {"lsp", "--version"}} {
		out, err := exec.Command(lsptest.Binary(t), args...).Output()
		if err != nil || !strings.HasPrefix(string(out), "fuzzls version ") {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
}
