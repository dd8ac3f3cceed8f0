package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines the test with an independent client: Neovim's built-in one.

// TestNeovim starts a campaign from a code lens, sees the crash as a diagnostic and
// opens its reproducer from a code action, in Neovim without any plugin.
func TestNeovim(t *testing.T) {
	dir := settingsModule(t)
	inNeovim(t, dir, "settings_test.go", "settings.go", "TYPE=go", "FUZZ=func FuzzParse(", "INPUT=go test fuzz v1", "OPTIONS={}")
}

// TestNeovimZig does the same in a package in Zig.
func TestNeovimZig(t *testing.T) {
	compiler, err := programs.Zig()
	if err != nil {
		missing(t, "Zig "+programs.Version, "scripts/setup")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/script")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, ".fuzzls")); err != nil { // by somebody's campaign
		t.Fatal(err)
	}
	options, err := json.Marshal(map[string]any{"settings": map[string]any{"zig": map[string]any{"path": compiler, "optimize": programs.Debug}}})
	if err != nil {
		t.Fatal(err)
	}
	inNeovim(t, dir, "src/deque.zig", "src/deque.zig", "TYPE=zig", `FUZZ=test "agrees with a list"`, "INPUT=src/deque.zig:", "OPTIONS="+string(options))
}

// inNeovim runs the script with the fuzz test in file and the crash in source, both in
// dir; env is what else testdata/neovim.lua wants to know.
func inNeovim(t *testing.T, dir, file, source string, env ...string) {
	t.Helper()
	nvim, err := exec.LookPath("nvim")
	if err != nil {
		missing(t, "nvim", "apt-get install neovim")
	}
	shots := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, nvim, "--headless", "--clean", "-S", "testdata/neovim.lua")
	cmd.Env = append(os.Environ(), "FUZZLS="+lsptest.Binary(t), "ROOT="+dir, "FILE="+filepath.Join(dir, file),
		"SOURCE="+filepath.Join(dir, source), "SHOTS="+shots, "XDG_STATE_HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir())
	cmd.Env = append(cmd.Env, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	t.Logf("%s", out.String())
	showScreens(t, shots)
	if err != nil || !strings.Contains(out.String(), "ok: Neovim") {
		t.Fatalf("Neovim: %v", err)
	}
	screen, err := os.ReadFile(filepath.Join(shots, "idle.txt"))
	if err != nil || !strings.Contains(string(screen), "Fuzz") {
		t.Errorf("no lens on the screen: %v\n%s", err, screen)
	}
}

// showScreens logs what was on Neovim's screen.
func showScreens(t *testing.T, dir string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s\n%s", filepath.Base(path), text)
	}
}
