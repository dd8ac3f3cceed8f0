package lsp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines the workspace folders and the live workspaces made of them. In an
// untrusted workspace there are none: even listing packages runs the go command, which
// may fetch and run the toolchain that a go.mod asks for.

// reloadDelay is how long changes of files are collected before fuzz tests are looked
// for again: a checkout changes many in quick succession.
const reloadDelay = 500 * time.Millisecond

// folders are the folders that the client has open, and their workspaces.
type folders struct {
	server *server
	// arrange makes the workspaces be those of the folders, reload loads workspaces,
	// changed does so for those whose files changed. All work on their own goroutines.
	arrange         *coalescer[struct{}]
	reload, changed *coalescer[*live.Workspace]
	// arranged closes when the first workspaces are there, not loaded yet.
	arranged     chan struct{}
	arrangedOnce sync.Once

	mu     sync.Mutex // guards the fields below
	open   []string   // the client's folders, absolute
	single string     // the directory of the first opened file of a language, if there are no folders
	byDir  map[string]*live.Workspace
	// failed holds how loading failed, so that the user is told once.
	failed map[*live.Workspace]string
	// started: discovery may begin. closed: workspaces are closed, none is made anymore.
	started, closed bool
}

func (f *folders) init(s *server) {
	f.server = s
	f.byDir, f.failed = map[string]*live.Workspace{}, map[*live.Workspace]string{}
	f.arranged = make(chan struct{})
	f.arrange = newCoalescer(s, 0, f.doArrange)
	f.reload = newCoalescer(s, 0, f.doReload)
	f.changed = newCollector(s, reloadDelay, func(_ context.Context, list []*live.Workspace) {
		for _, w := range list {
			f.reload.mark(w)
		}
	})
}

// workspaces returns all workspaces, sorted by directory.
func (s *server) workspaces() []*live.Workspace {
	s.folders.mu.Lock()
	defer s.folders.mu.Unlock()
	var all []*live.Workspace
	for _, dir := range slices.Sorted(maps.Keys(s.folders.byDir)) {
		all = append(all, s.folders.byDir[dir])
	}
	return all
}

// workspaceOf returns the workspace that a file belongs to; nil if none. It is the one
// with the innermost directory, or root, around the file.
func (s *server) workspaceOf(path string) *live.Workspace {
	if path == "" {
		return nil
	}
	var best *live.Workspace
	length := 0
	consider := func(w *live.Workspace, dir string) {
		if dir != "" && within(path, dir) && len(dir) > length {
			best, length = w, len(dir)
		}
	}
	all := s.workspaces()
	for _, w := range all {
		consider(w, w.Dir())
	}
	if best != nil {
		return best
	}
	for _, w := range all {
		consider(w, w.Root())
	}
	return best
}

// initialFolders returns the folders that the client starts with.
func initialFolders(params *protocol.InitializeParams) []string {
	if list, ok := params.WorkspaceFolders.Get(); ok {
		return folderPaths(list)
	}
	//lint:ignore SA1019 Older clients send nothing else.
	if root := params.RootURI; root != nil {
		return folderPaths([]protocol.WorkspaceFolder{{URI: *root}})
	}
	return nil
}

// folderPaths returns the paths of those folders that are on this machine's disks.
func folderPaths(list []protocol.WorkspaceFolder) []string {
	var paths []string
	for _, folder := range list {
		if path := filePath(folder.URI); path != "" {
			paths = append(paths, filepath.Clean(path))
		}
	}
	return paths
}

// set sets the client's folders before the session begins.
func (f *folders) set(open []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = open
}

// start begins discovery.
func (f *folders) start(context.Context) {
	f.mu.Lock()
	f.started = true
	f.mu.Unlock()
	f.arrange.mark(struct{}{})
}

// awaitArranged waits until the workspaces of the folders that the client started with are
// there: a command may come before the client has answered with its settings.
func (f *folders) awaitArranged(ctx context.Context) error {
	select {
	case <-f.arranged:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// DidChangeWorkspaceFolders adds and removes folders.
func (s *server) DidChangeWorkspaceFolders(_ context.Context, params *protocol.DidChangeWorkspaceFoldersParams) error {
	f := &s.folders
	removed := folderPaths(params.Event.Removed)
	f.mu.Lock()
	f.open = slices.DeleteFunc(slices.Clone(f.open), func(path string) bool { return slices.Contains(removed, path) })
	f.open = append(f.open, folderPaths(params.Event.Added)...)
	f.mu.Unlock()
	f.arrange.mark(struct{}{})
	return nil
}

// fileOpened has the project of the first file looked at if no folder is open: the module
// of a Go file, or what is around a file that declares fuzz tests.
func (f *folders) fileOpened(doc *document) {
	if doc.path == "" || project.IsNative(doc.path) && len(project.Declared(doc.path, doc.text.Bytes())) == 0 || !project.IsSource(doc.path) {
		return
	}
	path := doc.path
	f.mu.Lock()
	first := len(f.open) == 0 && f.single == ""
	if first {
		f.single = filepath.Dir(path)
	}
	f.mu.Unlock()
	if first {
		f.arrange.mark(struct{}{})
	}
}

// wanted returns the folders to make workspaces of, and whether to do so at all.
func (f *folders) wanted() ([]string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.started || f.closed || !f.server.trusted {
		return nil, false
	}
	if len(f.open) > 0 {
		return slices.Clone(f.open), true
	}
	if f.single != "" {
		if root := moduleRoot(f.single); root != "" {
			return []string{root}, true
		}
		if hasNative(f.single) {
			return []string{project.Root(f.single)}, true
		}
	}
	return nil, true
}

// doArrange makes the workspaces be those of the open folders. Those that stay are left
// alone; new ones are loaded.
func (f *folders) doArrange(context.Context, []struct{}) {
	f.mu.Lock()
	started := f.started
	f.mu.Unlock()
	if started {
		defer f.arrangedOnce.Do(func() { close(f.arranged) })
	}
	open, ok := f.wanted()
	if !ok {
		return
	}
	dirs := workspaceDirs(open)
	var gone []*live.Workspace
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return
	}
	for dir, w := range f.byDir {
		if !slices.Contains(dirs, dir) {
			gone = append(gone, w)
			delete(f.byDir, dir)
			delete(f.failed, w)
		}
	}
	var fresh []*live.Workspace
	for _, dir := range dirs {
		if f.byDir[dir] == nil {
			f.byDir[dir] = f.server.newWorkspace(dir)
			fresh = append(fresh, f.byDir[dir])
		}
	}
	f.mu.Unlock()
	for _, w := range fresh {
		f.reload.mark(w)
	}
	if len(gone)+len(fresh) > 0 {
		tell(f.server, func(l workspacesListener) { l.workspacesChanged() })
		f.server.watcher.rearrange()
	}
	closeAll(gone)
}

func (s *server) newWorkspace(dir string) *live.Workspace {
	return live.New(live.Config{
		Dir: dir, Worker: s.config.Worker, Observer: observer{s},
		Settings: s.settings().live(), Log: s.log.With("workspace", dir),
	})
}

// doReload loads workspaces, one after the other: each go command uses all processors.
func (f *folders) doReload(ctx context.Context, list []*live.Workspace) {
	for _, w := range list {
		if ctx.Err() != nil {
			return
		}
		if !slices.Contains(f.server.workspaces(), w) {
			continue // its folder was closed
		}
		f.loaded(w, w.Load(ctx))
		tell(f.server, func(l workspacesListener) { l.workspacesChanged() })
	}
}

// loaded tells the user how loading failed, if it was not so before.
func (f *folders) loaded(w *live.Workspace, err error) {
	text := ""
	// A folder with C sources need not have fuzz tests.
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, project.ErrNothing) {
		text = fmt.Sprintf("finding the fuzz tests of %s: %v", w.Dir(), err)
	}
	f.mu.Lock()
	told := f.closed || f.failed[w] == text
	f.failed[w] = text
	f.mu.Unlock()
	if text != "" && !told {
		f.server.messages.show(protocol.MessageTypeWarning, text)
	}
}

// settingsChanged tells the workspaces, and has fuzz tests looked for again if the go
// command may find others now.
func (f *folders) settingsChanged(before, now settings) {
	for _, w := range f.server.workspaces() {
		w.SetSettings(now.live())
		if !before.findsAs(now) {
			f.reload.mark(w)
		}
	}
}

// close closes all workspaces, and returns a channel that closes when that is done.
func (f *folders) close() <-chan struct{} {
	f.mu.Lock()
	f.closed = true
	all := slices.Collect(maps.Values(f.byDir))
	f.mu.Unlock()
	done := make(chan struct{})
	go func() {
		closeAll(all)
		close(done)
	}()
	return done
}

// closeAll closes workspaces side by side: each waits for its processes.
func closeAll(list []*live.Workspace) {
	var wait sync.WaitGroup
	for _, w := range list {
		wait.Go(w.Close)
	}
	wait.Wait()
}
