package debuginfo

import (
	"fmt"
	"sync"
)

// This file defines lineTable, the header of one unit of .debug_line. See DWARF 5,
// 6.2.4, and the same section of DWARF 2 to 4.

// lineTable is one unit of .debug_line: a header, the names of directories and
// files, and the program whose execution gives the rows.
type lineTable struct {
	encoding
	// offset, names, program and end are places in .debug_line: the start, the
	// directory table, the first opcode, and the end.
	offset, names, program, end int
	minInst                     uint8 // bytes per unit of address advance
	defaultStmt                 bool
	lineBase                    int8
	lineRange                   uint8
	opcodeBase                  uint8
	// operands holds, for opcode i+1, how many LEB128 operands it has.
	operands []byte
	// problem says why the table cannot be used, nil if it can.
	problem *FormatError
	// compDir is the compilation directory of the unit that owns the table; set
	// while the units are read.
	compDir string
	// fromGo is true if Go's linker wrote the table; set while the units are read.
	fromGo bool

	advance *advanceTable // see linebatch.go; shared by tables with equal parameters
	loaded  sync.Once     // guards files
	files   tableFiles
}

// knownOperands is how many operands the standard opcodes have, by opcode; index
// 0 is not used.
var knownOperands = [...]uint8{0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}

// scanLineTables reads the headers of all line tables of .debug_line. A header
// that is not sound is noted in its table. If the section cannot be walked to its
// end, err says so, and the tables up to there are returned.
func scanLineTables(in contents) (tables []*lineTable, err *FormatError) {
	c := in.cursor(0)
	for c.err == nil && c.pos < len(c.data) {
		t := &lineTable{offset: c.pos}
		t.end, t.dwarf64 = c.unitLength()
		if c.err != nil {
			break
		}
		if t.end == c.pos && !t.dwarf64 {
			continue // linkers pad with zeros
		}
		body := c
		body.data = c.data[:t.end]
		t.readHeader(&body)
		t.problem = body.err
		tables = append(tables, t)
		c.pos = t.end
	}
	return tables, c.err
}

// readHeader reads the header behind the length, up to the directory table.
func (t *lineTable) readHeader(c *cursor) {
	t.version = c.u16()
	if c.err == nil && (t.version < 2 || t.version > 5) {
		c.fail(fmt.Sprintf("line table version %d is not supported", t.version))
	}
	t.addrSize = 8
	if t.version >= 5 {
		t.addrSize = int(c.u8())
		if segment := c.u8(); c.err == nil && segment != 0 {
			c.fail("segment selectors are not supported")
		}
	}
	headerLength := c.offset(t.dwarf64)
	if c.err == nil && headerLength > uint64(len(c.data)-c.pos) {
		c.fail("header reaches beyond the table")
	}
	t.program = c.pos + int(headerLength)
	t.minInst = c.u8()
	if t.version >= 4 {
		// More than one operation per instruction exists on VLIW machines only.
		if operations := c.u8(); c.err == nil && operations > 1 {
			c.fail(fmt.Sprintf("%d operations per instruction are not supported", operations))
		}
	}
	t.defaultStmt = c.u8() != 0
	t.lineBase = int8(c.u8())
	t.lineRange = c.u8()
	t.opcodeBase = c.u8()
	if c.err == nil && (t.lineRange == 0 || t.opcodeBase == 0) {
		c.fail(fmt.Sprintf("line range %d, opcode base %d", t.lineRange, t.opcodeBase))
	}
	t.operands = c.bytes(uint64(max(t.opcodeBase, 1) - 1))
	for i, n := range t.operands {
		if op := i + 1; op < len(knownOperands) && n != knownOperands[op] {
			c.fail(fmt.Sprintf("opcode %d with %d operands", op, n))
		}
	}
	t.names = c.pos
	if c.err == nil && t.names > t.program {
		c.fail("header is longer than it says")
	}
}

// cursor returns a cursor over t's part of .debug_line from offset on.
func (t *lineTable) cursor(line contents, offset int) cursor {
	c := line.cursor(uint64(offset))
	c.data = c.data[:t.end]
	return c
}

// row is one row of a line table.
type row struct {
	addr               uint64
	file, line, column uint32
	isStmt, end        bool
	// first is true for the first row of a sequence, and for the first that has an
	// address if there were rows before it.
	first bool
	// start is the address that the sequence was given first: the one that is a
	// tombstone if the code was dropped. It is noAddress for a sequence without, and
	// given is false then.
	start uint64
	given bool
}

// rows runs t's line program and calls yield for each row, until it returns
// false. The row is reused.
func (t *lineTable) rows(line contents, yield func(*row) bool) *FormatError {
	if t.problem != nil {
		return t.problem
	}
	p := line.data[t.program:t.end]
	minInst, opcodeBase := uint64(t.minInst), t.opcodeBase
	constAdd := uint64((255-opcodeBase)/t.lineRange) * minInst
	start := row{file: 1, line: 1, isStmt: t.defaultStmt, first: true, start: noAddress}
	r := start
	for i := 0; i < len(p); {
		op := p[i]
		i++
		at := i // of the operand
		var v uint64
		switch {
		case op >= opcodeBase:
			advance := t.advance[op]
			r.addr += uint64(advance & 0xffff)
			r.line += uint32(int32(advance) >> 16)
		case op == lnsCopy:
		case op == lnsSetColumn:
			v, i = uleb(p, i)
			r.column = uint32(v)
		case op == lnsAdvanceLine:
			var signed int64
			signed, i = sleb(p, i)
			r.line += uint32(signed)
		case op == lnsNegateStmt:
			r.isStmt = !r.isStmt
		case op == lnsConstAddPC:
			r.addr += constAdd
		case op == lnsAdvancePC:
			v, i = uleb(p, i)
			r.addr += v * minInst
		case op == lnsSetFile:
			v, i = uleb(p, i)
			r.file = fileNumber(v)
		case op == lnsFixedAdvancePC:
			if len(p)-i < 2 {
				return line.errorAt(t.program+i, "truncated")
			}
			r.addr += littleEndian(p[i : i+2])
			i += 2
		case op == lnsExtended:
			if v, i = uleb(p, i); i < 0 {
				break
			}
			if v > uint64(len(p)-i) {
				return line.errorAt(t.program+i, "truncated")
			}
			body := p[i : i+int(v)]
			i += int(v)
			if problem := r.extended(body); problem != "" {
				return line.errorAt(t.program+at, problem)
			}
		default:
			for c := t.operands[op-1]; c > 0 && i >= 0; c-- {
				at = i
				_, i = uleb(p, i)
			}
		}
		if i < 0 {
			return line.errorAt(t.program+at, lebProblem(i))
		}
		if op < opcodeBase && op != lnsCopy && !r.end {
			continue
		}
		if !yield(&r) {
			return nil
		}
		if r.first = false; r.end {
			r = start
		}
	}
	return nil
}

// extended executes an extended opcode.
func (r *row) extended(body []byte) (problem string) {
	if len(body) == 0 {
		return ""
	}
	switch body[0] {
	case lneEndSequence:
		r.end = true
	case lneSetAddress:
		if len(body) != 5 && len(body) != 9 {
			return badAddressSize(uint64(len(body)))
		}
		r.addr = littleEndian(body[1:])
		if !r.given {
			r.start, r.first, r.given = r.addr, true, true
		}
	}
	return ""
}

// badAddressSize words the problem of a set_address opcode of that length.
func badAddressSize(length uint64) string {
	return fmt.Sprintf("address of %d bytes", length-1)
}
