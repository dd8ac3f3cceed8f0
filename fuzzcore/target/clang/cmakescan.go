package clang

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// This file reads what a CMakeLists.txt says in plain words: which executables are made of
// which files. It is enough for the names of fuzz tests, before anything runs; the builder
// asks CMake itself (cmake.go).

// cmakeTarget is one add_executable.
type cmakeTarget struct {
	name string
	// files are its arguments that are files, absolute.
	files []string
}

// cmakeName returns the name of the executable that the nearest CMakeLists.txt makes of a
// source file, "" if it does not say.
func (f *finder) cmakeName(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		targets, ok := f.scripts[dir]
		if !ok {
			data, _ := os.ReadFile(filepath.Join(dir, "CMakeLists.txt")) // without one there are no targets
			targets = cmakeTargets(data, dir)
			f.scripts[dir] = targets
		}
		for _, t := range targets {
			if slices.Contains(t.files, path) {
				return t.name
			}
		}
		if dir == f.config.Root || dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// cmakeTargets returns the executables that a CMakeLists.txt in dir adds under a plain
// name.
func cmakeTargets(data []byte, dir string) []cmakeTarget {
	var targets []cmakeTarget
	words := cmakeWords(data)
	for i := 0; i+3 < len(words); i++ {
		if !strings.EqualFold(words[i], "add_executable") || words[i+1] != "(" || !isPlainName(words[i+2]) {
			continue
		}
		t := cmakeTarget{name: words[i+2]}
		for i += 3; i < len(words) && words[i] != ")"; i++ {
			word := strings.NewReplacer("${CMAKE_CURRENT_SOURCE_DIR}", dir, "${CMAKE_CURRENT_LIST_DIR}", dir).Replace(words[i])
			if isSource(word) {
				t.files = append(t.files, filepath.Clean(absolute(dir, word)))
			}
		}
		targets = append(targets, t)
	}
	return targets
}

func isPlainName(word string) bool { return word != "" && !strings.ContainsAny(word, "${}()<>/\"") }

// cmakeWords returns the words and parentheses of a CMake file, without comments and
// quotes.
func cmakeWords(data []byte) []string {
	var words []string
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '#':
			for i < len(data) && data[i] != '\n' {
				i++
			}
		case c == '(' || c == ')':
			words = append(words, string(c))
			i++
		case c == '"':
			end := i + 1
			for end < len(data) && data[end] != '"' {
				end++
			}
			words = append(words, string(data[i+1:end]))
			i = min(end+1, len(data))
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';':
			i++
		default:
			end := i
			for end < len(data) && !strings.ContainsRune(" \t\r\n;()\"#", rune(data[end])) {
				end++
			}
			words = append(words, string(data[i:end]))
			i = end
		}
	}
	return words
}
