package lsp

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines what changes of files mean, and asks the client to tell of them.
// Clients that cannot are helped out by diskwatch.go.

// watcher hears of changes of files.
type watcher struct {
	mu   sync.Mutex   // guards the fields below
	disk *diskWatcher // nil if the client watches, or before start
	// saved holds the files that workspaces were told of: a few hundred at most, since
	// people and their tools save them.
	saved map[string]fileStamp
}

// watchedFiles are the patterns of the files to hear of.
var watchedFiles = append(project.WatchPatterns(), "**/testdata/fuzz/**")

// start asks the client to tell of changes; if it cannot, the directories are watched.
func (w *watcher) start(ctx context.Context, s *server) {
	if !s.trusted {
		return // there are no workspaces
	}
	if !s.caps.watchFiles {
		s.watchDisk()
		return
	}
	var options protocol.DidChangeWatchedFilesRegistrationOptions
	for _, pattern := range watchedFiles {
		options.Watchers = append(options.Watchers, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(pattern)})
	}
	err := s.register(ctx, "fuzzls/files", protocol.MethodWorkspaceDidChangeWatchedFiles, options)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the client does not tell of changed files: watching them", "error", err)
		s.watchDisk()
	}
}

// DidChangeWatchedFiles is told of changes by the client.
func (s *server) DidChangeWatchedFiles(_ context.Context, params *protocol.DidChangeWatchedFilesParams) error {
	changes := make([]fileChange, 0, len(params.Changes))
	for _, c := range params.Changes {
		if path := filePath(c.URI); path != "" {
			changes = append(changes, fileChange{path, c.Type})
		}
	}
	s.filesChanged(changes)
	return nil
}

// fileChange is a change of a file on disk.
type fileChange struct {
	path string
	kind protocol.FileChangeType
}

// filesChanged looks for fuzz tests again where the list of them may have changed, and
// has running campaigns built anew.
func (s *server) filesChanged(changes []fileChange) {
	var sources []string
	for _, c := range changes {
		if w := s.workspaceOf(c.path); w != nil && (c.changesTests() || declaresNow(w, c.path)) {
			s.folders.changed.mark(w)
		}
		if project.IsSource(c.path) {
			sources = append(sources, c.path)
		}
	}
	s.filesSaved(sources...)
}

// changesTests reports whether the fuzz tests, or what is known of their crashes, may be
// others now. Of testdata/fuzz only what disappears counts: campaigns write there.
func (c fileChange) changesTests() bool {
	switch {
	case project.IsBuildFile(c.path):
		return true
	case project.IsNative(c.path):
		// A harness is a function among others: the text tells.
		return c.kind == protocol.FileChangeTypeDeleted || declares(c.path)
	case project.MayDeclare(c.path):
		return true
	case project.IsSource(c.path):
		// A package appears with its first file and goes with its last.
		return c.kind != protocol.FileChangeTypeChanged
	}
	return c.kind == protocol.FileChangeTypeDeleted && strings.Contains(c.path, "/testdata/fuzz/")
}

// declares reports whether a file on disk declares fuzz tests.
func declares(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && len(project.Declared(path, content)) > 0
}

// declaresNow reports whether a file is known to declare fuzz tests: it may no longer.
func declaresNow(w *live.Workspace, path string) bool {
	return project.IsNative(path) && slices.ContainsFunc(w.Tests(), func(t live.Test) bool { return t.File == path })
}

// filesSaved has the campaigns whose source was saved built anew, if the user wants that.
// Clients tell of a file that is saved twice: as saved, and as changed on disk.
func (s *server) filesSaved(paths ...string) {
	if !s.settings().RebuildOnSave {
		return
	}
	byWorkspace := map[*live.Workspace][]string{}
	for _, path := range paths {
		if !s.watcher.isNews(path) {
			continue
		}
		// A file outside of all workspaces may belong to a build all the same.
		for _, w := range s.workspacesFor(path) {
			byWorkspace[w] = append(byWorkspace[w], path)
		}
	}
	for w, paths := range byWorkspace {
		w.Saved(paths...)
	}
}

// isNews reports whether a file is another one than when this was last asked.
func (w *watcher) isNews(path string) bool {
	info, err := os.Stat(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		delete(w.saved, path)
		return true
	}
	stamp := fileStamp{info.ModTime(), info.Size()}
	if w.saved == nil {
		w.saved = map[string]fileStamp{}
	}
	news := w.saved[path] != stamp
	w.saved[path] = stamp
	return news
}

// fileStamp tells versions of a file apart.
type fileStamp struct {
	changed time.Time
	size    int64
}

// workspacesFor returns the workspaces whose builds a file may belong to.
func (s *server) workspacesFor(path string) []*live.Workspace {
	if path == "" {
		return nil
	}
	if w := s.workspaceOf(path); w != nil {
		return []*live.Workspace{w}
	}
	return s.workspaces()
}
