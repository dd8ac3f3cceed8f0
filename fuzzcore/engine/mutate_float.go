package engine

import (
	"encoding/binary"
	"math"
)

// This file defines the mutators of floating-point numbers.

// specialFloats are values that arithmetic and comparisons treat specially, and
// the boundaries of the conversions to integers.
var specialFloats = [...]float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 0.1, 2, 10, 100, 1000, 1e6, 1e9, math.Pi,
	math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, -math.MaxFloat64,
	math.SmallestNonzeroFloat64, 0x1p-1022, math.MaxFloat32, math.SmallestNonzeroFloat32, 0x1p-126,
	1<<24 + 1, 1 << 31, 1 << 32, 1<<53 + 1, 1 << 63, -1 << 63, 1 << 64,
}

// float reads a field as a float64, whatever its width.
func (m *mutant) float(field int) float64 {
	if m.schema[field].Bits == 32 {
		return float64(math.Float32frombits(uint32(m.word(field))))
	}
	return math.Float64frombits(m.word(field))
}

// setFloat stores v, rounded to the field's width.
func (m *mutant) setFloat(field int, v float64) {
	m.setWord(field, floatBits(m.schema[field], v))
}

// floatBits returns the bit pattern of v in a field of the given width.
func floatBits(f Field, v float64) uint64 {
	if f.Bits == 32 {
		return uint64(math.Float32bits(float32(v)))
	}
	return math.Float64bits(v)
}

// stepFloat moves to a neighbouring representable value.
func (e *Engine) stepFloat(field int) bool {
	m := &e.mutant
	delta := uint64(e.rng.geometric(16))
	if e.rng.coin() {
		delta = -delta
	}
	m.setWord(field, m.word(field)+delta)
	return true
}

func (e *Engine) addFloat(field int) bool {
	delta := float64(e.step())
	if e.rng.coin() {
		delta /= 10
	}
	e.mutant.setFloat(field, e.mutant.float(field)+delta)
	return true
}

func (e *Engine) scaleFloat(field int) bool {
	v := e.mutant.float(field)
	switch e.rng.below(6) {
	case 0:
		v *= 2
	case 1:
		v /= 2
	case 2:
		v *= 10
	case 3:
		v /= 10
	case 4:
		v = math.Round(v)
	default:
		v = -v
	}
	e.mutant.setFloat(field, v)
	return true
}

func (e *Engine) flipFloatBit(field int) bool {
	m := &e.mutant
	m.setWord(field, m.word(field)^1<<e.rng.below(int(m.schema[field].width())))
	return true
}

func (e *Engine) specialFloat(field int) bool {
	e.mutant.setFloat(field, specialFloats[e.rng.below(len(specialFloats))])
	return true
}

// randomFloat stores a random bit pattern or, more often, a decimal fraction of
// a magnitude that people write.
func (e *Engine) randomFloat(field int) bool {
	if e.rng.oneIn(4) {
		e.mutant.setWord(field, e.rng.next())
		return true
	}
	v := float64(e.rng.next() >> (63 - e.rng.below(32)))
	for range e.rng.below(4) {
		v /= 10
	}
	if e.rng.coin() {
		v = -v
	}
	e.mutant.setFloat(field, v)
	return true
}

func (e *Engine) tokenFloat(field int) bool {
	v, ok := e.dictionary.pickFloat(&e.rng)
	if !ok {
		return false
	}
	e.mutant.setFloat(field, v)
	switch e.rng.below(4) {
	case 0:
		return e.stepFloat(field)
	case 1:
		return e.addFloat(field)
	}
	return true
}

func (e *Engine) spliceFloat(field int) bool {
	value := e.donor(field)
	if value == nil {
		return false
	}
	e.mutant.setWord(field, binary.LittleEndian.Uint64(value))
	return true
}
