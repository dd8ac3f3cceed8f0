package live

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"unicode/utf8"
)

// This file finds the conditions of a source text: where they are, what they say, and
// which code runs after each of their outcomes.

// place is a position in a text, 1-based, columns in bytes.
type place struct{ line, col uint32 }

func (p place) before(q place) bool { return p.line < q.line || p.line == q.line && p.col < q.col }

// block is where the code begins that runs after an outcome: its counter is at a place
// in [from, to]. The zero block is unknown.
type block struct{ from, to place }

// conditionKind is a kind of statement with outcomes.
type conditionKind int

const (
	ifCondition conditionKind = iota
	forCondition
	rangeLoop
	choice // switch or select
)

// condition is a statement whose outcomes lead to different code.
type condition struct {
	kind conditionKind
	at   place  // of the condition; of a choice, of its keyword
	text string // of the condition, short
	// comparison is the one that the condition consists of; nil if it is something else.
	comparison *ast.BinaryExpr
	// then runs if the condition is true, orElse if it is false: hasElse tells whether
	// that is an else branch or the code behind.
	then, orElse block
	hasElse      bool
	// leaves: what runs if the condition is true never comes to what is behind.
	leaves bool
	cases  []choiceCase
}

// choiceCase is one case of a switch or select.
type choiceCase struct {
	text string // "case 'x', 'y'", "default"
	body block
}

// outline are the conditions of a text, sorted by place.
type outline struct{ conditions []condition }

// newOutline reads a Go source text, as far as it makes sense.
func newOutline(text []byte) *outline {
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, "", text, parser.SkipObjectResolution) // a partial tree is of use
	o := &outliner{text: text, fset: fset, outline: new(outline)}
	if file != nil {
		ast.Inspect(file, func(n ast.Node) bool {
			o.visit(n)
			return true
		})
	}
	return o.outline
}

type outliner struct {
	*outline
	text []byte
	fset *token.FileSet
}

// visit looks at lists of statements, because what is behind a statement is in the list.
func (o *outliner) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.BlockStmt:
		o.list(n.List)
	case *ast.CaseClause:
		o.list(n.Body)
	case *ast.CommClause:
		o.list(n.Body)
	}
}

func (o *outliner) list(list []ast.Stmt) {
	for i, s := range list {
		var behind ast.Stmt
		if i+1 < len(list) {
			behind = list[i+1]
		}
		if labeled, ok := s.(*ast.LabeledStmt); ok {
			s = labeled.Stmt
		}
		o.statement(s, behind)
	}
}

func (o *outliner) statement(s, behind ast.Stmt) {
	switch s := s.(type) {
	case *ast.IfStmt:
		o.ifStatement(s, behind)
	case *ast.ForStmt:
		if s.Cond == nil {
			return
		}
		c := o.expression(forCondition, s.Cond)
		c.then = o.body(s.Body)
		o.add(c)
	case *ast.RangeStmt:
		o.add(condition{kind: rangeLoop, at: o.place(s.X.Pos()), text: o.short(s.X.Pos(), s.X.End()), then: o.body(s.Body)})
	case *ast.SwitchStmt:
		o.choice(s.Switch, s.Body)
	case *ast.TypeSwitchStmt:
		o.choice(s.Switch, s.Body)
	case *ast.SelectStmt:
		o.choice(s.Select, s.Body)
	}
}

func (o *outliner) ifStatement(s *ast.IfStmt, behind ast.Stmt) {
	c := o.expression(ifCondition, s.Cond)
	c.then, c.leaves = o.body(s.Body), leaves(s.Body)
	switch e := s.Else.(type) {
	case *ast.BlockStmt:
		c.orElse, c.hasElse = o.body(e), true
	case *ast.IfStmt:
		// The counter of an else-if is that of the code from its keyword on.
		c.orElse, c.hasElse = block{o.place(s.Body.End()), o.place(e.Cond.Pos())}, true
		defer o.ifStatement(e, behind)
	default:
		if behind != nil {
			c.orElse = block{o.place(s.Body.Rbrace), o.place(behind.Pos())}
		}
	}
	o.add(c)
}

func (o *outliner) choice(keyword token.Pos, body *ast.BlockStmt) {
	c := condition{kind: choice, at: o.place(keyword)}
	for _, s := range body.List {
		var colon token.Pos
		var list []ast.Stmt
		switch s := s.(type) {
		case *ast.CaseClause:
			colon, list = s.Colon, s.Body
		case *ast.CommClause:
			colon, list = s.Colon, s.Body
		}
		if len(list) > 0 {
			c.cases = append(c.cases, choiceCase{o.short(s.Pos(), colon), block{o.place(colon), o.place(list[0].Pos())}})
		}
	}
	o.add(c)
}

func (o *outliner) add(c condition) { o.conditions = append(o.conditions, c) }

func (o *outliner) expression(kind conditionKind, e ast.Expr) condition {
	c := condition{kind: kind, at: o.place(e.Pos()), text: o.short(e.Pos(), e.End())}
	if b, ok := ast.Unparen(e).(*ast.BinaryExpr); ok && isComparison(b.Op) {
		c.comparison = b
	}
	return c
}

func isComparison(op token.Token) bool {
	switch op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// body returns where the code of a block begins; unknown for an empty one.
func (o *outliner) body(b *ast.BlockStmt) block {
	if len(b.List) == 0 {
		return block{}
	}
	return block{o.place(b.Lbrace), o.place(b.List[0].Pos())}
}

// leaves reports whether a block ends with a statement that never goes on behind it.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok != token.FALLTHROUGH
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		name, ok := call.Fun.(*ast.Ident)
		return ok && name.Name == "panic"
	}
	return false
}

func (o *outliner) place(pos token.Pos) place {
	at := o.fset.PositionFor(pos, false) // the text's own lines, whatever //line says
	return place{uint32(at.Line), uint32(at.Column)}
}

// shortText is how long a condition is shown, in runes: a hint is read beside the code.
const shortText = 40

// short returns a piece of the text on one line, cut off if it is long.
func (o *outliner) short(from, to token.Pos) string {
	a, b := o.fset.PositionFor(from, false).Offset, o.fset.PositionFor(to, false).Offset
	if a < 0 || b > len(o.text) || a > b {
		return ""
	}
	return shorten(strings.Join(strings.Fields(string(o.text[a:b])), " "))
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= shortText {
		return s
	}
	return string([]rune(s)[:shortText-1]) + "…"
}
