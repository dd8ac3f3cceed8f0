// Package modules brings public modules, at pinned versions, for benchmarks and
// tests of real input.
package modules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// The modules and versions that benchmarks and tests use. Module zips hold tests.
const (
	TOML     = "github.com/BurntSushi/toml@v1.5.0"
	Goldmark = "github.com/yuin/goldmark@v1.7.13"
	Parse    = "github.com/tdewolff/parse/v2@v2.8.3"
)

// Checkout writes a copy of a module into dir, which must not exist yet, as a
// user's checkout would be: writable, with its dependencies downloaded.
func Checkout(module, dir string) error {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	var info struct{ Dir, Error string }
	if json.Unmarshal(out, &info) != nil || err != nil {
		return fmt.Errorf("downloading %s: %v: %s%s: is the Go module proxy reachable?", module, err, info.Error, stderr(err))
	}
	if err := copyTree(info.Dir, dir); err != nil {
		return fmt.Errorf("copying %s: %w", module, err)
	}
	cmd = exec.Command("go", "mod", "download")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("downloading the dependencies of %s: %w: %s", module, err, bytes.TrimSpace(out))
	}
	return nil
}

// copyTree copies a directory; the copy is writable, unlike the module cache.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		dest := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(dest, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(dest, data, 0o644)
	})
}

func stderr(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return bytes.TrimSpace(exit.Stderr)
	}
	return nil
}
