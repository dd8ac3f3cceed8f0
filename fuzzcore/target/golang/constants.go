package golang

import (
	"go/ast"
	exact "go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file defines Constants: what source code says an input may have to contain.
// The comparisons that a run makes tell much of that, but not what is searched for
// (strings.Contains), looked up in a map, or chosen by a switch that the compiler
// turned into a table.

// Constant is one constant of the source, a byte string or an integer.
type Constant struct {
	// Text is a string, character or byte slice, 1 to maxConstantText bytes long;
	// nil if the constant is an integer.
	Text []byte `json:"text,omitempty"`
	// Int is an integer in two's complement, sign-extended to 64 bits. Bits is the
	// width of its type, or without one (int, uint, untyped) the least of 16, 32 and
	// 64 that holds it; 0 if the constant is Text.
	Int  uint64 `json:"int,omitempty"`
	Bits uint8  `json:"bits,omitempty"`
}

const (
	// maxConstants bounds a dictionary: with more tokens than this, the one that is
	// needed is hardly ever tried. goldmark, with its table of 2,125 HTML entities,
	// reaches it; the last ranks are cut off then.
	maxConstants = 4096
	// maxConstantText leaves out documents and messages; words, magics and field
	// names are shorter.
	maxConstantText = 64
	// minConstantInt leaves out the integers that one changed byte makes.
	minConstantInt = 256
)

// rank orders constants by how likely an input has to contain them; within a rank
// they stay in the order of the source.
type rank int

const (
	// rankDecisive: something is compared with the constant, or searched or looked
	// up by it; or it is the name in a field's tag.
	rankDecisive rank = iota
	// rankPlain: any other, longer than a byte.
	rankPlain
	// rankByte: a single byte, which mutations find without help.
	rankByte
	// rankTest: it is in a test file.
	rankTest
	ranks
)

// Constants returns the constants of the workspace's own packages that built
// consists of, p's first, the most useful first (see rank), each once, at most
// maxConstants. Messages are left out: arguments of print and error functions.
// Files that cannot be read or parsed contribute what they can.
func Constants(p *Package, built *Target) []Constant {
	files := slices.Clone(p.Files)
	for _, other := range built.Packages {
		if !other.Own || other.ImportPath == p.ImportPath {
			continue
		}
		for _, name := range other.Files {
			files = append(files, filepath.Join(other.Dir, name))
		}
	}
	return readConstants(files)
}

// tokens is what an engine makes of constants.
func tokens(constants []Constant) []engine.Token {
	list := make([]engine.Token, len(constants))
	for i, c := range constants {
		list[i] = engine.Token{Kind: engine.Bytes, Text: c.Text}
		if c.Bits > 0 {
			list[i] = engine.Token{Kind: engine.Int, Value: c.Int}
		}
	}
	return list
}

func readConstants(names []string) []Constant {
	r := constantReader{fset: token.NewFileSet(), best: make(map[constantKey]rank)}
	for _, files := range r.parse(names) {
		r.info = &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object)}
		config := types.Config{Importer: sketchImporter(nil), Error: func(error) {}, FakeImportC: true}
		config.Check("", r.fset, files, r.info) // values do not depend on what is missing
		for _, file := range files {
			r.test = isTestFile(r.fset.Position(file.FileStart).Filename)
			r.read(file)
		}
	}
	return r.result()
}

// constantReader collects constants.
type constantReader struct {
	fset *token.FileSet
	// info is about the package being read.
	info *types.Info
	// test: the file being read is a test file.
	test bool
	// decisive holds expressions still to come that decide something, silent those
	// that are messages.
	decisive, silent map[ast.Expr]bool
	// found are the constants of each rank in order; best is the best rank of each.
	found [ranks][]Constant
	best  map[constantKey]rank
}

// constantKey is a Constant that can be compared.
type constantKey struct {
	text string
	int  uint64
	bits uint8
}

// parse returns the files by package, in the order of their first files.
func (r *constantReader) parse(names []string) [][]*ast.File {
	var packages [][]*ast.File
	index := make(map[[2]string]int)
	for _, name := range names {
		file, _ := parser.ParseFile(r.fset, name, nil, parser.SkipObjectResolution)
		if file == nil || file.Name == nil {
			continue
		}
		key := [2]string{filepath.Dir(name), file.Name.Name}
		i, ok := index[key]
		if !ok {
			i = len(packages)
			index[key] = i
			packages = append(packages, nil)
		}
		packages[i] = append(packages[i], file)
	}
	return packages
}

func (r *constantReader) result() []Constant {
	all := []Constant{}
	for i, constants := range r.found {
		for _, c := range constants {
			if r.best[constantKey{string(c.Text), c.Int, c.Bits}] != rank(i) {
				continue // it is there with a better rank
			}
			if len(all) == maxConstants {
				return all
			}
			all = append(all, c)
		}
	}
	return all
}

// read collects the constants of a file.
func (r *constantReader) read(file *ast.File) {
	r.decisive, r.silent = make(map[ast.Expr]bool), make(map[ast.Expr]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			r.readTag(n.Tag)
		case *ast.ArrayType:
			r.silent[n.Len] = true // a length is no value
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				r.readDeclaration(n)
				return false
			}
		}
		r.mark(n)
		e, ok := n.(ast.Expr)
		return !ok || !r.readExpr(e)
	})
}

// mark notes which of n's parts decide something and which are messages.
func (r *constantReader) mark(n ast.Node) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		switch n.Op {
		case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			r.decide(n.X, n.Y)
		}
	case *ast.CaseClause:
		r.decide(n.List...)
	case *ast.IndexExpr:
		r.decide(n.Index)
	case *ast.CompositeLit:
		if t := r.info.TypeOf(n); t != nil && isMap(t) {
			for _, element := range n.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					r.decide(pair.Key)
				}
			}
		}
	case *ast.CallExpr:
		switch name := calleeName(n); {
		case isMessageFunction(name):
			for _, arg := range n.Args {
				r.silent[arg] = true
			}
		case searchFunctions[name]:
			r.decide(n.Args...)
		}
	}
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// decide marks expressions, and what they convert.
func (r *constantReader) decide(list ...ast.Expr) {
	for _, e := range list {
		r.decisive[e] = true
		switch e := e.(type) {
		case *ast.ParenExpr:
			r.decide(e.X)
		case *ast.CallExpr:
			if len(e.Args) == 1 && r.info.Types[e.Fun].IsType() {
				r.decide(e.Args[0])
			}
		}
	}
}

// calleeName is the name by which a function or method is called; "" if by none.
func calleeName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "errors" {
			return "errors." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// messageFunctions take texts for people, by the names that packages errors, fmt,
// slog and testing use.
var messageFunctions = set("errors.New", "Sprint", "Sprintf", "Sprintln", "Appendf", "Log", "Logf", "Skip", "Skipf",
	"Info", "Debug", "Run")

// messageWords are in the names of most other functions that take them, in any
// case ("saveError", "Fprintf", "fatalf"), and of error types that are converted to.
var messageWords = []string{"error", "fatal", "panic", "print", "warn"}

func isMessageFunction(name string) bool {
	lower := strings.ToLower(name)
	return messageFunctions[name] || slices.ContainsFunc(messageWords, func(word string) bool { return strings.Contains(lower, word) })
}

// searchFunctions search, compare or cut by their arguments: those of packages
// bytes and strings, regexp's and the like.
var searchFunctions = set("Compare", "Contains", "ContainsAny", "ContainsRune", "Count", "Cut", "CutPrefix", "CutSuffix",
	"Equal", "EqualFold", "HasPrefix", "HasSuffix", "Index", "IndexAny", "IndexByte", "IndexRune", "LastIndex",
	"LastIndexAny", "LastIndexByte", "ReplaceAll", "Replace", "Split", "SplitAfter", "SplitN", "SplitSeq",
	"Trim", "TrimLeft", "TrimPrefix", "TrimRight", "TrimSuffix")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[name] = true
	}
	return m
}

// readExpr adds e if it is constant, and reports whether its parts are done with.
func (r *constantReader) readExpr(e ast.Expr) bool {
	if literal, ok := e.(*ast.CompositeLit); ok {
		return r.readBytes(literal)
	}
	known, ok := r.info.Types[e]
	if !ok || known.Value == nil {
		return r.readUnchecked(e)
	}
	if _, name := e.(*ast.Ident); r.silent[e] || name && !r.decisive[e] {
		return true // a name's constant was read where it is declared
	}
	r.add(known.Value, known.Type, isCharacter(e, known.Type), r.decisive[e])
	return true
}

// readUnchecked adds a literal that the type check did not get to.
func (r *constantReader) readUnchecked(e ast.Expr) bool {
	literal, ok := e.(*ast.BasicLit)
	if !ok || r.silent[e] {
		return ok
	}
	if value := exact.MakeFromLiteral(literal.Value, literal.Kind, 0); value.Kind() != exact.Unknown {
		r.add(value, types.Typ[types.UntypedInt], literal.Kind == token.CHAR, r.decisive[e])
	}
	return true
}

// isCharacter reports whether the integer e means a character.
func isCharacter(e ast.Expr, t types.Type) bool {
	literal, ok := e.(*ast.BasicLit)
	return ok && literal.Kind == token.CHAR || t == types.Typ[types.UntypedRune]
}

// readDeclaration adds the values of a const declaration, which need not be
// written down (iota).
func (r *constantReader) readDeclaration(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, name := range values.Names {
			c, ok := r.info.Defs[name].(*types.Const)
			if !ok || c.Val() == nil || c.Val().Kind() == exact.Unknown {
				continue
			}
			character := c.Type() == types.Typ[types.UntypedRune]
			if i < len(values.Values) {
				character = character || isCharacter(values.Values[i], c.Type())
			}
			r.add(c.Val(), c.Type(), character, false)
		}
	}
}

// readBytes adds []byte{…} and [n]byte{…} of constants as one text, and reports
// whether it did.
func (r *constantReader) readBytes(literal *ast.CompositeLit) bool {
	if !isByteList(r.info.TypeOf(literal)) || len(literal.Elts) < 2 || len(literal.Elts) > maxConstantText {
		return false
	}
	text := make([]byte, len(literal.Elts))
	for i, element := range literal.Elts {
		value := r.info.Types[element].Value
		if value == nil {
			return false // not constant, or with an index
		}
		n, _ := exact.Uint64Val(exact.ToInt(value))
		text[i] = byte(n)
	}
	r.addText(string(text), r.decisive[literal])
	return true
}

func isByteList(t types.Type) bool {
	if t == nil {
		return false
	}
	var element types.Type
	switch t := t.Underlying().(type) {
	case *types.Slice:
		element = t.Elem()
	case *types.Array:
		element = t.Elem()
	default:
		return false
	}
	basic, ok := element.Underlying().(*types.Basic)
	return ok && basic.Kind() == types.Uint8
}

// tagNames matches the names in a struct tag: those that encoders match.
var tagNames = regexp.MustCompile(`\w+:"([^",\\]+)`)

func (r *constantReader) readTag(tag *ast.BasicLit) {
	if tag == nil {
		return
	}
	r.silent[tag] = true
	text, err := strconv.Unquote(tag.Value)
	if err != nil {
		return
	}
	for _, match := range tagNames.FindAllStringSubmatch(text, -1) {
		if match[1] != "-" {
			r.addText(match[1], true)
		}
	}
}

// add adds a constant value of type t.
func (r *constantReader) add(value exact.Value, t types.Type, character, decisive bool) {
	switch value.Kind() {
	case exact.String:
		r.addText(exact.StringVal(value), decisive)
	case exact.Int:
		if character {
			r.addCharacter(value, t, decisive)
			return
		}
		r.addInt(value, t, decisive)
	}
}

func (r *constantReader) addCharacter(value exact.Value, t types.Type, decisive bool) {
	n, ok := exact.Int64Val(value)
	switch {
	case !ok || n < 0 || n > math.MaxInt32:
	case bitsOf(t) == 8:
		r.addText(string([]byte{byte(n)}), decisive)
	default:
		r.addText(string(rune(n)), decisive)
	}
}

func (r *constantReader) addInt(value exact.Value, t types.Type, decisive bool) {
	signed, ok := exact.Int64Val(value)
	if ok && signed > -minConstantInt && signed < minConstantInt {
		return
	}
	n := uint64(signed)
	if !ok {
		if n, ok = exact.Uint64Val(value); !ok {
			return // an intermediate result of more than 64 bits
		}
	}
	bits := bitsOf(t)
	if bits == 0 {
		bits = leastBits(n, exact.Sign(value) < 0)
	}
	rank := rankPlain
	if decisive {
		rank = rankDecisive
	}
	r.put(Constant{Int: n, Bits: bits}, rank)
}

// bitsOf is the width of an integer type of fixed width; 0 for any other.
func bitsOf(t types.Type) uint8 {
	basic, ok := t.Underlying().(*types.Basic)
	if !ok {
		return 0
	}
	switch basic.Kind() {
	case types.Int8, types.Uint8:
		return 8
	case types.Int16, types.Uint16:
		return 16
	case types.Int32, types.Uint32:
		return 32
	case types.Int64, types.Uint64:
		return 64
	}
	return 0
}

// leastBits is the least width that holds an integer, signed if it is negative.
func leastBits(n uint64, negative bool) uint8 {
	switch {
	case negative && int64(n) >= math.MinInt16 || !negative && n <= math.MaxUint16:
		return 16
	case negative && int64(n) >= math.MinInt32 || !negative && n <= math.MaxUint32:
		return 32
	}
	return 64
}

func (r *constantReader) addText(text string, decisive bool) {
	switch {
	case text == "" || len(text) > maxConstantText || strings.TrimSpace(text) == "" && len(text) > 2:
	case len(text) == 1:
		r.put(Constant{Text: []byte(text)}, rankByte)
	case decisive:
		r.put(Constant{Text: []byte(text)}, rankDecisive)
	default:
		r.put(Constant{Text: []byte(text)}, rankPlain)
	}
}

// put adds c unless it is there with the same or a better rank.
func (r *constantReader) put(c Constant, rank rank) {
	if r.test {
		rank = rankTest
	}
	key := constantKey{string(c.Text), c.Int, c.Bits}
	if best, ok := r.best[key]; ok && best <= rank {
		return
	}
	r.best[key] = rank
	r.found[rank] = append(r.found[rank], c)
}
