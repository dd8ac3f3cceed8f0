package debuginfo

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// This file defines the reading of Go's own table of lines and functions, which the
// runtime needs for stack traces, so that even -ldflags="-s -w" leaves it in the
// executable. Layouts: pcHeader, functab, _func and moduledata in Go's
// src/runtime/symtab.go and runtime2.go, the same from Go 1.18 to 1.26 for what is
// read here.

const (
	// goMagic118 and goMagic120 start the table since Go 1.18 and since Go 1.20
	// (internal/abi.PCLnTabMagic); they differ in names of functions only.
	goMagic118 = 0xfffffff0
	goMagic120 = 0xfffffff1
	// goHeaderSize is the size of a pcHeader: magic u32, two zeros, quantum u8, size
	// of pointers u8, then eight words: the numbers of functions and of files, the
	// start of the text (0 since Go 1.26, or to be relocated), and the offsets of the
	// names, the files of units, the files, the steps, and the functions.
	goHeaderSize = 4 + 4 + 8*8
	// goFuncSize is the size of the part of a _func that is read.
	goFuncSize = 36
	// moduleMinPC and moduleText are where a moduledata has the address of the first
	// function and of the start of the text, in words; word 0 is the address of the
	// pcHeader.
	moduleMinPC = 20
	moduleText  = 22
	// goTextSymbol is the start of the text, in every Go executable that has symbols.
	goTextSymbol = "runtime.text"
	// maxGoGuesses bounds how many places that look like a table, or like a pointer to
	// it, are looked at closer. The first is right in all real executables.
	maxGoGuesses = 16
	// goAlign is the least alignment of the table and of a moduledata.
	goAlign = 8
)

// goTable is Go's table of an executable.
type goTable struct {
	in      contents // all of it
	addr    uint64   // where it is loaded
	quantum uint64   // the size of the smallest instruction
	text    uint64   // what addresses count from
	// count is the number of functions.
	count int
	// The parts. funcs starts with count pairs of u32: address, and place in funcs.
	names, unitFiles, files, steps, funcs []byte
}

// findGoTable finds the table of an executable, nil if it has none.
func (img *image) findGoTable() *goTable {
	for _, s := range img.sections {
		switch s.Name {
		case ".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab":
			if t := img.goTableAt(s, 0); t != nil {
				return t
			}
		}
	}
	// PE files, and what a C linker has merged, have it within another section.
	guesses := 0
	for _, s := range img.sections {
		if !s.loaded || s.Exec || s.raw.size < goHeaderSize {
			continue
		}
		data, err := s.raw.bytes(0, s.raw.size)
		if err != nil {
			continue
		}
		for _, magic := range []uint32{goMagic120, goMagic118} {
			pattern := binary.LittleEndian.AppendUint32(nil, magic)
			pattern = append(pattern, 0, 0)
			for at := 0; at < len(data); at++ {
				n := bytes.Index(data[at:], pattern)
				if n < 0 {
					break
				}
				at += n
				if at%goAlign != 0 {
					continue
				}
				if guesses++; guesses > maxGoGuesses {
					return nil
				}
				if t := img.goTableAt(s, uint64(at)); t != nil {
					return t
				}
			}
		}
	}
	return nil
}

// goTableAt reads the header of the table at an offset of a section, nil if there
// is none.
func (img *image) goTableAt(s *section, offset uint64) *goTable {
	data, err := s.raw.bytes(offset, s.raw.size-min(offset, s.raw.size))
	if err != nil || len(data) < goHeaderSize {
		return nil
	}
	magic := binary.LittleEndian.Uint32(data)
	if magic != goMagic118 && magic != goMagic120 || data[7] != 8 || data[6] == 0 {
		return nil
	}
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8+8*i:]) }
	// The parts, in the order of the table, and its end.
	var parts [5][]byte
	for i := range parts {
		from, to := word(3+i), uint64(len(data))
		if i+1 < len(parts) {
			to = word(4 + i)
		}
		if from > to || to > uint64(len(data)) {
			return nil
		}
		parts[i] = data[from:to]
	}
	t := &goTable{
		in:      contents{path: img.path, section: s.Name, data: data},
		addr:    s.Addr + offset,
		quantum: uint64(data[6]),
		names:   parts[0], unitFiles: parts[1], files: parts[2], steps: parts[3], funcs: parts[4],
	}
	count := word(0)
	if count == 0 || count > uint64(len(t.funcs))/8 || uint64(len(t.funcs)) < 8*count+4 {
		return nil
	}
	t.count = int(count)
	if t.text = img.goText(t, word(2)); !img.text.contains(t.entry(0)) {
		return nil
	}
	return t
}

// entry returns the address of function number i, and for i = count the end of the
// last one.
func (t *goTable) entry(i int) uint64 {
	return t.text + uint64(binary.LittleEndian.Uint32(t.funcs[8*i:]))
}

// goFunction is one function of a goTable.
type goFunction struct {
	entry    uint64
	name     string
	files    uint32 // where in steps its files are
	lines    uint32 // where in steps its lines are
	unit     uint32 // where in unitFiles the files of its package start
	position int    // of the _func, for errors
}

// function reads function number i.
func (t *goTable) function(i int) (goFunction, *FormatError) {
	at := uint64(binary.LittleEndian.Uint32(t.funcs[8*i+4:]))
	where := len(t.in.data) - len(t.funcs) + int(at)
	if at > uint64(len(t.funcs)) || uint64(len(t.funcs))-at < goFuncSize {
		return goFunction{}, t.in.errorAt(len(t.in.data)-len(t.funcs)+8*i, fmt.Sprintf("function %d lies beyond the table", i))
	}
	b := t.funcs[at:]
	nameAt := binary.LittleEndian.Uint32(b[4:])
	if uint64(nameAt) >= uint64(len(t.names)) {
		return goFunction{}, t.in.errorAt(where, fmt.Sprintf("no name at %#x", nameAt))
	}
	name := t.names[nameAt:]
	return goFunction{
		entry:    t.entry(i),
		name:     cString(name[:min(len(name), maxSymbolName)]),
		files:    binary.LittleEndian.Uint32(b[20:]),
		lines:    binary.LittleEndian.Uint32(b[24:]),
		unit:     binary.LittleEndian.Uint32(b[32:]),
		position: where,
	}, nil
}

// goSteps walks over a list of steps: each is a change of the value, zigzag coded,
// and the number of quanta for which the value then holds; a change of 0 ends the
// list, except as the first.
type goSteps struct {
	p       []byte
	quantum uint64
	value   int32
	end     uint64 // the address up to which value holds
	started bool
	read    int // how many bytes were looked at
}

// stepsAt returns the list at an offset, which starts at the address entry.
func (t *goTable) stepsAt(offset uint32, entry uint64) goSteps {
	s := goSteps{quantum: t.quantum, value: -1, end: entry}
	if offset != 0 && uint64(offset) < uint64(len(t.steps)) {
		s.p = t.steps[offset:]
	}
	return s
}

// next takes a step, false if there is none.
func (s *goSteps) next() bool {
	change, i := uleb(s.p, 0)
	if i < 0 || change == 0 && s.started {
		s.p = nil
		return false
	}
	quanta, i := uleb(s.p, i)
	s.read += max(i, 0)
	if i < 0 {
		s.p = nil
		return false
	}
	s.p = s.p[i:]
	s.started = true
	s.value += int32(uint32(change)>>1) ^ -int32(change&1)
	s.end += quanta * s.quantum
	return true
}
