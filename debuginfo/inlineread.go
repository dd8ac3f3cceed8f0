package debuginfo

import (
	"bytes"
	"encoding/binary"
)

// This file defines how a walk skips and reads the values of entries. A negative
// position stands for a value that cannot be read; skipProblem finds out why.

// skip returns the position behind the values of an entry, which start at i. The steps
// that are taken most are taken here.
func (w *entryWalk) skip(info contents, p []byte, i int, a *abbrev) int {
	steps := w.table.steps[a.steps:a.stepsEnd]
	for k := range steps {
		s := &steps[k]
		switch {
		case s.op == opSkip || s.op == opRead && s.n >= 0:
			i += int(s.n)
		case s.op == opBlock && uint(i) < uint(len(p)) && p[i] < 0x80:
			i += 1 + int(p[i])
		case s.leb && uint(i) < uint(len(p)) && p[i] < 0x80:
			i++
		case i > len(p):
			return -1
		default:
			if i = skipStep(info, p, i, s, w.table.encoding); i < 0 {
				return i
			}
		}
	}
	if i > len(p) {
		return -1
	}
	return i
}

// skipStep takes one step that reads nothing.
func skipStep(info contents, p []byte, i int, s *step, e encoding) int {
	var length uint64
	switch s.op {
	case opSkip:
		i += int(s.n)
		if i > len(p) {
			return -1
		}
		return i
	case opLEB:
		for i < len(p) && p[i] >= 0x80 {
			i++
		}
		if i >= len(p) {
			return -1
		}
		return i + 1
	case opString:
		n := bytes.IndexByte(p[i:], 0)
		if n < 0 {
			return -1
		}
		return i + n + 1
	case opBlock1:
		if i >= len(p) {
			return -1
		}
		length = uint64(p[i])
		i++
	case opBlock2:
		if i+2 > len(p) {
			return -1
		}
		length = uint64(binary.LittleEndian.Uint16(p[i:]))
		i += 2
	case opBlock4:
		if i+4 > len(p) {
			return -1
		}
		length = uint64(binary.LittleEndian.Uint32(p[i:]))
		i += 4
	case opBlock:
		if length, i = uleb(p, i); i < 0 {
			return i
		}
	default:
		_, i = slowValue(info, p, i, s, e)
		return i
	}
	if length > uint64(len(p)-i) {
		return -1
	}
	return i + int(length)
}

// slowValue reads a value of any form.
func slowValue(info contents, p []byte, i int, s *step, e encoding) (value, int) {
	c := cursor{in: info, data: p, pos: i}
	v := c.value(uint64(s.form), s.implicit, e)
	if c.err != nil {
		return value{}, -1
	}
	return v, c.pos
}

// readStep reads the value of a step.
func readStep(info contents, p []byte, i int, s *step, e encoding) (value, int) {
	v := value{form: uint64(s.form)}
	switch s.n {
	case 0:
		v.n = uint64(s.implicit)
		return v, i
	case 1:
		if i < len(p) {
			v.n = uint64(p[i])
			return v, i + 1
		}
	case 2:
		if i+2 <= len(p) {
			v.n = uint64(binary.LittleEndian.Uint16(p[i:]))
			return v, i + 2
		}
	case 4:
		if i+4 <= len(p) {
			v.n = uint64(binary.LittleEndian.Uint32(p[i:]))
			return v, i + 4
		}
	case 8:
		if i+8 <= len(p) {
			v.n = binary.LittleEndian.Uint64(p[i:])
			return v, i + 8
		}
	default:
		if s.leb && s.form != formSdata {
			v.n, i = uleb(p, i)
			return v, i
		}
		return slowValue(info, p, i, s, e)
	}
	return v, -1
}

// read reads the values of a function or an inlined call, which start at i, into
// out and returns the position behind them.
func (w *entryWalk) read(info contents, p []byte, i int, a *abbrev, out *codeEntry) int {
	for k := a.steps; k < a.stepsEnd; k++ {
		s := &w.table.steps[k]
		if s.op != opRead {
			if i = skipStep(info, p, i, s, w.table.encoding); i < 0 {
				return i
			}
			continue
		}
		var v value
		if v, i = readStep(info, p, i, s, w.table.encoding); i < 0 {
			return i
		}
		switch uint64(s.at) {
		case atLowPC:
			out.code.lowPC = v
		case atHighPC:
			out.code.highPC = v
		case atRanges:
			out.code.ranges = v
		case atEntryPC:
			out.entryPC = v
		case atCallFile:
			out.file, out.hasFile = uint32(v.n), true
		case atCallLine:
			out.line = uint32(v.n)
		case atCallColumn:
			out.column = uint32(v.n)
		case atSibling:
			if ref, ok := w.unit.reference(v); ok && ref < entryRef(w.unit.end)+1 {
				out.sibling = int(ref)
			}
		case atAbstractOrigin, atSpecification:
			if !out.hasOrigin || uint64(s.at) == atAbstractOrigin {
				out.origin, out.hasOrigin = w.unit.reference(v)
			}
		}
	}
	return i
}

// skipProblem words why the values of the entry at start cannot be read.
func (w *entryWalk) skipProblem(info contents, p []byte, start int, a *abbrev) string {
	c := cursor{in: info, data: p, pos: start}
	c.uleb()
	for _, x := range w.table.attrs[a.attrs:a.attrsEnd] {
		c.value(x.form, x.implicit, w.table.encoding)
	}
	if c.err != nil {
		return c.err.Problem
	}
	return "truncated"
}

// entryRef is an entry: its offset in .debug_info. With inSupplement set it lies in
// the supplementary file.
type entryRef uint64

// inSupplement marks references to the supplementary file (dwz).
const inSupplement entryRef = 1 << 63

// reference returns the entry that v refers to. ok is false if that cannot be told
// from v alone (a type's signature) or if v is no reference.
func (u *unit) reference(v value) (ref entryRef, ok bool) {
	switch v.form {
	case formRef1, formRef2, formRef4, formRef8, formRefUdata:
		return entryRef(u.offset) + entryRef(v.n), v.n < uint64(u.end-u.offset)+1
	case formRefAddr:
		return entryRef(v.n), v.n < uint64(inSupplement)
	case formGNURefAlt, formRefSup4, formRefSup8:
		return entryRef(v.n) | inSupplement, v.n < uint64(inSupplement)
	}
	return 0, false
}
