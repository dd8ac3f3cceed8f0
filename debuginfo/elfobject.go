package debuginfo

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// This file defines how ELF object files (.o) get addresses: their sections are
// laid out, and the relocations of their debug sections applied. Layouts: System V
// ABI, chapter 4; relocation types: the psABIs of x86-64 and AArch64.

const (
	// relaSize and relSize are the sizes of an Elf64_Rela (offset u64, info u64,
	// addend i64) and of an Elf64_Rel, without the addend.
	relaSize = 24
	relSize  = 16
	// maxAlign is the largest alignment that is believed: that of a page of 64 KiB.
	maxAlign = 1 << 16
)

// layOut gives the loaded sections of an object file addresses, one after the
// other from 0: code first, so that in an object with one code section addresses
// are offsets in it, as other tools have it. Debug sections get their relocations.
func (t *elfTables) layOut() error {
	var end uint64
	for _, code := range []bool{true, false} {
		for i, s := range t.sections {
			if !s.loaded || s.Exec != code {
				continue
			}
			h := &t.headers[i]
			align := max(1, min(h.align, maxAlign))
			s.Addr = (end + align - 1) / align * align
			// Sizes without bytes behind them can be anything.
			if end = s.Addr + s.Size; end > 1<<62 {
				return t.in.errorAt(h.at, fmt.Sprintf("section %q has a size of %#x", h.name, s.Size))
			}
		}
	}
	for i, h := range t.headers {
		if h.kind != elf.SHT_RELA && h.kind != elf.SHT_REL && h.kind != sectionCREL || h.info >= uint32(len(t.sections)) {
			continue
		}
		if s := t.sections[h.info]; s.debugName != "" {
			s.relocate = func(data []byte) error { return t.relocate(i, data) }
		}
	}
	return nil
}

// relocation is one entry of a relocation section.
type relocation struct {
	offset uint64
	kind   uint32
	symbol uint64
	addend uint64
	// inPlace is true if the addend is what stands in the place.
	inPlace bool
}

// relocations reads relocation section number index, whose bytes are raw, and calls
// yield for each entry, which lies at offset at, until that returns an error.
func (t *elfTables) relocations(index int, raw []byte, yield func(at int, r relocation) error) error {
	size := relaSize
	switch t.headers[index].kind {
	case sectionCREL:
		return t.compactRelocations(index, raw, yield)
	case elf.SHT_REL:
		size = relSize
	}
	for at := 0; len(raw)-at >= size; at += size {
		info := binary.LittleEndian.Uint64(raw[at+8:])
		r := relocation{offset: binary.LittleEndian.Uint64(raw[at:]), kind: uint32(info), symbol: info >> 32, inPlace: size == relSize}
		if !r.inPlace {
			r.addend = binary.LittleEndian.Uint64(raw[at+16:])
		}
		if err := yield(at, r); err != nil {
			return err
		}
	}
	return nil
}

// relocate applies relocation section number index to the debug section data.
func (t *elfTables) relocate(index int, data []byte) error {
	h, s := &t.headers[index], t.sections[index]
	bad := func(offset int, problem string) error {
		return &FormatError{Path: t.in.path, Section: s.Name, Offset: int64(offset), Problem: problem}
	}
	raw, err := s.plain()
	if err != nil {
		return err
	}
	if h.link >= uint32(len(t.sections)) {
		return bad(0, fmt.Sprintf("its symbols are in section %d, which does not exist", h.link))
	}
	symbols, err := t.sections[h.link].plain()
	if err != nil {
		return err
	}
	extended := t.extendedIndices(int(h.link))
	return t.relocations(index, raw, func(at int, r relocation) error {
		width, relative, known := relocationWidth(t.machine, r.kind)
		if !known {
			return bad(at, fmt.Sprintf("relocation type %d of %v is not supported", r.kind, t.machine))
		}
		if width == 0 {
			return nil
		}
		if r.symbol >= uint64(len(symbols)/elfSymSize) {
			return bad(at, fmt.Sprintf("symbol %d does not exist", r.symbol))
		}
		if r.offset > uint64(len(data)) || uint64(width) > uint64(len(data))-r.offset {
			return bad(at, fmt.Sprintf("relocates %#x, which lies beyond the section", r.offset))
		}
		field := data[r.offset : r.offset+uint64(width)]
		value, _ := t.address(symbols[r.symbol*elfSymSize:], extended, int(r.symbol)) // 0 if it is not defined here
		if r.inPlace {
			value += littleEndian(field)
		}
		if value += r.addend; relative {
			value -= r.offset
		}
		putLittleEndian(field, value)
		return nil
	})
}

// relocationWidth says how a relocation type changes a debug section: the number
// of bytes, 0 if it leaves them as they are (the places of thread-local variables,
// which are no addresses), and whether the value is relative to its place.
func relocationWidth(machine elf.Machine, kind uint32) (width int, relative, known bool) {
	if machine == elf.EM_X86_64 {
		switch elf.R_X86_64(kind) {
		case elf.R_X86_64_64:
			return 8, false, true
		case elf.R_X86_64_PC64:
			return 8, true, true
		case elf.R_X86_64_32, elf.R_X86_64_32S:
			return 4, false, true
		case elf.R_X86_64_PC32:
			return 4, true, true
		case elf.R_X86_64_NONE, elf.R_X86_64_DTPOFF32, elf.R_X86_64_DTPOFF64, elf.R_X86_64_TPOFF32, elf.R_X86_64_TPOFF64:
			return 0, false, true
		}
		return 0, false, false
	}
	switch elf.R_AARCH64(kind) {
	case elf.R_AARCH64_ABS64:
		return 8, false, true
	case elf.R_AARCH64_PREL64:
		return 8, true, true
	case elf.R_AARCH64_ABS32:
		return 4, false, true
	case elf.R_AARCH64_PREL32:
		return 4, true, true
	case elf.R_AARCH64_NONE, elf.R_AARCH64_NULL, elf.R_AARCH64_TLS_DTPREL64, elf.R_AARCH64_TLS_TPREL64:
		return 0, false, true
	}
	return 0, false, false
}

// putLittleEndian writes the low bytes of v to b.
func putLittleEndian(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}
