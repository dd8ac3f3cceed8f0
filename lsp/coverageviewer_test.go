package lsp

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file defines the module that tests of coverage fuzz, and an editor that keeps what
// it is told of a document's coverage.

// The module that is fuzzed: some lines run at once, some never.
const (
	parseGo = `// Package m prüft Größen.
package m

import "crypto/sha256"

// Parse liest.
func Parse(s string) int {
	größe := len(s) /* 世界🙂 */ + 1
	if sha256.Sum256([]byte(s)) == [32]byte{} {
		return 1
	}
	if s == "" {
		return 0
	}
	return größe
}

// Unused does not run.
func Unused() int { /* 世🙂 */ return 1 }
`
	parseTestGo = `package m

import "testing"

func FuzzParse(f *testing.F) {
	f.Add("x")
	f.Fuzz(func(t *testing.T, s string) {
		if Parse(s); s == "größer" {
			t.Fatal("größer")
		}
	})
}
`
)

// moduleDir writes the module to a new directory.
func moduleDir(t testing.TB) string {
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.22\n", "parse.go": parseGo, "parse_test.go": parseTestGo} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fuzzls runs the command and returns what it prints. Status 1 means that it found
// crashes.
func fuzzls(t testing.TB, dir string, args ...string) string {
	cmd := exec.Command(lsptest.Binary(t), args...)
	cmd.Dir = dir
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("fuzzls %s: %v\n%s", strings.Join(args, " "), err, errors.String())
	}
	return string(out)
}

// fuzzedModule is a module with the coverage of a campaign that has ended.
func fuzzedModule(t testing.TB) string {
	dir := moduleDir(t)
	fuzzls(t, dir, "fuzz", "--limit", "2K", "-j", "1")
	return dir
}

// coverLine is a line of source as `fuzzls cover` prints it.
var coverLine = regexp.MustCompile(`(?m)^([ >])([ +~-]) .{5} +(\d+) \|`)

// coverDrawn returns the states that `fuzzls cover` prints for a file, a character for
// each line, and the lines where fuzzing enters.
func coverDrawn(t testing.TB, dir, file string) (states string, entries []uint32) {
	for _, m := range coverLine.FindAllStringSubmatch(fuzzls(t, dir, "cover", file), -1) {
		line, _ := strconv.Atoi(m[3])
		states += strings.ReplaceAll(m[2], " ", ".")
		if m[1] == ">" {
			entries = append(entries, uint32(line-1))
		}
	}
	return states, entries
}

// viewer is an open document and what the client shows of it.
type viewer struct {
	t    *testing.T
	e    *lsptest.Editor
	path string
	// lines holds the number of lines of each version.
	lines map[int32]int
}

func openViewer(t *testing.T, e *lsptest.Editor, path string) *viewer {
	v := &viewer{t: t, e: e, path: path, lines: map[int32]int{}}
	e.Open(path)
	v.note()
	return v
}

func (v *viewer) note() {
	doc := v.e.Document(v.path)
	v.lines[doc.Version] = doc.Text.Lines()
}

func (v *viewer) replace(content string) {
	v.t.Helper()
	v.e.Replace(v.path, content)
	v.note()
}

// shown returns what the client shows after some messages.
func (v *viewer) shown(messages []lsptest.Message) *coverageClient {
	c := &coverageClient{}
	for _, m := range messages {
		var p CoverageParams
		if m.Method != methodCoverage {
			continue
		}
		if err := protocol.Unmarshal(m.Params, &p); err != nil {
			v.t.Fatal(err)
		}
		if p.TextDocument.URI != uri.File(v.path) {
			continue
		}
		if err := c.apply(&p, v.lines[p.TextDocument.Version]); err != nil {
			v.t.Fatalf("%v\n%s", err, m.Params)
		}
	}
	return c
}

// await waits until the client shows the states.
func (v *viewer) await(states string) *coverageClient {
	v.t.Helper()
	var c *coverageClient
	v.e.Await("coverage "+states, func(messages []lsptest.Message) bool {
		c = v.shown(messages)
		return c.drawn() == states
	})
	return c
}

// withLastLine adds the empty line behind the last line end, which editors count.
func withLastLine(states string) string { return states + "." }
