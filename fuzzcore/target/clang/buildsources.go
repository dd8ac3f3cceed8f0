package clang

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file builds a harness from sources alone: those that fuzzls.toml names, those that
// lie beside it, or those of a compile_commands.json.

// link describes an executable to link.
type link struct {
	dir string
	// objects are the harness's own, which are all linked; more are linked as far as
	// something uses them.
	objects, more []string
	libs          []string
	cplusplus     bool
}

// compileRecipe builds what a [[target]] of fuzzls.toml with sources says.
func (b *builder) compileRecipe(ctx context.Context, r *Recipe) (*built, error) {
	var units []unit
	for _, source := range r.Sources {
		units = append(units, unit{source: source, dir: r.Dir, flags: r.Flags})
	}
	b.say("compiling %d files with %s", len(units), b.tool.version)
	objects, changed, err := b.tool.compileAll(ctx, b.path("objects"), units)
	if err != nil {
		return nil, err
	}
	return b.link(ctx, changed, &link{dir: r.Dir, objects: objects, libs: r.Libs, cplusplus: slices.ContainsFunc(r.Sources, isCPlusPlus)})
}

// path is a path in the builder's directory.
func (b *builder) path(name string) string { return filepath.Join(b.dir, name) }

// link links the executable unless nothing changed.
func (b *builder) link(ctx context.Context, changed bool, l *link) (*built, error) {
	exe := b.path("linked")
	cc := b.tool.cc
	if l.cplusplus {
		cc = b.tool.cxx
	}
	args := []string{cc, "-o", exe}
	args = append(args, l.objects...)
	if len(l.more) > 0 {
		archive, err := b.archive(ctx, l.more)
		if err != nil {
			return nil, err
		}
		args = append(args, archive)
	}
	args = append(args, l.libs...)
	wrapper, err := os.ReadFile(cc)
	if err != nil {
		return nil, err
	}
	key := []byte(digest(wrapper) + newDigests().of(b.tool.library) + strings.Join(args, "\x00"))
	notePath := exe + ".note"
	note, err := os.ReadFile(notePath)
	if _, missing := os.Stat(exe); !changed && err == nil && bytes.Equal(note, key) && missing == nil {
		return &built{exe: exe}, nil
	}
	c := command{dir: l.dir, args: args}
	if _, err := c.run(ctx); err != nil {
		return nil, err
	}
	return &built{exe: exe}, os.WriteFile(notePath, key, 0o644)
}

// archive makes a library of objects: of a library, a linker takes what is used and leaves
// the rest, other executables' main among it.
func (b *builder) archive(ctx context.Context, objects []string) (string, error) {
	path := b.path("more.a")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	ar := filepath.Join(filepath.Dir(b.tool.real()), "llvm-ar")
	c := command{dir: b.dir, args: append([]string{ar, "crs", path}, objects...)}
	_, err := c.run(ctx)
	return path, err
}

// lone builds a harness that no build system knows: with the sources that lie beside the
// headers that it includes and have their names, and those of their headers.
func (b *builder) lone(ctx context.Context) (*built, error) {
	file := b.harness.Test.File
	sources, dirs := companions(file, b.root)
	var flags []string
	for _, dir := range dirs {
		flags = append(flags, "-I"+dir)
	}
	units := []unit{{source: file, dir: filepath.Dir(file), flags: flags}}
	for _, source := range sources {
		units = append(units, unit{source: source, dir: filepath.Dir(source), flags: flags})
	}
	b.say("compiling %s and what it includes, %d files in all, with %s", filepath.Base(file), len(units), b.tool.version)
	objects, changed, err := b.tool.compileAll(ctx, b.path("objects"), units)
	if err != nil {
		return nil, err
	}
	return b.link(ctx, changed, &link{
		dir: filepath.Dir(file), objects: objects[:1], more: objects[1:], libs: []string{"-lm"},
		cplusplus: slices.ContainsFunc(append(sources, file), isCPlusPlus),
	})
}

// maxCompanions bounds the sources of a lone harness: a project with more has a build
// system, or needs one.
const maxCompanions = 500

// companions returns the sources that belong to the headers that a file includes with
// quotes, and to the headers that those include, and the directories of the headers. Only
// what is below root counts.
func companions(file, root string) (sources, dirs []string) {
	seen := map[string]bool{file: true}
	for queue := []string{file}; len(queue) > 0 && len(sources) < maxCompanions; {
		path := queue[0]
		queue = queue[1:]
		for _, header := range includes(path) {
			at := locateInclude(header, append([]string{filepath.Dir(path)}, dirs...), root)
			if at == "" || seen[at] {
				continue
			}
			seen[at] = true
			queue = append(queue, at)
			if dir := filepath.Dir(at); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
			source := sourceOf(at)
			if source != "" && !seen[source] && !isSource(at) {
				seen[source] = true
				sources, queue = append(sources, source), append(queue, source)
			}
		}
	}
	return sources, dirs
}

// includes returns the names that a file includes with quotes, and those with angle
// brackets, which may be the project's own, too.
func includes(path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var names []string
	for line := range bytes.Lines(data) {
		if directiveWord(line) != "include" {
			continue
		}
		_, rest, _ := bytes.Cut(line, []byte("include"))
		rest = bytes.TrimSpace(rest)
		if len(rest) < 2 {
			continue
		}
		end := map[byte]byte{'"': '"', '<': '>'}[rest[0]]
		if n := bytes.IndexByte(rest[1:], end); end != 0 && n > 0 {
			names = append(names, string(rest[1:1+n]))
		}
	}
	return names
}

// locateInclude finds a header in the directories, or in a directory "include" or "src"
// beside or above them.
func locateInclude(name string, dirs []string, root string) string {
	for _, dir := range dirs {
		for at := dir; ; at = filepath.Dir(at) {
			for _, sub := range []string{".", "include", "src"} {
				path := filepath.Join(at, sub, filepath.FromSlash(name))
				if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && isInside(path, root) {
					return path
				}
			}
			if !isInside(at, root) || at == root || at == filepath.Dir(at) {
				break
			}
		}
	}
	return ""
}

// sourceOf returns the source file that belongs to a header: the one of its name beside
// it, or in the directory "src" beside its directory; "" if there is none.
func sourceOf(header string) string {
	dir := filepath.Dir(header)
	for _, at := range []string{dir, filepath.Join(filepath.Dir(dir), "src")} {
		for _, ext := range sourceExtensions {
			path := filepath.Join(at, baseName(header)+ext)
			if _, err := os.Stat(path); err == nil {
				return path
			}
		}
	}
	return ""
}

// isInside reports whether a path is below a directory.
func isInside(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}
