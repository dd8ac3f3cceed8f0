package debuginfo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file defines SourceFinder: from the path that debug information has to the
// file on this machine.

// SourceFinder finds source files on this machine by the names that File.Path
// returns. The two differ where the executable was built elsewhere (a container, CI, a
// distribution), where the compiler was told to write other names (-trimpath,
// -ffile-prefix-map, --remap-path-prefix), and where names are relative.
//
// The zero SourceFinder finds files that are where their names say. All fields may
// be set before the first call only; Find may then be called from several
// goroutines at once.
type SourceFinder struct {
	// Prefixes say which directories stand for others. The first that fits is used.
	Prefixes []Prefix
	// Roots are directories of source, such as the workspace: relative names are
	// searched in them, and absolute ones that do not exist, by as many of their last
	// elements as possible, but two at least.
	Roots []string
	// GoRoot and GoModCache are what `go env GOROOT GOMODCACHE` prints. They are for
	// the names that -trimpath writes: "fmt/print.go", "example.com/mod@v1.2.3/a.go".
	GoRoot, GoModCache string
	// GoModules maps the paths of Go modules to their directories, for the names that
	// -trimpath writes for files of the main modules: "example.com/mod/a.go".
	GoModules map[string]string
}

// Prefix says that the names below the directory From are those of files below the
// directory To.
type Prefix struct{ From, To string }

// Find returns the path of a source file on this machine. The error says what was
// tried, and is fs.ErrNotExist if the name is that of a file.
func (s *SourceFinder) Find(name string) (string, error) {
	if name == "" {
		return "", errors.New("the source file is not known: the debug information names none")
	}
	if special(name) {
		return "", fmt.Errorf("%s is not a file: the compiler made this code", name)
	}
	var tried []string
	for _, candidate := range s.candidates(name) {
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() {
			return candidate, nil
		}
		if !slices.Contains(tried, candidate) {
			tried = append(tried, candidate)
		}
	}
	if found, ok := s.below(name); ok {
		return found, nil
	}
	return "", fmt.Errorf("%s: %w on this machine: %s", name, fs.ErrNotExist, s.advice(name, tried))
}

// advice says what has been tried and what the user can do.
func (s *SourceFinder) advice(name string, tried []string) string {
	var parts []string
	if len(tried) > 0 {
		parts = append(parts, "tried "+strings.Join(tried, ", "))
	}
	if len(s.Roots) > 0 {
		parts = append(parts, "searched its last elements in "+strings.Join(s.Roots, ", "))
	}
	if isAbs(name) {
		dir, _ := splitPath(name)
		parts = append(parts, "map "+dir+" or a directory above it to where its files are")
	} else {
		parts = append(parts, "it is relative: name the directory that it counts from")
	}
	return strings.Join(parts, "; ")
}

// candidates returns the paths at which the file may be, the likeliest first.
func (s *SourceFinder) candidates(name string) []string {
	slashed := name
	if isWindows(name) {
		slashed = strings.ReplaceAll(name, `\`, "/")
	}
	var list []string
	for _, p := range s.Prefixes {
		if rest, ok := cutPrefix(slashed, p.From, isWindows(name)); ok {
			list = append(list, filepath.Join(p.To, filepath.FromSlash(rest)))
			break
		}
	}
	if filepath.IsAbs(name) {
		list = append(list, filepath.Clean(name))
	}
	list = append(list, s.goCandidates(slashed)...)
	if !isAbs(name) {
		for _, root := range s.Roots {
			list = append(list, filepath.Join(root, filepath.FromSlash(name)))
		}
	}
	return list
}

// cutPrefix cuts a directory off a path with slashes. The case of Windows paths does
// not count.
func cutPrefix(name, dir string, windows bool) (rest string, ok bool) {
	if windows {
		dir = strings.ReplaceAll(dir, `\`, "/")
	}
	dir = strings.TrimRight(dir, "/")
	if len(name) <= len(dir) || name[len(dir)] != '/' {
		return "", false
	}
	start := name[:len(dir)]
	return name[len(dir)+1:], start == dir || windows && strings.EqualFold(start, dir)
}

// cgoGoRoot is what the go command writes for GOROOT in the C files of cgo.
const cgoGoRoot = "/_/GOROOT"

// goCandidates returns where a file may be whose name -trimpath has shortened.
func (s *SourceFinder) goCandidates(name string) []string {
	if rest, ok := cutPrefix(name, cgoGoRoot, false); ok && s.GoRoot != "" {
		return []string{filepath.Join(s.GoRoot, filepath.FromSlash(rest))}
	}
	if isAbs(name) {
		return nil
	}
	if strings.Contains(name, "@") {
		if s.GoModCache == "" {
			return nil
		}
		return []string{filepath.Join(s.GoModCache, filepath.FromSlash(escapeModule(name)))}
	}
	module := ""
	for path := range s.GoModules {
		if _, ok := cutPrefix(name, path, false); ok && len(path) > len(module) {
			module = path
		}
	}
	if module != "" {
		return []string{filepath.Join(s.GoModules[module], filepath.FromSlash(name[len(module)+1:]))}
	}
	if first, _, _ := strings.Cut(name, "/"); s.GoRoot != "" && !strings.Contains(first, ".") {
		// Packages of the standard library are those without a dot in front.
		return []string{filepath.Join(s.GoRoot, "src", filepath.FromSlash(name))}
	}
	return nil
}

// escapeModule writes a module's path and version as the module cache does:
// upper-case letters become "!" and the lower-case letter. The path of the file
// within the module stays.
func escapeModule(name string) string {
	at := strings.IndexByte(name, '@')
	end := len(name)
	if slash := strings.IndexByte(name[at:], '/'); slash >= 0 {
		end = at + slash
	}
	var b strings.Builder
	for _, r := range name[:end] {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String() + name[end:]
}

// below searches a file in the roots by the last elements of its name: all of them,
// then ever fewer, but at least two, so that not any file of that name will do.
func (s *SourceFinder) below(name string) (string, bool) {
	elements := strings.FieldsFunc(name, func(r rune) bool {
		return r == '/' || r == '\\' && isWindows(name)
	})
	if slices.Contains(elements, "..") {
		return "", false
	}
	for ; len(elements) >= 2; elements = elements[1:] {
		for _, root := range s.Roots {
			path := filepath.Join(append([]string{root}, elements...)...)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, true
			}
		}
	}
	return "", false
}
