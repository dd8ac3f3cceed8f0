package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines the test with an independent client: Neovim's built-in one.

// TestNeovim starts a campaign from a code lens, sees the crash as a diagnostic and
// opens its reproducer from a code action, in Neovim without any plugin.
func TestNeovim(t *testing.T) {
	nvim, err := exec.LookPath("nvim")
	if err != nil {
		missing(t, "nvim", "apt-get install neovim")
	}
	dir := settingsModule(t)
	shots := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, nvim, "--headless", "--clean", "-S", "testdata/neovim.lua")
	cmd.Env = append(os.Environ(), "FUZZLS="+lsptest.Binary(t), "FILE="+filepath.Join(dir, "settings_test.go"),
		"SOURCE="+filepath.Join(dir, "settings.go"), "SHOTS="+shots, "XDG_STATE_HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir())
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
