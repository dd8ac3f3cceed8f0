package live

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how campaigns hold on to the executable that they were started
// with. A rebuild replaces the executable's file while the campaign goes on; when an
// executor has to start again, it must get the old one, whose points are being counted.
// So everything that runs here runs from a hard link that is named by its content.

// heldMark stands between the executable's name and its digest.
const heldMark = "-"

// hold links the executables of b and makes its tests use the links.
func (w *Workspace) hold(b *build) error {
	links := map[string]string{}
	b.release = func() {
		for _, link := range links {
			w.unhold(link)
		}
	}
	for i := range b.tests {
		exe := b.tests[i].Exe
		link := links[exe]
		if link == "" {
			var err error
			if link, err = w.holdExecutable(exe); err != nil {
				b.release()
				return err
			}
			links[exe] = link
		}
		b.tests[i].Exe, b.tests[i].Built = link, exe
	}
	return nil
}

// shared returns a build of tests that some other build holds, with a hold of its own.
func (w *Workspace) shared(tests []target.Test) *build {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range tests {
		w.held[t.Exe]++
	}
	return &build{tests: tests, release: func() {
		for _, t := range tests {
			w.unhold(t.Exe)
		}
	}}
}

func (w *Workspace) holdExecutable(exe string) (link string, err error) {
	digest, err := digestOf(exe)
	if err != nil {
		return "", err
	}
	link = exe + heldMark + digest
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[link] == 0 {
		if err := os.Link(exe, link); err != nil && !os.IsExist(err) {
			return "", fmt.Errorf("keeping a built target while it runs: %w", err)
		}
	}
	w.held[link]++
	return link, nil
}

func (w *Workspace) unhold(link string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[link]--
	if w.held[link] > 0 {
		return
	}
	delete(w.held, link)
	os.Remove(link) // if that fails, the next to take the lock does it
}

// removeHeldExecutables removes the links of processes that were killed. The caller has
// the campaign lock and holds no executable.
func removeHeldExecutables(state *store.State) {
	files, _ := filepath.Glob(filepath.Join(state.BuildsDir(), "*", "*"+heldMark+"*")) // the pattern is right
	for _, file := range files {
		if exe, ok := heldName(file); ok && isFile(exe) {
			os.Remove(file) // one too many does no harm
		}
	}
}

// heldName returns of which executable a file is a link by its name.
func heldName(file string) (exe string, ok bool) {
	at := strings.LastIndex(file, heldMark)
	if at < 0 {
		return "", false
	}
	digest := file[at+len(heldMark):]
	_, err := strconv.ParseUint(digest, 16, 64)
	return file[:at], err == nil && len(digest) == digestLen
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// digestLen is the number of hex digits of digestOf.
const digestLen = 16

// digestOf returns 16 hex digits that identify the content of a file.
func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading a built target: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("reading a built target: %w", err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)[:8]), nil
}
