package gocorpus

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// This file writes corpus entries.

// version is the first line of an entry. Go has only had this one version.
const version = "go test fuzz v1"

// Marshal returns the corpus entry of a Smith stream for a fuzz test whose
// arguments have the named types (see [SchemaOf]): byte for byte the file that
// Go would write. A stream that does not hold exactly these values is an error.
func Marshal(stream []byte, types []string) ([]byte, error) {
	args, err := arguments(types)
	if err != nil {
		return nil, err
	}
	data := append([]byte(version), '\n')
	rest := stream
	for i, a := range args {
		at := len(stream) - len(rest)
		var v value
		if v, rest, err = takeValue(rest, a.field); err != nil {
			return nil, fmt.Errorf("reading argument %d (%s) at byte %d of the input: %w", i+1, types[i], at, err)
		}
		data = append(appendLine(data, a, v), '\n')
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the last of %d arguments in the input", len(rest), len(args))
	}
	return data, nil
}

// appendLine appends the line of one argument, without its newline. The choices
// between forms are those of Go's marshalCorpusFile.
func appendLine(b []byte, t goType, v value) []byte {
	switch t.name {
	case "float32":
		return appendFloat32(b, math.Float32frombits(uint32(v.bits)))
	case "float64":
		return appendFloat64(b, math.Float64frombits(v.bits))
	case "rune":
		return appendRune(b, rune(v.bits))
	}
	b = append(append(b, t.name...), '(')
	switch {
	case t.name == "[]byte" || t.name == "string":
		b = strconv.AppendQuote(b, string(v.content))
	case t.name == "bool":
		b = strconv.AppendBool(b, v.bits == 1)
	case t.name == "byte":
		b = strconv.AppendQuoteRune(b, rune(v.bits))
	case t.field.Signed:
		unused := 64 - t.field.Bits
		b = strconv.AppendInt(b, int64(v.bits<<unused)>>unused, 10)
	default:
		b = strconv.AppendUint(b, v.bits, 10)
	}
	return append(b, ')')
}

// appendRune writes what has no character literal (surrogates, negative numbers,
// numbers above unicode.MaxRune) as an int32.
func appendRune(b []byte, r rune) []byte {
	if !utf8.ValidRune(r) {
		return fmt.Appendf(b, "int32(%d)", r)
	}
	b = strconv.AppendQuoteRune(append(b, "rune("...), r)
	return append(b, ')')
}

// appendFloat32 writes every NaN but that of math.NaN as its bit pattern.
func appendFloat32(b []byte, f float32) []byte {
	bits := math.Float32bits(f)
	if f != f && bits != math.Float32bits(float32(math.NaN())) {
		return fmt.Appendf(b, "math.Float32frombits(0x%x)", bits)
	}
	b = strconv.AppendFloat(append(b, "float32("...), float64(f), 'g', -1, 32)
	return append(b, ')')
}

// appendFloat64 writes every NaN but that of math.NaN as its bit pattern.
func appendFloat64(b []byte, f float64) []byte {
	bits := math.Float64bits(f)
	if f != f && bits != math.Float64bits(math.NaN()) {
		return fmt.Appendf(b, "math.Float64frombits(0x%x)", bits)
	}
	b = strconv.AppendFloat(append(b, "float64("...), f, 'g', -1, 64)
	return append(b, ')')
}
