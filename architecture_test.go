package fuzzls_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// This file checks what ARCHITECTURE.md says about the packages.

const modulePath = "github.com/fuzzls/fuzzls/"

// roomRow is a row of the table of packages.
var roomRow = regexp.MustCompile("(?m)^\\| `((?:debuginfo|fuzzcore|cmd|bench)[a-z/]*)` \\|")

// TestRooms checks that packages import only packages of their own room or of
// rooms above it in the table.
func TestRooms(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	var rooms []string
	for _, m := range roomRow.FindAllSubmatch(text, -1) {
		rooms = append(rooms, string(m[1]))
	}
	if len(rooms) < 10 {
		t.Fatalf("only %q in the table of packages", rooms)
	}
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./debuginfo/...", "./fuzzcore/...", "./cmd/...", "./bench/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := roomOf(rooms, words[0])
		if from < 0 {
			t.Errorf("%s is not in the table of packages", words[0])
			continue
		}
		for _, imported := range words[1:] {
			if strings.HasPrefix(imported, modulePath) && roomOf(rooms, imported) > from {
				t.Errorf("%s imports %s, which is below it in the table of packages", words[0], imported)
			}
		}
	}
}

// roomOf returns the index of the room that a package is in: the one with the
// longest path that is its own or that of a folder above it; -1 without any.
func roomOf(rooms []string, importPath string) int {
	path := strings.TrimPrefix(importPath, modulePath)
	best := -1
	for i, room := range rooms {
		if (path == room || strings.HasPrefix(path, room+"/")) && (best < 0 || len(room) > len(rooms[best])) {
			best = i
		}
	}
	return best
}
