package goruntime

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// This file writes the overlay for one GOROOT.

//go:embed _overlay/fuzz/*.go _overlay/fuzz/*.s _overlay/testing/*.go
var added embed.FS

// packages maps the directories of the added files to the packages they belong to.
var packages = map[string]string{
	"_overlay/fuzz":    "internal/fuzz",
	"_overlay/testing": "testing",
}

// Overlay writes the overlay for the standard library of goroot into dir, which it
// creates, and returns the path of the file to give to "go build -overlay". The
// same goroot and the same fuzzls give the same bytes. If goroot is of a version
// that the edits do not fit, the error is an *AnchorError.
func Overlay(goroot, dir string) (overlayJSON string, err error) {
	files, err := overlayFiles(goroot)
	if err != nil {
		return "", fmt.Errorf("making the overlay for %s: %w", goroot, err)
	}
	replace := make(map[string]string)
	for name, text := range files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return "", fmt.Errorf("making the overlay: %w", err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return "", fmt.Errorf("making the overlay: %w", err)
		}
		replace[filepath.Join(goroot, "src", filepath.FromSlash(name))] = to
	}
	list, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", fmt.Errorf("making the overlay: %w", err)
	}
	overlayJSON = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayJSON, list, 0o644); err != nil {
		return "", fmt.Errorf("making the overlay: %w", err)
	}
	return overlayJSON, nil
}

// Version identifies the added files and the edits: a build made with another
// version is stale.
func Version() string {
	h := sha256.New()
	fs.WalkDir(added, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := added.ReadFile(name)
			fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
		}
		return nil
	})
	fmt.Fprintf(h, "%q", edits)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// overlayFiles returns the text of each file of the overlay by its path below
// GOROOT/src.
func overlayFiles(goroot string) (map[string]string, error) {
	files := make(map[string]string)
	for _, e := range edits {
		from := filepath.Join(goroot, "src", filepath.FromSlash(e.file))
		text, ok := files[e.file]
		if !ok {
			b, err := os.ReadFile(from)
			if err != nil {
				return nil, err
			}
			text = string(b)
		}
		text, err := e.apply(from, text)
		if err != nil {
			return nil, err
		}
		files[e.file] = text
	}
	counterList, err := counterListSymbol(goroot)
	if err != nil {
		return nil, err
	}
	for dir, pkg := range packages {
		entries, err := added.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			text, err := added.ReadFile(path.Join(dir, entry.Name()))
			if err != nil {
				return nil, err
			}
			files[path.Join(pkg, entry.Name())] = strings.ReplaceAll(string(text), counterListNow, counterList)
		}
	}
	return files, nil
}

// counterListNow is the symbol by which zz_fuzzls_blocks.go gets at the runtime's
// list of block counters: its name since Go 1.23. Go 1.22 has it in another package.
const counterListNow = "internal/coverage/cfile.getCovCounterList"

var counterListLinkname = regexp.MustCompile(`(?m)^//go:linkname \w+ (\S+\.getCovCounterList)$`)

// counterListSymbol returns the name that goroot's runtime gives that symbol.
func counterListSymbol(goroot string) (string, error) {
	file := filepath.Join(goroot, "src", "runtime", "covercounter.go")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	matches := counterListLinkname.FindAllStringSubmatch(string(text), -1)
	if len(matches) != 1 {
		return "", &AnchorError{File: file, Anchor: counterListLinkname.String(), Count: len(matches)}
	}
	return matches[0][1], nil
}
