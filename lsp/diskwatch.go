package lsp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fsnotify/fsnotify"
	"go.lsp.dev/protocol"
)

// This file defines the watching of directories for clients that do not watch files.

// maxWatched bounds the watched directories: the system gives each user a limited number
// of watches, of which editors want their share.
const maxWatched = 4096

// diskWatcher watches the directories of all workspaces.
type diskWatcher struct {
	server  *server
	notify  *fsnotify.Watcher
	mu      sync.Mutex // guards watched and full
	watched map[string]bool
	full    bool // the user was told that not all directories are watched
}

// watchDisk begins to watch the directories of the workspaces.
func (s *server) watchDisk() {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		s.log.Warn("files cannot be watched: saving them in the editor is seen all the same", "error", err)
		return
	}
	d := &diskWatcher{server: s, notify: notify, watched: map[string]bool{}}
	s.watcher.mu.Lock()
	s.watcher.disk = d
	s.watcher.mu.Unlock()
	s.spawn(d.run)
	s.watcher.rearrange()
}

// rearrange watches the directories of the present workspaces.
func (w *watcher) rearrange() {
	w.mu.Lock()
	d := w.disk
	w.mu.Unlock()
	if d != nil {
		d.server.spawn(func(context.Context) { d.arrange() })
	}
}

// arrange adds the directories of new workspaces and drops those of closed ones.
func (d *diskWatcher) arrange() {
	all := d.server.workspaces()
	d.mu.Lock()
	for dir := range d.watched {
		kept := false
		for _, w := range all {
			kept = kept || within(dir, w.Dir())
		}
		if !kept {
			_ = d.notify.Remove(dir)
			delete(d.watched, dir)
		}
	}
	d.mu.Unlock()
	for _, w := range all {
		d.add(w.Dir())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.server.log.Debug("watching directories", "number", len(d.watched))
}

// add watches a directory and those below it.
func (d *diskWatcher) add(root string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir
		case !entry.IsDir():
			return nil
		case path != root && unwatched(path):
			return fs.SkipDir
		case d.watched[path]:
			return nil
		case len(d.watched) >= maxWatched:
			d.tellFull(root, nil)
			return fs.SkipAll
		}
		if err := d.notify.Add(path); err != nil {
			d.tellFull(root, err)
			return fs.SkipAll
		}
		d.watched[path] = true
		return nil
	})
}

// unwatched reports whether nothing of interest is below a directory.
func unwatched(path string) bool {
	name := filepath.Base(path)
	return skipped(name) && name != "testdata"
}

func (d *diskWatcher) tellFull(root string, err error) {
	if d.full {
		return
	}
	d.full = true
	d.server.log.Warn("not all directories are watched: restart the server after changes outside of the editor",
		"workspace", root, "watched", len(d.watched), "error", err)
}

// run passes on what changes, until the server ends.
func (d *diskWatcher) run(ctx context.Context) {
	defer d.notify.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-d.notify.Events:
			if !ok {
				return
			}
			d.handle(event)
		case err, ok := <-d.notify.Errors:
			if !ok {
				return
			}
			d.server.log.Warn("watching files", "error", err)
			if errors.Is(err, fsnotify.ErrEventOverflow) {
				d.reloadAll()
			}
		}
	}
}

func (d *diskWatcher) handle(event fsnotify.Event) {
	change := fileChange{path: event.Name}
	switch {
	case event.Has(fsnotify.Create):
		change.kind = protocol.FileChangeTypeCreated
		if info, err := os.Lstat(event.Name); err == nil && info.IsDir() && !unwatched(event.Name) {
			d.addCreated(event.Name)
		}
	case event.Has(fsnotify.Remove), event.Has(fsnotify.Rename):
		change.kind = protocol.FileChangeTypeDeleted
	case event.Has(fsnotify.Write):
		change.kind = protocol.FileChangeTypeChanged
	default:
		return
	}
	d.server.filesChanged([]fileChange{change})
}

// addCreated watches a new directory. What was put into it before it was watched is found
// by looking again; the inputs that campaigns write are no reason for that.
func (d *diskWatcher) addCreated(dir string) {
	d.add(dir)
	if w := d.server.workspaceOf(dir); w != nil && !strings.Contains(dir+"/", "/testdata/") {
		d.server.folders.changed.mark(w)
	}
}

// reloadAll looks for fuzz tests everywhere, since changes were missed.
func (d *diskWatcher) reloadAll() {
	for _, w := range d.server.workspaces() {
		d.server.folders.changed.mark(w)
	}
}
