package golang

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/golang/gocorpus"
)

// This file defines the edit that gives a fuzz test one more seed: a call of f.Add in
// front of its call of f.Fuzz.

// errSeedThere: the fuzz test has that seed already.
var errSeedThere = errors.New("the fuzz test has this seed already")

// maxSeed is the greatest length in bytes of a seed's values in the source. Longer ones
// hide the fuzz test; a file in testdata does not.
const maxSeed = 4 << 10

// AddSeed returns what has to be inserted into the test file at path, whose present text
// is content, so that a fuzz test gets the input in entry, a file of its corpus, as a
// seed. The first insertion is the call of f.Add. The error says why there is none.
func AddSeed(path string, content []byte, fuzzTest string, entry []byte) ([]target.Insertion, error) {
	values, err := gocorpus.Expressions(entry)
	if err != nil {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	size := 0
	for _, v := range values {
		size += len(v.Text)
	}
	if size > maxSeed {
		return nil, fmt.Errorf("its values take %d bytes of source, more than %d", size, maxSeed)
	}
	return addSeed(path, content, fuzzTest, values)
}

// addSeed returns what has to be inserted into a test file so that a fuzz test gets the
// values as a seed: the call, and an import of math if they need it.
//
// The error is errSeedThere, or says why there is no place for the call.
func addSeed(path string, content []byte, fuzzTest string, values []gocorpus.Expression) ([]target.Insertion, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("%s has a syntax error: %w", path, err)
	}
	s := &seeder{content: content, file: file, offset: func(p token.Pos) int { return fset.PositionFor(p, false).Offset }}
	if !s.find(fuzzTest) {
		return nil, fmt.Errorf("%s has no call of f.Fuzz in %s", path, fuzzTest)
	}
	return s.insertions(values)
}

// seeder adds a seed to one fuzz test of a file.
type seeder struct {
	content []byte
	file    *ast.File
	offset  func(token.Pos) int

	// find sets these: the name of the *testing.F, the statements among which is the call
	// of its Fuzz, and the call's index.
	f     string
	block []ast.Stmt
	call  int
}

// find looks for the call of f.Fuzz as a statement in the fuzz test.
func (s *seeder) find(fuzzTest string) bool {
	for _, decl := range s.file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body == nil || fn.Name.Name != fuzzTest || !DeclaresFuzzTest(fn) {
			continue
		}
		names := fn.Type.Params.List[0].Names
		if len(names) == 0 || names[0].Name == "_" {
			return false
		}
		s.f = names[0].Name
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				s.search(n.List)
			case *ast.CaseClause:
				s.search(n.Body)
			}
			return s.block == nil
		})
	}
	return s.block != nil
}

// search takes a list of statements if f.Fuzz is called directly in it.
func (s *seeder) search(list []ast.Stmt) {
	for i, stmt := range list {
		if s.block == nil && s.isCall(stmt, "Fuzz") {
			s.block, s.call = list, i
		}
	}
}

// isCall reports whether a statement is a call of a method of f.
func (s *seeder) isCall(stmt ast.Stmt, method string) bool {
	expr, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fun.Sel.Name != method {
		return false
	}
	x, ok := fun.X.(*ast.Ident)
	return ok && x.Name == s.f
}

func (s *seeder) insertions(values []gocorpus.Expression) ([]target.Insertion, error) {
	math, needsImport := s.mathName(values)
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.Text
		if v.Math && math != "math" {
			texts[i] = strings.Replace(v.Text, "math.", math+".", 1)
		}
	}
	call := fmt.Sprintf("%s.Add(%s)", s.f, strings.Join(texts, ", "))
	for _, stmt := range s.block[:s.call] {
		if s.isCall(stmt, "Add") && string(s.content[s.offset(stmt.Pos()):s.offset(stmt.End())]) == call {
			return nil, errSeedThere
		}
	}
	all := []target.Insertion{s.before(call)}
	if needsImport {
		all = append(all, s.importMath())
	}
	return all, nil
}

// before puts the call on a line of its own: behind the last f.Add, or else in front of
// f.Fuzz and of the comment that stands above it.
func (s *seeder) before(call string) target.Insertion {
	for i := s.call - 1; i >= 0; i-- {
		if stmt := s.block[i]; s.isCall(stmt, "Add") && s.endsLine(s.offset(stmt.End())) {
			end := s.lineEnd(s.offset(stmt.End()))
			return target.Insertion{Offset: end, Text: s.newline() + s.indent(s.offset(stmt.Pos())) + call}
		}
	}
	stmt := s.block[s.call]
	at := s.offset(stmt.Pos())
	for _, group := range s.file.Comments {
		start, end := s.offset(group.Pos()), s.offset(group.End())
		gap := s.content[min(end, at):at]
		if end <= at && s.startsLine(start) && len(bytes.TrimSpace(gap)) == 0 && bytes.Count(gap, []byte("\n")) == 1 {
			at = start
			break
		}
	}
	if !s.startsLine(at) {
		return target.Insertion{Offset: at, Text: call + "; "}
	}
	return target.Insertion{Offset: at, Text: call + s.newline() + s.indent(at)}
}

// startsLine reports whether only white space is in front of an offset on its line,
// endsLine whether only white space or a comment is behind it.
func (s *seeder) startsLine(offset int) bool {
	return strings.TrimSpace(s.lineBefore(offset)) == ""
}

func (s *seeder) endsLine(offset int) bool {
	rest := strings.TrimSpace(string(s.content[offset:s.lineEnd(offset)]))
	return rest == "" || strings.HasPrefix(rest, "//")
}

func (s *seeder) lineBefore(offset int) string {
	return string(s.content[bytes.LastIndexByte(s.content[:offset], '\n')+1 : offset])
}

// lineEnd returns the offset of the end of a line, without its line end.
func (s *seeder) lineEnd(offset int) int {
	line, _, _ := bytes.Cut(s.content[offset:], []byte("\n"))
	return offset + len(bytes.TrimSuffix(line, []byte("\r")))
}

// indent returns the white space at the start of an offset's line.
func (s *seeder) indent(offset int) string {
	line := s.lineBefore(offset)
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// newline returns the line end that the file uses.
func (s *seeder) newline() string {
	if bytes.Contains(s.content, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// mathName returns the name of the package math in the file, and whether it has yet to
// be imported for the values.
func (s *seeder) mathName(values []gocorpus.Expression) (name string, needsImport bool) {
	for _, spec := range s.file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == "math" {
			switch {
			case spec.Name == nil:
				return "math", false
			case spec.Name.Name != "_" && spec.Name.Name != ".":
				return spec.Name.Name, false
			}
		}
	}
	for _, v := range values {
		if v.Math {
			return "math", true
		}
	}
	return "math", false
}

// importMath puts the import in front of the first one that sorts behind it among those
// of the first declaration, or else behind the package clause.
func (s *seeder) importMath() target.Insertion {
	for _, decl := range s.file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT || !d.Lparen.IsValid() || len(d.Specs) == 0 {
			continue
		}
		for _, spec := range d.Specs {
			at := s.offset(spec.Pos())
			if spec.(*ast.ImportSpec).Path.Value > `"math"` && s.startsLine(at) {
				return target.Insertion{Offset: at, Text: `"math"` + s.newline() + s.indent(at)}
			}
		}
		at := s.offset(d.Lparen) + 1
		if s.endsLine(at) {
			return target.Insertion{Offset: s.lineEnd(at), Text: s.newline() + "\t\"math\""}
		}
		return target.Insertion{Offset: at, Text: `"math"; `}
	}
	return target.Insertion{Offset: s.lineEnd(s.offset(s.file.Name.End())), Text: s.newline() + s.newline() + `import "math"`}
}
