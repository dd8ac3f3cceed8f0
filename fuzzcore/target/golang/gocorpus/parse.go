package gocorpus

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file parses one line of a corpus entry: a Go expression that converts one
// literal to one type. What it takes is what Go's parseCorpusValue takes.

var (
	errForm = errors.New("it is not of the form type(literal)")
	errType = errors.New("its type is none that a fuzz test can take")
)

// parseLine returns the type that a line names and its value.
func parseLine(line []byte) (goType, value, error) {
	expr, err := parser.ParseExprFrom(token.NewFileSet(), "", line, 0)
	if err != nil {
		return goType{}, value{}, errForm
	}
	call, ok := expr.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return goType{}, value{}, errForm
	}
	lit, err := parseLiteral(call.Args[0])
	if err != nil {
		return goType{}, value{}, err
	}
	if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
		return parseFromBits(selector, lit)
	}
	t, ok := goTypes[typeName(call.Fun)]
	if !ok {
		return goType{}, value{}, errType
	}
	if lit.kind == token.CHAR && typeName(call.Fun) != t.name {
		// Go takes characters as byte and rune, but not as uint8 and int32.
		return goType{}, value{}, errors.New("its literal is no integer")
	}
	v, err := lit.convert(t)
	return t, v, err
}

// typeName reads T of T(x). Go takes byte slices only as []byte.
func typeName(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.ArrayType:
		if elem, ok := e.Elt.(*ast.Ident); ok && e.Len == nil && elem.Name == "byte" {
			return "[]byte"
		}
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// parseFromBits reads math.Float32frombits(x) or math.Float64frombits(x).
func parseFromBits(fun *ast.SelectorExpr, lit literal) (goType, value, error) {
	if pkg, ok := fun.X.(*ast.Ident); !ok || pkg.Name != "math" {
		return goType{}, value{}, errType
	}
	var t goType
	switch fun.Sel.Name {
	case "Float32frombits":
		t = goTypes["float32"]
	case "Float64frombits":
		t = goTypes["float64"]
	default:
		return goType{}, value{}, errType
	}
	v, err := lit.integer(engine.Field{Kind: engine.Int, Bits: t.field.Bits})
	return t, v, err
}

// parseLiteral reads x of T(x).
func parseLiteral(expr ast.Expr) (literal, error) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return literal{e.Kind, e.Value}, nil
	case *ast.UnaryExpr:
		return parseSigned(e)
	case *ast.Ident:
		switch e.Name {
		case "NaN":
			return literal{token.FLOAT, "NaN"}, nil
		case "true", "false":
			return literal{token.IDENT, e.Name}, nil
		}
	}
	return literal{}, errForm
}

// parseSigned reads -x, +Inf and -Inf. Go takes +Inf with any operator but the
// minus, and so does this.
func parseSigned(e *ast.UnaryExpr) (literal, error) {
	switch x := e.X.(type) {
	case *ast.BasicLit:
		if e.Op == token.SUB && (x.Kind == token.INT || x.Kind == token.FLOAT) {
			return literal{x.Kind, "-" + x.Value}, nil
		}
	case *ast.Ident:
		if x.Name == "Inf" && e.Op == token.SUB {
			return literal{token.FLOAT, "-Inf"}, nil
		}
		if x.Name == "Inf" {
			return literal{token.FLOAT, "+Inf"}, nil
		}
	}
	return literal{}, errForm
}
