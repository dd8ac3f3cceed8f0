// Package e2e tests the language server as independent clients use it.
package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines what the tests share: a module to fuzz, and what is missing.

// TestMain removes the binary that the tests build.
func TestMain(m *testing.M) { os.Exit(lsptest.Main(m)) }

// settingsModule returns a copy of the example module, whose FuzzParse crashes.
func settingsModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/settings")); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".fuzzls", "testdata"} { // by somebody's campaign
		if err := os.RemoveAll(filepath.Join(dir, left)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// missing ends a test for which a program is not installed: an error in CI, a loud
// skip elsewhere.
func missing(t *testing.T, program, get string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s not found: %s", program, get)
	}
	t.Skipf("NOT TESTED: %s not found: %s", program, get)
}
