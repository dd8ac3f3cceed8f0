package engine

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

// This file finds integer operands in an input and replaces them.

// change is one operand to find and the other to put in its place.
type change struct {
	from, to uint64
	size     int // bytes of the operands
	// above and below are the outcomes if the operand becomes one more, or one
	// less, than the other.
	above, below outcome
}

// mask returns the bits of an operand.
func (c change) mask() uint64 { return ^uint64(0) >> (64 - 8*c.size) }

// signed reads an operand as a signed number.
func (c change) signed(v uint64) int64 {
	shift := 64 - 8*c.size
	return int64(v<<shift) >> shift
}

// goal is one value for the operand to take.
type goal struct {
	value uint64
	aims  outcome
	rank  int
}

// goals returns the other operand and its neighbours: the comparison may be for
// order, and just before and after are where programs err.
func (c change) goals() [3]goal {
	return [3]goal{
		{c.to, equal, 0},
		{(c.to + 1) & c.mask(), c.above, rankNeighbor},
		{(c.to - 1) & c.mask(), c.below, rankNeighbor},
	}
}

// fits reports whether an operand can have come from w bytes, by zero- or
// sign-extension.
func (c change) fits(v uint64, w int) bool {
	narrow := change{size: w}
	return v <= narrow.mask() || uint64(narrow.signed(v))&c.mask() == v
}

func (s *substituter) substituteInt(c change) {
	for field, f := range s.engine.schema {
		switch f.Kind {
		case Int:
			s.numberField(field, c)
		case Float:
			s.floatField(field, c)
		default:
			s.length(field, c)
			s.binary(field, c)
			s.decimal(field, c)
			s.hexadecimal(field, c)
		}
	}
}

// word returns the value of an Int or Float field.
func (s *substituter) word(field int) uint64 {
	return binary.LittleEndian.Uint64(s.content(field))
}

// numberField assigns to an Int field that has the operand's value, and follows
// a line if it does not.
func (s *substituter) numberField(field int, c change) {
	f := s.engine.schema[field]
	v, mask := s.word(field), c.mask()
	extended := f.extend(v)
	if extended&mask != c.from && v&mask != c.from {
		s.linear(field, c)
		return
	}
	for _, g := range c.goals() {
		n := g.value
		if high := v &^ mask; f.width() > uint8(8*c.size) {
			n |= high // the comparison saw a part of the value
		}
		if stored := n & f.mask(); f.extend(stored)&mask != g.value && stored&mask != g.value {
			continue // the field cannot hold it
		}
		s.emit(patch{kind: setNumber, field: field, number: n, rank: rankDirect + g.rank}, g.aims)
	}
}

// floatField assigns to a Float field whose bits, or whose integral part, are
// the operand.
func (s *substituter) floatField(field int, c change) {
	f := s.engine.schema[field]
	v := s.word(field)
	if v&c.mask() == c.from && c.size*8 >= int(f.width()) {
		for _, g := range c.goals() {
			s.emit(patch{kind: setNumber, field: field, number: g.value, rank: rankDirect + g.rank}, g.aims)
		}
		return
	}
	x := math.Float64frombits(v)
	if f.Bits == 32 {
		x = float64(math.Float32frombits(uint32(v)))
	}
	// Outside of this range the conversion depends on the machine.
	if !(math.Abs(x) < 1<<62) || int64(x) != c.signed(c.from) {
		return
	}
	for _, g := range c.goals() {
		n := floatBits(f, float64(c.signed(g.value)))
		s.emit(patch{kind: setNumber, field: field, number: n, rank: rankShort + g.rank}, g.aims)
	}
}

// length changes the length of a byte string that is as long as the operand says.
func (s *substituter) length(field int, c change) {
	n := uint64(s.spans[field].n)
	if c.from != n {
		return
	}
	for _, g := range c.goals() {
		room := uint64(s.engine.maxInput - len(s.source.base.data))
		if g.value > n+room || g.value == n {
			continue
		}
		s.emit(patch{kind: setLength, field: field, number: g.value, rank: rankDirect + g.rank}, g.aims)
	}
}

// binary replaces the operand where it stands as 8, 4, 2 or 1 bytes in either
// byte order.
func (s *substituter) binary(field int, c change) {
	for w := c.size; w >= 1 && c.fits(c.from, w); w /= 2 {
		s.binaryForm(field, c, w, false)
		if w > 1 {
			s.binaryForm(field, c, w, true)
		}
	}
}

func (s *substituter) binaryForm(field int, c change, w int, bigEndian bool) {
	var word [wordSize]byte
	storeWord(word[:w], bigEndian, c.from)
	rank := rankDirect
	switch w {
	case 1:
		rank = rankByte
	case 2:
		rank = rankShort
	}
	s.positions(field, word[:w], func(i, at int) {
		for _, g := range c.goals() {
			if !c.fits(g.value, w) || g.value == c.from {
				continue
			}
			p := patch{field: field, at: at, del: w, n: w, rank: rank + rankNext*i + g.rank}
			storeWord(p.text[:w], bigEndian, g.value)
			s.emit(p, g.aims)
		}
	})
}

// positions calls found for the first places of a pattern in a field: i-th
// place, position. Those from base.near on come first.
func (s *substituter) positions(field int, pattern []byte, found func(i, at int)) {
	content := s.content(field)
	near := min(s.source.base.near, len(content))
	i := search(content, pattern, near, len(content), 0, found)
	search(content, pattern, 0, near, i, found)
}

// search calls found for places of pattern that start in [from, to), counting
// from i, and returns the count.
func search(content, pattern []byte, from, to, i int, found func(i, at int)) int {
	for from < to && i < maxPositions {
		k := bytes.Index(content[from:], pattern)
		if k < 0 || from+k >= to {
			break
		}
		found(i, from+k)
		i++
		from += k + 1
	}
	return i
}

// decimal replaces the operand where it stands as a decimal number.
func (s *substituter) decimal(field int, c change) {
	s.number(field, c, rankText, func(b []byte, v uint64) []byte {
		return strconv.AppendInt(b, c.signed(v), 10)
	})
	if c.signed(c.from) < 0 {
		s.number(field, c, rankText, func(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 10) })
	}
}

// hexadecimal replaces the operand where it stands as a hexadecimal number that
// is not a decimal one too.
func (s *substituter) hexadecimal(field int, c change) {
	if c.from < 10 {
		return
	}
	s.number(field, c, rankHex, func(b []byte, v uint64) []byte { return strconv.AppendUint(b, v, 16) })
}

// number replaces the operand's text, where it is not part of a longer number.
func (s *substituter) number(field int, c change, rank int, format func([]byte, uint64) []byte) {
	var buf [24]byte
	text := format(buf[:0], c.from)
	content := s.content(field)
	s.positions(field, text, func(i, at int) {
		if at > 0 && isDigit(content[at-1]) || at+len(text) < len(content) && isDigit(content[at+len(text)]) {
			return
		}
		for _, g := range c.goals() {
			if g.value == c.from {
				continue
			}
			p := patch{field: field, at: at, del: len(text), rank: rank + rankNext*i + g.rank}
			p.n = len(format(p.text[:0], g.value))
			s.emit(p, g.aims)
		}
	})
}
