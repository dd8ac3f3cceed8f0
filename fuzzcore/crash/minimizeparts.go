package crash

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
)

// This file defines MinimizeParts: Minimize for an input whose bytes are values that follow
// each other without saying what they are, as those of Zig do.

// Part is one value in such an input.
type Part struct {
	// Data are its bytes.
	Data []byte
	// Number: it is a number of 64 bits, little-endian.
	Number bool
	// Prefix is how many bytes at its beginning are the length of the rest, little-endian;
	// 0 or 4.
	Prefix int
	// Begins: a new turn of a loop begins with it, most likely, so that it is taken out
	// with what follows up to the next one.
	Begins bool
}

// MinimizeParts looks for the simplest input that has the same signature as parts one after
// another, as Minimize does. It takes out turns of loops, then single values, halving how
// many; then it makes byte strings shorter and numbers smaller. Inputs of run are bytes.
func MinimizeParts(ctx context.Context, parts []Part, signature string, budget int, run Run) (Minimized, error) {
	m := &partMinimizer{ctx: ctx, signature: signature, budget: budget, run: run, parts: slices.Clone(parts)}
	for m.err == nil {
		before := m.successes
		m.drop(turnsOf)
		m.drop(singles)
		for i := 0; i < len(m.parts); i++ {
			m.shorten(i)
			m.lower(i)
		}
		if m.successes == before {
			break
		}
	}
	result := Minimized{Input: joined(m.parts), Runs: m.runs, Done: m.err == nil}
	if errors.Is(m.err, errBudget) {
		return result, nil
	}
	return result, m.err
}

// partMinimizer is one minimization.
type partMinimizer struct {
	ctx       context.Context
	signature string
	budget    int
	run       Run
	parts     []Part // the simplest input so far
	runs      int
	successes int
	err       error // ends the minimization once it is set
}

func joined(parts []Part) []byte {
	var data []byte
	for _, p := range parts {
		data = append(data, p.Data...)
	}
	return data
}

// try runs candidates and keeps the first that still crashes in the same way. It returns
// that one's index, or -1.
func (m *partMinimizer) try(candidates [][]Part) int {
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
			inputs[k] = joined(batch[k])
		}
		signatures, err := m.run(m.ctx, inputs)
		m.runs += len(inputs)
		if err != nil {
			m.err = fmt.Errorf("minimizing: %w", err)
			return -1
		}
		if k := slices.Index(signatures, m.signature); k >= 0 && k < len(batch) {
			m.parts = batch[k]
			m.successes++
			return start + k
		}
	}
	return -1
}

// turnsOf returns where units of parts begin that are taken out together.
func turnsOf(parts []Part) []int {
	var starts []int
	for i := range parts {
		if i == 0 || parts[i].Begins {
			starts = append(starts, i)
		}
	}
	return starts
}

// singles returns where units of a single part begin.
func singles(parts []Part) []int {
	starts := make([]int, len(parts))
	for i := range starts {
		starts[i] = i
	}
	return starts
}

// drop takes units out: all of them, then halves, quarters, …, single ones, each from the
// end to the start. units returns where they begin.
func (m *partMinimizer) drop(units func([]Part) []int) {
	for size := len(units(m.parts)); size > 0 && m.err == nil; size /= 2 {
		for end := len(units(m.parts)); end > 0 && m.err == nil; {
			starts := append(units(m.parts), len(m.parts))
			var candidates [][]Part
			var ends []int
			for len(candidates) < minimizeBatch && end > 0 {
				start := max(0, end-size)
				candidates = append(candidates, slices.Concat(m.parts[:starts[start]], m.parts[starts[end]:]))
				ends = append(ends, start)
				end = start
			}
			if k := m.try(candidates); k >= 0 {
				end = min(ends[k], len(units(m.parts)))
			}
		}
	}
}

// with returns the input in which the data of part i is replaced.
func (m *partMinimizer) with(i int, data []byte) []Part {
	parts := slices.Clone(m.parts)
	parts[i].Data = data
	return parts
}

// shorten cuts pieces out of a byte string that has its length before it, halving them.
func (m *partMinimizer) shorten(i int) {
	prefix := m.parts[i].Prefix
	if prefix != 4 || len(m.parts[i].Data) <= prefix {
		return
	}
	for size := len(m.parts[i].Data) - prefix; size > 0 && m.err == nil; size /= 2 {
		for end := len(m.parts[i].Data); end > prefix && m.err == nil; {
			data := m.parts[i].Data
			start := max(prefix, end-size)
			rest := slices.Concat(data[prefix:start], data[end:])
			m.try([][]Part{m.with(i, append(binary.LittleEndian.AppendUint32(nil, uint32(len(rest))), rest...))})
			end = start
		}
	}
}

// lower makes a number 0, or else smaller by dropping as many low binary digits as it can.
func (m *partMinimizer) lower(i int) {
	for m.parts[i].Number && len(m.parts[i].Data) == 8 && m.err == nil {
		n := binary.LittleEndian.Uint64(m.parts[i].Data)
		var candidates [][]Part
		for shift := bits.Len64(n); shift > 0; shift-- {
			candidates = append(candidates, m.with(i, binary.LittleEndian.AppendUint64(nil, n>>shift)))
		}
		if m.try(candidates) < 0 {
			return
		}
	}
}
