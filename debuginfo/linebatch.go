package debuginfo

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
)

// This file defines the hot loop: one line program is run over the sorted
// addresses of one unit. It is lineTable.rows without rows; a fuzz test holds the
// two against each other.

// advanceTable says, for each special opcode, how far it advances the address
// (low 16 bits) and the line (high 16 bits, signed). It depends on the header's
// parameters, of which an executable has one or two sets.
type advanceTable [256]uint32

// advanceKey is the parameters of an advanceTable.
type advanceKey struct {
	minInst               uint8
	lineBase              int8
	lineRange, opcodeBase uint8
}

// newAdvanceTable computes the table; see DWARF 5, 6.2.5.1. The address advances
// by at most 255*255, which fits in 16 bits.
func newAdvanceTable(k advanceKey) *advanceTable {
	t := new(advanceTable)
	for op := int(k.opcodeBase); op < len(t); op++ {
		special := op - int(k.opcodeBase)
		addr := special / int(k.lineRange) * int(k.minInst)
		line := int(k.lineBase) + special%int(k.lineRange)
		t[op] = uint32(addr) | uint32(uint16(line))<<16
	}
	return t
}

const (
	// noRow is the file of the row in force before a sequence's first row.
	noRow = ^uint32(0)
	// noAddress is the address to wait for when there is none.
	noAddress = ^uint64(0)
	// answersPerAddress and answersPerByte bound how often addresses may be
	// answered by sequences of one table that lie over each other. Folded functions
	// have a sequence each, of at least 13 bytes.
	answersPerAddress = 16
	answersPerByte    = 1
)

// batch is the addresses that one line table answers for.
type batch struct {
	pcs []uint64   // sorted
	out []Location // as long as pcs
	// literal makes rows with line 0 count.
	literal bool
	// The id of the file that answered last.
	file uint32
	id   FileID
	// budget is how many more answers are accepted.
	budget int
	// problem is the first file name that could not be read.
	problem *FormatError
	// The part of the program that is run: from is where a sequence starts, and the
	// first end of a sequence at or behind limit ends it, if limit is not 0.
	from, limit int
	// arrived is where it ended.
	arrived int
	// The answered addresses lie in pcs[first:last].
	first, last int
	// sequences, if not nil, is called with the addresses of each sequence.
	sequences func(addressRange)
}

// answer gives all addresses below end, from pcs[k] on, the location of a row. It
// returns the index of the first address that is left.
func (b *batch) answer(l *lines, t *lineTable, k int, end uint64, file, line, column uint32) int {
	start := k
	if file == noRow {
		for k < len(b.pcs) && b.pcs[k] < end {
			k++
		}
		b.budget -= k - start
		return k
	}
	if file != b.file {
		id, err := l.fileID(t, file)
		if err != nil && b.problem == nil {
			b.problem = err
		}
		b.file, b.id = file, id
	}
	where := Location{File: b.id, Line: line, Column: column}
	if where == (Location{}) { // it knows nothing, so another sequence may answer
		for k < len(b.pcs) && b.pcs[k] < end {
			k++
		}
		b.budget -= k - start
		return k
	}
	for k < len(b.pcs) && b.pcs[k] < end {
		b.out[k] = where
		k++
	}
	b.budget -= k - start
	b.first, b.last = min(b.first, start), max(b.last, k)
	return k
}

// resolve runs the line program of t and answers the addresses of b. Addresses
// within a sequence are to rise; where they fall, nothing is answered until they
// are above all before. The variables of the loop are locals to stay in registers,
// and operands of one byte, nearly all, are read without a call.
func (b *batch) resolve(l *lines, t *lineTable) *FormatError {
	if t.problem != nil {
		return t.problem
	}
	p := l.line.data[t.program:t.end]
	pcs, n := b.pcs, len(b.pcs)
	opcodeBase, operands := t.opcodeBase, t.operands
	table := t.advance
	minInst := uint64(t.minInst)
	constAdd := uint64((255-t.opcodeBase)/t.lineRange) * minInst
	literal := b.literal
	skips := t.fromGo && b.sequences == nil
	b.file = noRow
	b.first, b.last = n, 0
	b.arrived = len(p)
	limit := b.limit
	if limit == 0 {
		limit = len(p) + 1
	}
	b.budget = answersPerAddress*n + answersPerByte*len(p)

	// The state of the line program.
	var addr uint64
	file, line, column := uint32(1), uint32(1), uint32(0)
	// The row in force.
	rowFile, rowLine, rowColumn := noRow, uint32(0), uint32(0)
	// next is pcs[k], the address that waits for its row; noAddress while there is
	// none, or the sequence's code was dropped.
	k, next := n, noAddress
	started := false  // the sequence has its address
	live := noAddress // that address, if it is one of the code
	hint := 0         // where the addresses of the next sequence are likely to start

	var v uint64
	var signed int64
	i, at := b.from, 0 // at is the start of an operand
	for i < len(p) {
		op := p[i]
		i++
		if op >= opcodeBase {
			advance := table[op]
			addr += uint64(advance & 0xffff)
			line += uint32(int32(advance) >> 16)
		} else {
			switch op {
			case lnsCopy:
			case lnsSetColumn:
				if uint(i) < uint(len(p)) && p[i] < 0x80 {
					column = uint32(p[i])
					i++
					continue
				}
				at = i
				if v, i = uleb(p, i); i < 0 {
					return l.line.errorAt(t.program+at, lebProblem(i))
				}
				column = uint32(v)
				continue
			case lnsAdvanceLine:
				if uint(i) < uint(len(p)) && p[i] < 0x80 {
					line += uint32(int32(int8(p[i]<<1)) >> 1)
					i++
					continue
				}
				if uint(i+1) < uint(len(p)) && p[i+1] < 0x80 {
					line += uint32(int32(uint32(p[i]&0x7f)|uint32(p[i+1])<<7) << 18 >> 18)
					i += 2
					continue
				}
				at = i
				if signed, i = sleb(p, i); i < 0 {
					return l.line.errorAt(t.program+at, lebProblem(i))
				}
				line += uint32(signed)
				continue
			case lnsNegateStmt, lnsSetBasicBlock, lnsSetPrologueEnd, lnsSetEpilogueBegin:
				continue
			case lnsConstAddPC:
				addr += constAdd
				continue
			case lnsAdvancePC:
				if uint(i) < uint(len(p)) && p[i] < 0x80 {
					addr += uint64(p[i]) * minInst
					i++
					continue
				}
				at = i
				if v, i = uleb(p, i); i < 0 {
					return l.line.errorAt(t.program+at, lebProblem(i))
				}
				addr += v * minInst
				continue
			case lnsSetFile:
				if uint(i) < uint(len(p)) && p[i] < 0x80 {
					file = uint32(p[i])
					i++
					continue
				}
				at = i
				if v, i = uleb(p, i); i < 0 {
					return l.line.errorAt(t.program+at, lebProblem(i))
				}
				file = fileNumber(v)
				continue
			case lnsFixedAdvancePC:
				if len(p)-i < 2 {
					return l.line.errorAt(t.program+i, "truncated")
				}
				addr += uint64(p[i]) | uint64(p[i+1])<<8
				i += 2
				continue
			case lnsExtended:
				if uint(i+1) < uint(len(p)) && p[i] < 0x80 && p[i+1] > lneSetAddress && int(p[i]) < len(p)-i {
					i += 1 + int(p[i]) // mostly DW_LNE_set_discriminator, which is of no use here
					continue
				}
				at = i
				if v, i = uleb(p, i); i < 0 {
					return l.line.errorAt(t.program+at, lebProblem(i))
				}
				if v > uint64(len(p)-i) {
					return l.line.errorAt(t.program+i, "truncated")
				}
				if v == 0 {
					continue
				}
				operand := p[i+1 : i+int(v)]
				kind := p[i]
				i += int(v)
				switch kind {
				case lneEndSequence:
					if addr > next {
						k = b.answer(l, t, k, addr, rowFile, rowLine, rowColumn)
					}
					if b.budget < 0 {
						return l.line.errorAt(t.program+i, tooManySequences)
					}
					if b.sequences != nil && live < addr {
						b.sequences(addressRange{live, addr})
					}
					if live = noAddress; i >= limit {
						b.arrived = i
						return nil
					}
					if k < n {
						hint = k
					}
					addr, file, line, column = 0, 1, 1, 0
					rowFile = noRow
					k, next, started = n, noAddress, false
				case lneSetAddress:
					if len(operand) != 4 && len(operand) != 8 {
						return l.line.errorAt(t.program+i-len(operand), badAddressSize(v))
					}
					addr = littleEndian(operand)
					if started {
						continue
					}
					started, rowFile = true, noRow
					if l.img.text.contains(addr) {
						live = addr
						hint = gallop(pcs, hint, addr)
						if k = hint; k < n {
							next = pcs[k]
						}
						if skips && next-addr >= goSkipDistance {
							i += goSequenceEnd(p[i:], addr, next)
						}
					}
				}
				continue
			default:
				for c := operands[op-1]; c > 0; c-- {
					at = i
					if _, i = uleb(p, i); i < 0 {
						return l.line.errorAt(t.program+at, lebProblem(i))
					}
				}
				continue
			}
		}
		// A row: it ends the one in force.
		if addr > next {
			k = b.answer(l, t, k, addr, rowFile, rowLine, rowColumn)
			next = noAddress
			if k < n {
				next = pcs[k]
			}
			if skips && next-addr >= goSkipDistance {
				i += goSequenceEnd(p[i:], addr, next)
			}
		}
		if line != 0 || literal {
			rowFile, rowLine, rowColumn = file, line, column
		}
	}
	return nil
}

// fileNumber returns the number of a file in 32 bits: a number that is too large
// stays one of no file, and is not noRow.
func fileNumber(v uint64) uint32 { return uint32(min(v, uint64(noRow-1))) }

// tooManySequences is the problem of a table that describes the same addresses
// over and over.
const tooManySequences = "too many sequences for the same addresses"

// goBoundary is the end of a sequence and the start of the next one as Go's linker
// writes them. It writes neither DW_LNS_copy nor any other opcode with the number 1, so
// these bytes are nothing else: not an operand 0 and two opcodes 1.
var goBoundary = append(slices.Clone(endOfSequence), startOfSequence...)

// goSkipDistance is how far the next address has to be for a sequence to be skipped:
// most functions are longer, and searching for an end costs something too.
const goSkipDistance = 256

// goSequenceEnd returns how far away, in the rest of a program that is at addr in a
// sequence, the end of the sequence is, if next, the first address to look for, lies
// behind it. Go's linker writes a sequence for each function, in the order of their
// addresses, so this one ends where the next one starts, or before. It returns 0 if that
// cannot be told.
func goSequenceEnd(rest []byte, addr, next uint64) int {
	i := bytes.Index(rest, goBoundary)
	at := i + len(goBoundary)
	if i < 0 || len(rest)-at < 8 {
		return 0
	}
	if following := binary.LittleEndian.Uint64(rest[at:]); following <= addr || following > next {
		return 0
	}
	return i
}

// littleEndian reads a number of any size.
func littleEndian(b []byte) uint64 {
	var v uint64
	for i, d := range b {
		v |= uint64(d) << (8 * i)
	}
	return v
}

// gallop returns the first index with pcs[i] >= addr, searching outwards from
// hint with growing steps: sequences mostly come in the order of their addresses.
func gallop(pcs []uint64, hint int, addr uint64) int {
	lo, hi := -1, len(pcs) // pcs[lo] < addr <= pcs[hi], the ends excepted
	if hint >= 0 && hint < len(pcs) {
		if pcs[hint] < addr {
			lo = hint
			for step := 1; lo+step < hi; step *= 2 {
				if pcs[lo+step] >= addr {
					hi = lo + step
					break
				}
				lo += step
			}
		} else {
			hi = hint
			for step := 1; hi-step > lo; step *= 2 {
				if pcs[hi-step] < addr {
					lo = hi - step
					break
				}
				hi -= step
			}
		}
	}
	return lo + 1 + sort.Search(hi-lo-1, func(i int) bool { return pcs[lo+1+i] >= addr })
}
