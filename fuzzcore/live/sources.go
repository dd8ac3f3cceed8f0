package live

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines what happens when source files are saved.

// sources are the files that a build was made of.
type sources struct {
	files map[string]bool
	// dirs are the directories of its packages: a new Go file there belongs to it too.
	dirs map[string]bool
	// wide: any file of the workspace that is source text of C or its like may belong to
	// it.
	wide bool
	// modules are the directories of the workspace's modules and its root.
	modules []string
	// building: the first build goes on, and it is not known yet what it is made of. Any
	// file of the modules may be part of it.
	building bool
}

// contain reports whether a build changes with the file.
func (s *sources) contain(path string) bool {
	if s.files[path] {
		return true
	}
	dir := filepath.Dir(path)
	if project.IsBuildFile(path) && !s.wide {
		return slices.Contains(s.modules, dir)
	}
	if !project.IsSource(path) {
		return false
	}
	native := project.IsNative(path) || project.IsBuildFile(path)
	return s.dirs[dir] || (s.building || s.wide && native) && slices.ContainsFunc(s.modules, func(module string) bool {
		return dir == module || strings.HasPrefix(dir, module+string(filepath.Separator))
	})
}

func (s *sources) containAny(paths map[string]bool) bool {
	for path := range paths {
		if s.contain(path) {
			return true
		}
	}
	return false
}

// noteCampaignSources notes which files the campaign's build was made of.
func (w *Workspace) noteCampaignSources(c *campaign, tests []target.Test) {
	s := sources{files: map[string]bool{}, dirs: map[string]bool{}}
	for _, t := range tests {
		s.dirs[t.Dir] = true
		s.wide = s.wide || t.IsRaw()
		for _, path := range w.coverage.ownFiles(t.Package) {
			s.files[path] = true
			s.dirs[filepath.Dir(path)] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.modules = w.moduleDirs()
	c.sources = s
}

// moduleDirs returns the directories of the workspace's modules and its root. The caller
// holds w.mu.
func (w *Workspace) moduleDirs() []string {
	dirs := []string{w.loaded.Root}
	for _, m := range w.loaded.Modules {
		dirs = append(dirs, m.Dir)
	}
	return dirs
}

// savedFiles are files that were saved and not yet looked at. Workspace.mu guards it.
type savedFiles struct {
	paths map[string]bool
	timer *time.Timer
}

// savedDelay is how long to wait for more files: "save all" and formatters save in
// bursts, and a build that is begun in the middle of one is lost.
const savedDelay = 300 * time.Millisecond

func (s *savedFiles) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// Saved tells that files were saved. Running campaigns whose build contains one of them
// are built anew and carry on with their corpus; then known crashes of those fuzz tests
// are replayed. Calls in quick succession are one.
func (w *Workspace) Saved(paths ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(paths) == 0 {
		return
	}
	if w.saved.paths == nil {
		w.saved.paths = map[string]bool{}
	}
	for _, path := range paths {
		w.saved.paths[filepath.Clean(path)] = true
	}
	w.saved.stop()
	w.saved.timer = time.AfterFunc(savedDelay, func() { w.spawn(w.serveSaved) })
}

func (w *Workspace) serveSaved() {
	w.mu.Lock()
	paths := w.saved.paths
	w.saved.paths = nil
	w.mu.Unlock()
	if len(paths) == 0 {
		return
	}
	if w.changesTests(paths) {
		if err := w.Load(w.ctx); err != nil {
			w.log.Warn("finding fuzz tests again", "error", err) // Problems has it; the build will say more
		}
	}
	w.mu.Lock()
	for c := range w.campaigns {
		if c.sources.containAny(paths) {
			c.rebuild = true
			c.signal()
		}
	}
	ids := slices.Clone(w.order)
	w.mu.Unlock()
	w.noteSources()
	w.refreshCrashes(ids) // some may have been edited since
}

// changesTests reports whether the files decide which fuzz tests a running campaign can
// have.
func (w *Workspace) changesTests(paths map[string]bool) bool {
	decisive := map[string]bool{}
	for path := range paths {
		if project.MayDeclare(path) || project.IsBuildFile(path) {
			decisive[path] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.campaigns {
		if c.sources.containAny(decisive) {
			return true
		}
	}
	return false
}
