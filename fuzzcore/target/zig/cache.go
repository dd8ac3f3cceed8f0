package zig

import (
	"io/fs"
	"os"
	"path/filepath"
)

// This file bounds what Zig keeps of builds. Zig never removes anything from its cache, and
// every edit that is built adds an executable and its objects, 10 to 30 MB.

// maxCache is how large the cache of a workspace may be: some two hundred builds.
const maxCache = 4 << 30

// pruneCache removes Zig's cache if it has more than limit bytes. Single entries cannot be
// removed: Zig would take them for being there. Whoever calls it holds the lock of the
// state, so that nothing is being built.
func pruneCache(dir string, limit int64) error {
	var size int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil // what cannot be read is not counted
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	if err != nil || size <= limit {
		return err
	}
	return os.RemoveAll(dir)
}
