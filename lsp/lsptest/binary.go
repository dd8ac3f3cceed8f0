package lsptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// This file defines the binary under test, which is built once per test process.

// Main runs the tests of a package and removes the binary afterwards. A package that
// uses Start calls it from its TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(lsptest.Main(m)) }
func Main(m *testing.M) int {
	defer func() {
		if dir := filepath.Dir(built.path); built.path != "" {
			os.RemoveAll(dir)
		}
	}()
	return m.Run()
}

// built is the binary, once it is built.
var built struct {
	once sync.Once
	path string
	err  error
}

// Binary builds fuzzls, the first time that it is called, and returns its path. Under
// the race detector it is built with it, too.
func Binary(t testing.TB) string {
	t.Helper()
	built.once.Do(func() { built.path, built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func build() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", fmt.Errorf("building fuzzls: its source is not found")
	}
	dir, err := os.MkdirTemp("", "fuzzls-lsp-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "fuzzls")
	args := []string{"build", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/fuzzls")...)
	cmd.Dir = filepath.Dir(filepath.Dir(filepath.Dir(file)))
	if out, err := cmd.CombinedOutput(); err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("building fuzzls: %w\n%s", err, out)
	}
	return path, nil
}
