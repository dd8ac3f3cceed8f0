package engine

import "encoding/binary"

// This file defines the mutators of integers. Values are cut to their field's
// width when they are stored.

func (e *Engine) stepInt(field int) bool {
	m := &e.mutant
	delta := uint64(e.rng.geometric(16))
	if e.rng.coin() {
		delta = -delta
	}
	m.setWord(field, m.word(field)+delta)
	return true
}

// leapInt adds or subtracts a power of two or a small multiple of one.
func (e *Engine) leapInt(field int) bool {
	m := &e.mutant
	delta := uint64(1+e.rng.below(maxStep)) << e.rng.below(int(m.schema[field].Bits)+1)
	if e.rng.coin() {
		delta = -delta
	}
	m.setWord(field, m.word(field)+delta)
	return true
}

func (e *Engine) flipIntBit(field int) bool {
	m := &e.mutant
	m.setWord(field, m.word(field)^1<<e.rng.below(int(m.schema[field].width())))
	return true
}

// boundaryInt stores a boundary of some width or its negation, one off at times.
func (e *Engine) boundaryInt(field int) bool {
	v := boundaries[e.rng.below(len(boundaries))]
	if e.rng.oneIn(4) {
		v = 1 << e.rng.below(int(e.schema[field].width()))
		v += uint64(e.rng.below(3) - 1)
	}
	if e.rng.coin() {
		v = -v
	}
	e.mutant.setWord(field, v)
	return true
}

// randomInt stores a number with a uniformly chosen number of bits, so that
// small ones are as likely as large ones.
func (e *Engine) randomInt(field int) bool {
	v := e.rng.next() >> (64 - 1 - e.rng.below(int(e.schema[field].width())))
	if e.schema[field].Signed && e.rng.coin() {
		v = -v
	}
	e.mutant.setWord(field, v)
	return true
}

func (e *Engine) scaleInt(field int) bool {
	m := &e.mutant
	v := m.schema[field].extend(m.word(field))
	switch e.rng.below(5) {
	case 0:
		v *= 2
	case 1:
		v = uint64(int64(v) / 2)
	case 2:
		v *= 10
	case 3:
		v = uint64(int64(v) / 10)
	default:
		v = -v
	}
	m.setWord(field, v)
	return true
}

func (e *Engine) tokenInt(field int) bool {
	v, ok := e.dictionary.pickInt(&e.rng)
	if !ok {
		return false
	}
	if e.rng.oneIn(4) {
		v += uint64(e.rng.below(3) - 1)
	}
	e.mutant.setWord(field, v)
	return true
}

// spliceInt takes the value of an equal place in another input or, at times,
// that of another integer of this input: programs compare their arguments with
// each other.
func (e *Engine) spliceInt(field int) bool {
	m := &e.mutant
	if other := e.pickField(); e.rng.coin() && other != field && m.schema[other].Kind == Int {
		m.setWord(field, m.schema[other].extend(m.word(other)))
		return true
	}
	value := e.donor(field)
	if value == nil {
		return false
	}
	m.setWord(field, binary.LittleEndian.Uint64(value))
	return true
}

// lengthInt stores the length of a byte string of this input, one off at times.
func (e *Engine) lengthInt(field int) bool {
	m := &e.mutant
	other := e.pickField()
	if m.schema[other].Kind != Bytes {
		return false
	}
	m.setWord(field, uint64(m.spans[other].n+e.rng.below(3)-1))
	return true
}

// width returns the number of bits of a number, 64 if the schema does not say.
func (f Field) width() uint8 {
	if f.Bits == 0 || f.Bits > 64 {
		return 64
	}
	return f.Bits
}
