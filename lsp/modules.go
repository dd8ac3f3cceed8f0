package lsp

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines which directories become workspaces: where the modules are.

const (
	// maxModules bounds the modules of a folder: each is asked about with a go command,
	// and a folder that has more is hardly one that someone works in as a whole.
	maxModules = 64
	// maxDepth bounds how deep modules are looked for below a folder that is in none,
	// such as a home directory.
	maxDepth = 6
	// maxDirectories bounds how many directories are read for that.
	maxDirectories = 20_000
)

// workspaceDirs returns the directories that become workspaces for folders, sorted: a
// folder itself if it has a go.work or is in a module, otherwise the modules below it, and
// the folder too if it has C, C++ or Rust sources outside of them. A directory within
// another of the same module, or within a go.work's, is left out.
func workspaceDirs(folders []string) []string {
	var dirs []string
	for _, folder := range folders {
		if exists(filepath.Join(folder, "go.work")) || moduleRoot(folder) != "" {
			dirs = append(dirs, folder)
			continue
		}
		modules, native := lookBelow(folder)
		dirs = append(dirs, modules...)
		if native {
			dirs = append(dirs, folder)
		}
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		return slices.ContainsFunc(dirs, func(other string) bool {
			return other != dir && within(dir, other) &&
				(moduleRoot(dir) == moduleRoot(other) || exists(filepath.Join(other, "go.work")))
		})
	})
}

// moduleRoot returns the directory of the go.mod that a directory is governed by, "" if
// there is none.
func moduleRoot(dir string) string {
	for {
		if exists(filepath.Join(dir, "go.mod")) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// lookBelow returns the directories below root that have a go.mod or a go.work, and
// whether there are sources of languages without modules beside them. What is below a
// module belongs to it, or is a module that it keeps for itself.
func lookBelow(root string) (found []string, native bool) {
	read := 0
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fs.SkipDir // what cannot be read is not there
		case !entry.IsDir():
			native = native || project.IsNative(path)
			return nil
		case path != root && (skipped(entry.Name()) || depth(root, path) > maxDepth):
			return fs.SkipDir
		}
		if read++; read > maxDirectories || len(found) == maxModules {
			return fs.SkipAll
		}
		if exists(filepath.Join(path, "go.work")) || exists(filepath.Join(path, "go.mod")) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, native
}

// hasNative reports whether there are sources of languages without modules in a directory.
func hasNative(dir string) bool {
	entries, _ := os.ReadDir(dir) // what cannot be read is not there
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return project.IsNative(e.Name()) })
}

// skipped reports whether directories of that name hold no sources of the user's own.
func skipped(name string) bool {
	return name == "vendor" || name == "testdata" || name == "node_modules" ||
		strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// depth returns how many directories below root path is.
func depth(root, path string) int {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return 0
	}
	return strings.Count(rel, string(filepath.Separator)) + 1
}

// within reports whether path is dir or below it. Both are clean and absolute.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
