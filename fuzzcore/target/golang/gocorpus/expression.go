package gocorpus

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// This file writes the values of a corpus entry as Go source.

// Expression is a value of a corpus entry as a Go expression.
type Expression struct {
	// Type is the value's type, by the name that Go's own writer prefers ("byte",
	// "rune", "[]byte").
	Type string
	// Text has exactly the type Type where any is expected, as in a call of F.Add,
	// and is as short as that allows: 5 for an int, int8(5) for an int8.
	Text string
	// Math: Text needs the package math, by that name.
	Math bool
}

// Expressions returns the values of a corpus entry. Each line of an entry names its
// own type, so the fuzz test need not be known; whether it takes such values is not
// checked. An entry that Go would not read is an error that names the line.
func Expressions(entry []byte) ([]Expression, error) {
	header, body, _ := bytes.Cut(entry, []byte("\n"))
	if header = bytes.TrimSuffix(header, []byte("\r")); string(header) != version {
		return nil, fmt.Errorf("line 1 is %s, expected %q", quote(header), version)
	}
	var all []Expression
	number := 1
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		t, v, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d is %s, expected a value: %w", number, quote(line), err)
		}
		all = append(all, expression(t, v))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("line %d is the end, expected a value", number)
	}
	return all, nil
}

func expression(t goType, v value) Expression {
	e := Expression{Type: t.name}
	switch t.name {
	case "float32":
		f := float64(math.Float32frombits(uint32(v.bits)))
		e.Text, e.Math = floatExpression(string(appendLine(nil, t, v)), f, 32)
	case "float64":
		e.Text, e.Math = floatExpression(string(appendLine(nil, t, v)), math.Float64frombits(v.bits), 64)
	case "string", "bool", "int":
		e.Text = converted(string(appendLine(nil, t, v)))
	case "rune":
		e.Text = string(appendLine(nil, t, v))
		if strings.HasPrefix(e.Text, "rune('") {
			e.Text = converted(e.Text)
		}
	default:
		e.Text = string(appendLine(nil, t, v))
	}
	return e
}

// converted returns x of T(x).
func converted(line string) string {
	return line[strings.IndexByte(line, '(')+1 : len(line)-1]
}

// floatExpression writes a number. Lines of corpus entries are no Go expressions if
// the number is infinite or NaN, and another number if it is a negative zero. line is
// that of f, which is exact in bits.
func floatExpression(line string, f float64, bits int) (text string, needsMath bool) {
	switch {
	case strings.HasPrefix(line, "math."):
		return line, true
	case math.IsNaN(f):
		text, needsMath = "math.NaN()", true
	case math.IsInf(f, 0):
		text, needsMath = fmt.Sprintf("math.Inf(%d)", int(math.Copysign(1, f))), true
	case f == 0 && math.Signbit(f):
		text, needsMath = "math.Copysign(0, -1)", true
	case bits == 64:
		text = strconv.FormatFloat(f, 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
	default:
		return line, false
	}
	if bits == 32 {
		text = "float32(" + text + ")"
	}
	return text, needsMath
}
