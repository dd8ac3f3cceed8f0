package engine

import (
	"bytes"
	"strconv"
)

// This file defines the mutators of byte strings that treat them as text.

// maxDigits is the longest run of digits that is read as one number: more do
// not fit into an int64.
const maxDigits = 18

// isDigit reports whether c is a decimal digit.
func isDigit(c byte) bool { return c-'0' < 10 }

// number is where a decimal number stands in a text, a minus sign included.
type number struct {
	at, n int
	value int64
}

// numberAt reads the number whose first digit is at or after from. It returns
// n = 0 if there is none.
func numberAt(b []byte, from int) number {
	for from < len(b) && !isDigit(b[from]) {
		from++
	}
	end, value := from, int64(0)
	for end < len(b) && isDigit(b[end]) && end-from < maxDigits {
		value = 10*value + int64(b[end]-'0')
		end++
	}
	if end > from && from > 0 && b[from-1] == '-' {
		from--
		value = -value
	}
	return number{from, end - from, value}
}

func (e *Engine) numberInText(field int) bool {
	b := e.mutant.bytes(field)
	found := numberAt(b, e.rng.below(len(b)+1))
	if found.n == 0 {
		found = numberAt(b, 0)
	}
	if found.n == 0 {
		found.at = e.rng.below(len(b) + 1) // none yet: insert one
	}
	var text [20]byte // the longest int64
	replacement := strconv.AppendInt(text[:0], e.changeNumber(found.value), 10)
	gap := e.mutant.gap(field, found.at, found.n, len(replacement))
	if gap == nil {
		return false
	}
	copy(gap, replacement)
	return true
}

// changeNumber returns another number, often near v.
func (e *Engine) changeNumber(v int64) int64 {
	switch r := e.rng.below(8); r {
	case 0:
		return -v
	case 1:
		return v * 2
	case 2:
		return v / 2
	case 3:
		return int64(boundaries[e.rng.below(len(boundaries))])
	case 4:
		if token, ok := e.dictionary.pickInt(&e.rng); ok {
			return int64(token)
		}
	case 5:
		return v*10 + int64(e.rng.below(10))
	}
	return v + int64(e.step())
}

// classes are the sets of characters of which one may stand for another.
var classes = [...][]byte{
	[]byte("0123456789"),
	[]byte("abcdefghijklmnopqrstuvwxyz"),
	[]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
	[]byte(" \t\r\n\v\f"),
	[]byte("()[]{}<>"),
	[]byte("'\"`\\/|"),
	[]byte("!#$%&*+,-.:;=?@^_~"),
}

// similarCharacter replaces a printable character: mostly by one of its class,
// sometimes by any punctuation, which is what grammars are made of.
func (e *Engine) similarCharacter(field int) bool {
	b := e.mutant.bytes(field)
	if len(b) == 0 {
		return false
	}
	at := e.rng.below(len(b))
	class := classes[4+e.rng.below(3)]
	if !e.rng.oneIn(4) {
		class = classOf(b[at])
	}
	if class == nil {
		return false
	}
	b[at] = class[e.rng.below(len(class))]
	return true
}

// makePrintable turns random bytes into random characters: a class first, as
// there are more letters than digits but not more use of them.
func (e *Engine) makePrintable(b []byte) {
	class := classes[e.rng.below(len(classes))]
	for i, c := range b {
		b[i] = class[int(c)*len(class)>>8]
	}
}

func classOf(c byte) []byte {
	for _, class := range classes {
		if bytes.IndexByte(class, c) >= 0 {
			return class
		}
	}
	return nil
}
