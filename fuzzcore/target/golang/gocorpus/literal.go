package gocorpus

import (
	"errors"
	"fmt"
	"go/token"
	"math"
	"strconv"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file converts the literals of a corpus entry to values.

// literal is x of a line T(x).
type literal struct {
	// kind is INT, FLOAT, CHAR or STRING for literals; FLOAT for NaN and the
	// infinities; IDENT for true and false.
	kind token.Token
	// text is the literal as written, with a minus in front if there is one.
	text string
}

// convert returns the literal's value as a t.
func (l literal) convert(t goType) (value, error) {
	switch {
	case t.field.Kind == engine.Bytes:
		return l.bytes()
	case t.field.Kind == engine.Float:
		return l.float(t.field)
	case t.name == "bool":
		return l.boolean()
	case l.kind == token.CHAR:
		return l.character(t)
	}
	return l.integer(t.field)
}

func (l literal) bytes() (value, error) {
	if l.kind != token.STRING {
		return value{}, errors.New("its literal is no string")
	}
	s, err := strconv.Unquote(l.text)
	if err != nil {
		return value{}, l.failed(err)
	}
	return value{content: []byte(s)}, nil
}

func (l literal) boolean() (value, error) {
	if l.kind != token.IDENT {
		return value{}, errors.New("its literal is neither true nor false")
	}
	if l.text == "true" {
		return value{bits: 1}, nil
	}
	return value{}, nil
}

func (l literal) float(f engine.Field) (value, error) {
	if l.kind != token.FLOAT && l.kind != token.INT {
		return value{}, errors.New("its literal is no number")
	}
	v, err := strconv.ParseFloat(l.text, int(f.Bits))
	if err != nil {
		return value{}, l.failed(err)
	}
	if f.Bits == 32 {
		return value{bits: uint64(math.Float32bits(float32(v)))}, nil
	}
	return value{bits: math.Float64bits(v)}, nil
}

// character converts a character literal to a byte or rune.
func (l literal) character(t goType) (value, error) {
	if t.name != "byte" && t.name != "rune" {
		return value{}, errors.New("its literal is a character")
	}
	r, _, _, err := strconv.UnquoteChar(l.text[1:len(l.text)-1], '\'')
	if err != nil {
		return value{}, l.failed(err)
	}
	if t.name == "byte" && r > math.MaxUint8 {
		return value{}, fmt.Errorf("%s does not fit a byte", l.text)
	}
	return value{bits: uint64(r)}, nil
}

func (l literal) integer(f engine.Field) (value, error) {
	if l.kind != token.INT {
		return value{}, errors.New("its literal is no integer")
	}
	if !f.Signed {
		n, err := strconv.ParseUint(l.text, 0, int(f.Bits))
		if err != nil {
			return value{}, l.failed(err)
		}
		return value{bits: n}, nil
	}
	n, err := strconv.ParseInt(l.text, 0, int(f.Bits))
	if err != nil {
		return value{}, l.failed(err)
	}
	unused := 64 - f.Bits
	return value{bits: uint64(n) << unused >> unused}, nil
}

// failed returns the reason that strconv gives, without its function names.
func (l literal) failed(err error) error {
	if number := (*strconv.NumError)(nil); errors.As(err, &number) {
		err = number.Err
	}
	return fmt.Errorf("its literal cannot be read: %w", err)
}
