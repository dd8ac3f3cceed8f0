// Package e2e tests the language server as independent clients use it.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// This file defines what the tests share: the real binary and a module to fuzz.

// binary is the fuzzls that the tests run; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fuzzls-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "fuzzls")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/fuzzls").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building fuzzls: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

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
