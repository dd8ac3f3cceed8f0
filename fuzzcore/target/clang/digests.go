package clang

import (
	"os"
	"sync"
)

// This file defines digests: the digests of files, each read once for a build.

// digests remembers the digests of files. Its methods may be called by several goroutines.
type digests struct {
	mu    sync.Mutex        // guards known
	known map[string]string // by path
}

func newDigests() *digests { return &digests{known: map[string]string{}} }

// of returns the digest of a file, "" if it cannot be read.
func (d *digests) of(path string) string {
	d.mu.Lock()
	sum, ok := d.known[path]
	d.mu.Unlock()
	if ok {
		return sum
	}
	if data, err := os.ReadFile(path); err == nil {
		sum = digest(data)
	}
	d.mu.Lock()
	d.known[path] = sum
	d.mu.Unlock()
	return sum
}
