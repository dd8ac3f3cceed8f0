package golang

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines the errors of a build that come from the user's code.

// CompileError is a package that the go command could not build.
type CompileError struct {
	// Package is the import path of the package that was to be built.
	Package string
	// Diagnostics are the messages that name a place, in the compiler's order,
	// each once. The places may be in other packages than Package. None if the
	// failure has no place (a module that cannot be had, a linker error).
	Diagnostics []Diagnostic
	// Output is all that the go command printed.
	Output string
}

// Diagnostic is a message about a place in a source file.
type Diagnostic struct {
	// File is relative to the workspace root if it is inside of it, otherwise
	// absolute.
	File string
	// Line and Col are 1-based, Col counts bytes; Col is 0 if unknown.
	Line, Col int
	// Message may have several lines.
	Message string
}

func (d Diagnostic) String() string {
	if d.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Col, d.Message)
}

// problems returns the diagnostics as problems of a package; root is what their files
// are relative to.
func (e *CompileError) problems(pkg, root string) []target.Problem {
	var problems []target.Problem
	for _, d := range e.Diagnostics {
		file := d.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(root, file)
		}
		problems = append(problems, target.Problem{Package: pkg, File: file, Line: d.Line, Column: d.Col, Message: d.Message})
	}
	return problems
}

// Error lists the diagnostics, one below the other; if there are none, the go
// command's output.
func (e *CompileError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "building %s: ", e.Package)
	switch len(e.Diagnostics) {
	case 0:
		b.WriteString("the go command failed:\n" + strings.TrimSpace(e.Output))
		return b.String()
	case 1:
		b.WriteString("it does not compile:")
	default:
		fmt.Fprintf(&b, "it does not compile, %d errors:", len(e.Diagnostics))
	}
	for _, d := range e.Diagnostics {
		b.WriteString("\n" + d.String())
	}
	return b.String()
}

// compileError describes a failed `go test -c` that printed out.
//
// In a package with cover blocks the columns are missing, or count what the cover tool
// has put into the line, and a syntax error is the cover tool's. So the package is
// compiled once more without any instrumentation, which the user's own cache makes
// cheap; if that finds nothing wrong, the first output stands.
func (b *builder) compileError(ctx context.Context, g *goTool, t *Target, flags *buildFlags, out []byte, err error) error {
	first := b.newCompileError(out, err)
	var compile *CompileError
	if !errors.As(first, &compile) || b.isRuntimesFault(first, t.GoRoot) {
		return first
	}
	args := append([]string{"test", "-c", "-vet=off"}, flags.args...)
	if flags.overlayFile != "" {
		plain, err := b.writeOverlayFile("plain.json", flags.overlay)
		if err != nil {
			return first
		}
		args = append(args, "-overlay="+plain)
	}
	out, err = g.output(ctx, append(args, "-o=/dev/null", ".")...)
	if err == nil || ctx.Err() != nil {
		return first
	}
	return b.newCompileError(out, err)
}

// newCompileError describes a go command that printed out and ended with err.
func (b *builder) newCompileError(out []byte, err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	text := string(out)
	if strings.TrimSpace(text) == "" {
		text = "the go command said nothing: " + exit.String()
	}
	return &CompileError{
		Package:     b.ImportPath,
		Diagnostics: parseDiagnostics(text, b.Dir, b.Root),
		Output:      text,
	}
}

// diagnosticLine matches the first line of a message with a place. The file name
// must look like a source file's, so that linker messages with colons do not
// pass for one.
var diagnosticLine = regexp.MustCompile(`^([^\s:][^:]*\.(?:go|s|c|h|cc|cpp|cxx|hh|hpp|m|mod|work)):(\d+)(?::(\d+))?: (.*)$`)

// parseDiagnostics finds the messages with a place in what the go command printed
// when it ran in dir. Tab-indented lines continue a message.
func parseDiagnostics(out, dir, root string) []Diagnostic {
	var found []Diagnostic
	open := false // the last line belongs to the last message
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		if open && strings.HasPrefix(line, "\t") {
			found[len(found)-1].Message += "\n" + line
			continue
		}
		m := diagnosticLine.FindStringSubmatch(strings.TrimPrefix(line, "vet: "))
		if open = m != nil; !open {
			continue
		}
		d := Diagnostic{File: relativeTo(root, dir, m[1]), Message: m[4]}
		d.Line, _ = strconv.Atoi(m[2]) // too many digits: 0, no line is right
		d.Col, _ = strconv.Atoi(m[3])
		found = append(found, d)
	}
	// The same error is printed for the package and for its test variant.
	seen := make(map[Diagnostic]bool)
	return slices.DeleteFunc(found, func(d Diagnostic) bool {
		was := seen[d]
		seen[d] = true
		return was
	})
}

// relativeTo makes the file name, as printed in dir, relative to root if it is
// inside of root.
func relativeTo(root, dir, name string) string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	rel, err := filepath.Rel(root, name)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.Clean(name)
	}
	return rel
}

// ErrNoFuzzTest is returned for a package without fuzz tests.
var ErrNoFuzzTest = errors.New("no fuzz test")

// checkFuzzTests makes sure that the package under test declares a fuzz test.
// Files that do not parse count as if they did: the compiler tells what is wrong
// with them.
func checkFuzzTests(deps []listedPackage, importPath string, overlay map[string]string) error {
	i := slices.IndexFunc(deps, func(p listedPackage) bool { return p.ImportPath == importPath && !p.DepOnly })
	if i < 0 {
		// The directory holds another package, or none: the first listed package that
		// was asked for tells which.
		i = slices.IndexFunc(deps, func(p listedPackage) bool { return !p.DepOnly })
		if i < 0 {
			return fmt.Errorf("there is no such package in its directory any more: find the fuzz tests again")
		}
		return fmt.Errorf("its directory holds package %s now: find the fuzz tests again", deps[i].ImportPath)
	}
	p := deps[i]
	files := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
	for _, name := range files {
		if declaresFuzzTest(filepath.Join(p.Dir, name), overlay) {
			return nil
		}
	}
	ignored := slices.DeleteFunc(p.IgnoredGoFiles, func(name string) bool { return !isTestFile(name) })
	switch {
	case len(ignored) > 0:
		return fmt.Errorf("%w: no test file of the build declares a func FuzzXxx(*testing.F); build constraints leave out %s: -tags may choose them",
			ErrNoFuzzTest, strings.Join(ignored, ", "))
	case len(files) == 0:
		return fmt.Errorf("%w: the package has no test files", ErrNoFuzzTest)
	}
	return fmt.Errorf("%w: no test file of the package declares a func FuzzXxx(*testing.F)", ErrNoFuzzTest)
}

// declaresFuzzTest reports whether a file declares a function that the testing
// package takes for a fuzz test, or cannot be parsed.
func declaresFuzzTest(name string, overlay map[string]string) bool {
	src, err := openSource(name, overlay)
	if err != nil {
		return true
	}
	defer src.Close()
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(file.Decls, func(decl ast.Decl) bool {
		fn, ok := decl.(*ast.FuncDecl)
		return ok && fn.Recv == nil && isFuzzTestName(fn.Name.Name)
	})
}

// isFuzzTestName reports whether name is "Fuzz" or "Fuzz" followed by something
// that does not begin with a lower-case letter.
func isFuzzTestName(name string) bool {
	rest, ok := strings.CutPrefix(name, "Fuzz")
	if !ok {
		return false
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || !unicode.IsLower(r)
}
