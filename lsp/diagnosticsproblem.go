package lsp

import (
	"bytes"
	"path/filepath"
	"time"
	"unicode"
	"unicode/utf8"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/fuzzls/fuzzls/fuzzcore/live"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
	"github.com/fuzzls/fuzzls/lsp/text"
)

// This file makes diagnostics of what keeps packages from being listed or built.

// The codes of diagnostics of problems.
const (
	codeBuild     = "build"
	codeDiscovery = "discovery"
)

// problemDiagnostic returns where a problem is shown and what is shown there. A problem
// without a place is shown at the package's first fuzz test or, if it has none, at the
// beginning of the file that describes the workspace, such as go.mod.
func (x *texts) problemDiagnostic(p live.Problem, tests []live.Test, root string) (uri.URI, protocol.Diagnostic) {
	code := codeDiscovery
	if p.Build {
		code = codeBuild
	}
	d := protocol.Diagnostic{
		Severity: protocol.DiagnosticSeverityError,
		Code:     protocol.String(code),
		Source:   protocol.NewOptional(source),
		Message:  protocol.String(p.Message),
	}
	if p.Path == "" {
		path, line := x.problemPlace(p, tests, root)
		loc := x.location(path, line, time.Now())
		d.Range = loc.Range
		return loc.URI, d
	}
	if t := x.present(p.Path); t != nil && p.Line > 0 {
		d.Range = problemRange(t, p.Line-1, p.Col-1, x.encoding)
	}
	return uri.File(p.Path), d
}

func (x *texts) problemPlace(p live.Problem, tests []live.Test, root string) (path string, line int) {
	for i := range tests {
		if tests[i].ID.Package == p.Package {
			return tests[i].File, tests[i].Line
		}
	}
	for _, name := range project.RootFiles {
		if path := filepath.Join(root, name); x.present(path) != nil {
			return path, 0
		}
	}
	return filepath.Join(root, "go.mod"), 0
}

// problemRange returns the range of the word at a column, as compilers tell columns: that
// of an identifier if one begins there, else to the end of the line. Without a column
// (less than 0) it is the whole line. line and column are 0-based.
func problemRange(t *text.Text, line, column int, e text.Encoding) protocol.Range {
	line = max(0, min(line, t.Lines()-1))
	content := bytes.TrimRight(t.Line(line), " \t\r")
	if column < 0 || column >= len(content) {
		return lineRange(t, line, e)
	}
	end := column
	for end < len(content) {
		r, size := utf8.DecodeRune(content[end:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			break
		}
		end += size
	}
	if end == column {
		end = len(content)
	}
	return columnRange(t, line, column, end, e)
}
