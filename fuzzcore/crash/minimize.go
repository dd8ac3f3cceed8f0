package crash

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// This file defines Minimize: making an input smaller and simpler while it still
// crashes in the same way.

// Run runs inputs in order and returns for each the signature of its crash, or ""
// if it did not crash.
type Run func(ctx context.Context, inputs [][]byte) (signatures []string, err error)

// Minimized is what became of an input.
type Minimized struct {
	// Input is the simplest input found, a Smith stream: the original one if nothing
	// simpler crashes in the same way.
	Input []byte
	// Runs is how many inputs were run.
	Runs int
	// Done: nothing simpler is left to try; otherwise the budget was used up.
	Done bool
}

// minimizeBatch is how many inputs are handed to Run at once. Those after the
// first that still crashes are run for nothing, so it is small; but it is enough
// for inputs that do not crash to be run without waiting for each other.
const minimizeBatch = 8

// Minimize looks for the simplest input that has the same signature as input when
// it is run, with at most budget runs. It cuts pieces out of byte strings, halving
// the pieces' size down to single bytes; it makes the bytes that are left '0' in
// text and 0 in binary data; it brings numbers toward zero; all of this again
// until nothing changes. For the same input and the same answers of run it always
// does the same.
//
// The error is run's or ctx's, beside the best result so far, or tells that input
// does not fit schema.
func Minimize(ctx context.Context, input []byte, schema engine.Schema, signature string, budget int, run Run) (Minimized, error) {
	values, err := decode(input, schema)
	if err != nil {
		return Minimized{Input: input}, err
	}
	m := &minimizer{ctx: ctx, schema: schema, signature: signature, budget: budget, run: run, values: values}
	for m.err == nil {
		before := m.successes
		for i := range m.values {
			if schema[i].Kind == engine.Bytes {
				m.cut(i)
			}
		}
		for i, field := range schema {
			switch field.Kind {
			case engine.Bytes:
				m.flatten(i)
			case engine.Int:
				m.lower(i)
			case engine.Float:
				m.round(i)
			}
		}
		if m.successes == before {
			break
		}
	}
	result := Minimized{Input: input, Runs: m.runs, Done: m.err == nil}
	if m.successes > 0 {
		result.Input = encode(m.values, schema)
	}
	if errors.Is(m.err, errBudget) {
		return result, nil
	}
	return result, m.err
}

// errBudget ends a minimization whose runs are used up.
var errBudget = errors.New("no runs left")

// value is one value of an input: bytes, or the bits of a number.
type value struct {
	bytes []byte
	word  uint64
}

// minimizer is one minimization.
type minimizer struct {
	ctx       context.Context
	schema    engine.Schema
	signature string
	budget    int
	run       Run
	// values is the simplest input so far.
	values    []value
	runs      int
	successes int
	// err ends the minimization once it is set.
	err error
}

// try runs the input in which value i is replaced by each of candidates, and
// keeps the first that still crashes in the same way. It returns that one's
// index, or -1.
func (m *minimizer) try(i int, candidates []value) int {
	for start := 0; start < len(candidates); start += minimizeBatch {
		if m.err == nil {
			m.err = m.ctx.Err()
		}
		if m.err == nil && m.runs >= m.budget {
			m.err = errBudget
		}
		if m.err != nil {
			return -1
		}
		batch := candidates[start:min(start+minimizeBatch, len(candidates), start+m.budget-m.runs)]
		inputs := make([][]byte, len(batch))
		for k := range batch {
			values := slices.Clone(m.values)
			values[i] = batch[k]
			inputs[k] = encode(values, m.schema)
		}
		signatures, err := m.run(m.ctx, inputs)
		m.runs += len(inputs)
		if err != nil {
			m.err = fmt.Errorf("minimizing: %w", err)
			return -1
		}
		if k := slices.Index(signatures, m.signature); k >= 0 && k < len(batch) {
			m.values[i] = batch[k]
			m.successes++
			return start + k
		}
	}
	return -1
}

// cut takes pieces out of byte string i: all of it, then halves, quarters, …,
// single bytes, each from the end to the start, where cutting moves the least.
func (m *minimizer) cut(i int) {
	for size := len(m.values[i].bytes); size > 0 && m.err == nil; size /= 2 {
		for end := len(m.values[i].bytes); end > 0 && m.err == nil; {
			b := m.values[i].bytes
			var candidates []value
			var ends []int
			for len(candidates) < minimizeBatch && end > 0 {
				start := max(0, end-size)
				candidates = append(candidates, value{bytes: slices.Concat(b[:start], b[end:])})
				ends = append(ends, end)
				end = start
			}
			if k := m.try(i, candidates); k >= 0 {
				end = max(0, ends[k]-size) // what was before the piece, now at the same place
			}
		}
	}
}

// flatten makes the bytes of byte string i the simplest byte, in pieces as cut
// does.
func (m *minimizer) flatten(i int) {
	simple := byte(0)
	if m.schema[i].Text {
		simple = '0'
	}
	for size := len(m.values[i].bytes); size > 0 && m.err == nil; size /= 2 {
		for end := len(m.values[i].bytes); end > 0 && m.err == nil; {
			b := m.values[i].bytes
			var candidates []value
			var ends []int
			for len(candidates) < minimizeBatch && end > 0 {
				start := max(0, end-size)
				if slices.ContainsFunc(b[start:end], func(c byte) bool { return c != simple }) {
					flat := slices.Clone(b)
					for k := start; k < end; k++ {
						flat[k] = simple
					}
					candidates = append(candidates, value{bytes: flat})
					ends = append(ends, start)
				}
				end = start
			}
			if k := m.try(i, candidates); k >= 0 {
				end = ends[k]
			}
		}
	}
}

// lower brings integer i toward zero: to zero itself, to its positive
// counterpart, then by dropping as many low binary digits as possible, last by
// ever smaller steps.
func (m *minimizer) lower(i int) {
	field := m.schema[i]
	at := func(n int64) value { return value{word: truncate(uint64(n), field.Bits)} }
	n := m.integer(i)
	if n == 0 || m.try(i, []value{at(0)}) >= 0 {
		return
	}
	if n < 0 && field.Signed && n != math.MinInt64 {
		m.try(i, []value{at(-n)})
		n = m.integer(i)
	}
	// Of an unsigned 64-bit value, the top bit makes n negative: magnitude and sign
	// are kept apart.
	magnitude, negative := uint64(n), field.Signed && n < 0
	if negative {
		magnitude = -magnitude
	}
	signed := func(u uint64) value {
		if negative {
			u = -u
		}
		return value{word: truncate(u, field.Bits)}
	}
	var shifted []uint64
	for s := bits.Len64(magnitude) - 1; s > 0; s-- {
		shifted = append(shifted, magnitude>>s)
	}
	magnitude = m.tryMagnitudes(i, magnitude, shifted, signed)
	for step := magnitude / 2; step > 0 && m.err == nil; step /= 2 {
		for magnitude > step {
			lower := m.tryMagnitudes(i, magnitude, []uint64{magnitude - step}, signed)
			if lower == magnitude {
				break
			}
			magnitude = lower
		}
	}
}

// tryMagnitudes tries the candidates for integer i and returns the magnitude that
// it has then.
func (m *minimizer) tryMagnitudes(i int, now uint64, candidates []uint64, signed func(uint64) value) uint64 {
	list := make([]value, len(candidates))
	for k, u := range candidates {
		list[k] = signed(u)
	}
	if k := m.try(i, list); k >= 0 {
		return candidates[k]
	}
	return now
}

// integer returns integer i; one that is unsigned and of 64 bits may come out
// negative.
func (m *minimizer) integer(i int) int64 {
	field := m.schema[i]
	unused := 64 - uint(field.Bits)
	word := m.values[i].word << unused
	if field.Signed {
		return int64(word) >> unused
	}
	return int64(word >> unused)
}

// round makes float i 0, 1, a whole number or at least a shorter one.
func (m *minimizer) round(i int) {
	field := m.schema[i]
	pack := func(f float64) value {
		if field.Bits == 32 {
			return value{word: uint64(math.Float32bits(float32(f)))}
		}
		return value{word: math.Float64bits(f)}
	}
	f := math.Float64frombits(m.values[i].word)
	if field.Bits == 32 {
		f = float64(math.Float32frombits(uint32(m.values[i].word)))
	}
	simpler := []float64{0, 1, -1}
	for decimals := 1.0; decimals <= 1e3; decimals *= 10 { // whole, then one to three decimals
		simpler = append(simpler, math.Trunc(f*decimals)/decimals)
	}
	var candidates []value
	for _, g := range simpler {
		v := pack(g)
		if v.word == m.values[i].word {
			break // it is as simple as that already
		}
		if !math.IsNaN(g) && !math.IsInf(g, 0) {
			candidates = append(candidates, v)
		}
	}
	m.try(i, candidates)
}

// truncate returns the low bits of word.
func truncate(word uint64, width uint8) uint64 {
	if width >= 64 {
		return word
	}
	return word & (1<<width - 1)
}

// decode takes a Smith stream apart.
func decode(stream []byte, schema engine.Schema) ([]value, error) {
	values := make([]value, len(schema))
	rest := stream
	for i, field := range schema {
		if field.Kind != engine.Bytes {
			if len(rest) < 8 {
				return nil, fmt.Errorf("minimizing: the input ends within value %d of %d", i+1, len(schema))
			}
			values[i].word = truncate(binary.LittleEndian.Uint64(rest), field.Bits)
			rest = rest[8:]
			continue
		}
		if len(rest) < 4 || uint64(binary.LittleEndian.Uint32(rest)) > uint64(len(rest)-4) {
			return nil, fmt.Errorf("minimizing: the input ends within value %d of %d", i+1, len(schema))
		}
		n := binary.LittleEndian.Uint32(rest)
		values[i].bytes = rest[4 : 4+n]
		rest = rest[4+n:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("minimizing: %d bytes are left after the input's %d values", len(rest), len(schema))
	}
	return values, nil
}

// encode makes a Smith stream; integers are zero-extended.
func encode(values []value, schema engine.Schema) []byte {
	var stream []byte
	for i, field := range schema {
		if field.Kind != engine.Bytes {
			stream = binary.LittleEndian.AppendUint64(stream, values[i].word)
			continue
		}
		stream = binary.LittleEndian.AppendUint32(stream, uint32(len(values[i].bytes)))
		stream = append(stream, values[i].bytes...)
	}
	return stream
}
