package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// This file tests the order of the rooms: ARCHITECTURE.md lists them, and a package
// may import only those above it.

const modulePath = "github.com/fuzzls/fuzzls/"

// rooms are the packages in the order of ARCHITECTURE.md. A room is followed by
// what is below its directory.
var rooms = []string{
	"debuginfo",
	"fuzzcore/abi",
	"fuzzcore/engine",
	"fuzzcore/coverage",
	"fuzzcore/store",
	"fuzzcore/provenance",
	"fuzzcore/frontier",
	"fuzzcore/proc",
	"fuzzcore/executor/goruntime",
	"fuzzcore/executor/cruntime",
	"fuzzcore/executor",
	"fuzzcore/zigtest",
	"fuzzcore/crash",
	"fuzzcore/zigvalues",
	"fuzzcore/target/golang/gocorpus",
	"fuzzcore/target",
	"fuzzcore/target/machinecode",
	"fuzzcore/target/ossfuzz",
	"fuzzcore/target/golang",
	"fuzzcore/target/clang",
	"fuzzcore/target/rust",
	"fuzzcore/target/zig",
	"fuzzcore/target/project",
	"fuzzcore/worker",
	"fuzzcore/supervisor",
	"fuzzcore/live",
	"lsp/text",
	"lsp/linemap",
	"lsp/lsptest",
	"lsp",
	"bench",
	"cmd/fuzzls",
}

// level returns the index of the room that a package belongs to.
func level(path string) int {
	best, length := -1, -1
	for i, room := range rooms {
		if (path == room || strings.HasPrefix(path, room+"/")) && len(room) > length {
			best, length = i, len(room)
		}
	}
	return best
}

// list runs `go list`.
func list(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out
}

func TestArchitecture(t *testing.T) {
	out := list(t, "-json=ImportPath,Imports", modulePath+"...")
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	packages := 0
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages++
		own := strings.TrimPrefix(p.ImportPath, modulePath)
		if level(own) < 0 {
			t.Errorf("%s is in no room: add it to the list and to ARCHITECTURE.md", own)
		}
		for _, path := range p.Imports {
			other, ours := strings.CutPrefix(path, modulePath)
			if ours && level(other) > level(own) {
				t.Errorf("%s imports %s, which is below it", own, other)
			}
			if other == "lsp" && own != "cmd/fuzzls" {
				t.Errorf("%s imports the language server, which only cmd/fuzzls starts", own)
			}
		}
	}
	if packages < len(rooms) {
		t.Errorf("%d packages for %d rooms", packages, len(rooms))
	}
}

// TestForbiddenImports keeps clocks, files and processes out of the engine.
func TestForbiddenImports(t *testing.T) {
	out := list(t, "-f", "{{join .Imports \"\\n\"}}", modulePath+"fuzzcore/engine")
	imports := strings.Fields(string(out))
	for _, forbidden := range []string{"os", "os/exec", "time", "math/rand", "math/rand/v2", "net", "syscall"} {
		if slices.Contains(imports, forbidden) {
			t.Errorf("the engine imports %s", forbidden)
		}
	}
}
