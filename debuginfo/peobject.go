package debuginfo

import (
	"encoding/binary"
	"fmt"
)

// This file defines the reading of COFF object files: sections are laid out, and
// the relocations of debug sections applied, as for ELF (elfobject.go). Layouts:
// Microsoft's "PE Format", and ANON_OBJECT_HEADER_BIGOBJ of <winnt.h>.

const (
	// bigHeaderSize is the size of the header of /bigobj files: two signatures,
	// version, processor (u16 each), timestamp u32, class id of 16 bytes, four more
	// u32, and the number of sections, the offset and number of symbols (u32 each).
	bigHeaderSize = 56
	bigSymbolSize = 20
	// coffRelocSize is the size of a relocation: offset u32, symbol u32, type u16.
	coffRelocSize = 10
	// coffAlign is the alignment between laid out sections: no section of code has a
	// larger one.
	coffAlign = 16
)

// openCOFF parses the headers of a COFF object file.
func openCOFF(in input, _ OpenOptions) (*image, error) {
	f := &coffFile{in: in, object: true, symbolSize: coffSymbolSize}
	header, err := in.bytes(0, coffHeaderSize)
	if err != nil {
		return nil, err
	}
	var sections uint64
	at := uint64(coffHeaderSize)
	if binary.LittleEndian.Uint16(header) == 0 {
		at = bigHeaderSize
		if header, err = in.bytes(0, bigHeaderSize); err != nil {
			return nil, err
		}
		f.symbolSize = bigSymbolSize
		f.symbolsAt, f.symbolCount = uint64(binary.LittleEndian.Uint32(header[48:])), uint64(binary.LittleEndian.Uint32(header[52:]))
		sections, err = uint64(binary.LittleEndian.Uint32(header[44:])), f.start(binary.LittleEndian.Uint16(header[6:]), 6)
	} else {
		at += uint64(binary.LittleEndian.Uint16(header[16:])) // the optional header
		sections, err = f.readHeader(header, 0)
	}
	if err != nil {
		return nil, err
	}
	if err := f.readSections(at, sections); err != nil {
		return nil, err
	}
	f.layOut()
	f.img.finish()
	return f.img, nil
}

// layOut gives the sections addresses, one after the other from 0, code first. All
// sizes are those of 32-bit fields, so that nothing can overflow.
func (f *coffFile) layOut() {
	var end uint64
	for _, code := range []bool{true, false} {
		for i, s := range f.sections {
			if s.loaded && s.Exec == code {
				s.Addr = (end + coffAlign - 1) / coffAlign * coffAlign
				end = s.Addr + s.Size
			}
			if s.debugName != "" && f.headers[i].relocCount > 0 {
				s.relocate = func(data []byte) error { return f.relocate(i, data) }
			}
		}
	}
}

// relocate applies the relocations of section number index to its bytes.
func (f *coffFile) relocate(index int, data []byte) error {
	s, h := f.sections[index], f.headers[index]
	bad := func(offset uint64, problem string) error {
		return &FormatError{Path: f.in.path, Section: s.Name, Offset: int64(offset), Problem: problem}
	}
	count := h.relocCount
	if h.characteristics&coffManyRelocs != 0 && count == 0xffff {
		// The first entry holds the number, which counts the entry itself.
		first, err := f.in.bytes(h.relocsAt, coffRelocSize)
		if err != nil {
			return err
		}
		if count = uint64(binary.LittleEndian.Uint32(first)); count == 0 {
			return f.in.errorAt(h.relocsAt, fmt.Sprintf("section %q has more than 65535 relocations, but their number is 0", s.Name))
		}
	}
	relocs, err := f.in.bytes(h.relocsAt, count*coffRelocSize)
	if err != nil {
		return err
	}
	symbols, err := f.in.bytes(f.symbolsAt, f.symbolCount*f.symbolSize)
	if err != nil {
		return err
	}
	if count != h.relocCount {
		relocs = relocs[coffRelocSize:]
	}
	for ; len(relocs) >= coffRelocSize; relocs = relocs[coffRelocSize:] {
		offset, number := uint64(binary.LittleEndian.Uint32(relocs)), uint64(binary.LittleEndian.Uint32(relocs[4:]))
		kind := binary.LittleEndian.Uint16(relocs[8:])
		effect, known := coffRelocations[f.img.arch][kind]
		if !known {
			return bad(offset, fmt.Sprintf("relocation type %d for %s is not supported", kind, f.img.arch))
		}
		if effect.width == 0 {
			continue
		}
		if number >= f.symbolCount {
			return bad(offset, fmt.Sprintf("relocation by symbol %d, which does not exist", number))
		}
		if offset > uint64(len(data)) || uint64(effect.width) > uint64(len(data))-offset {
			return bad(offset, "relocation beyond the section")
		}
		symbol := f.symbol(symbols, number)
		value := symbol.value
		if !effect.toSection && symbol.section >= 1 && symbol.section <= len(f.sections) {
			value += f.sections[symbol.section-1].Addr
		}
		field := data[offset : offset+uint64(effect.width)]
		putLittleEndian(field, littleEndian(field)+value)
	}
	return nil
}

// coffRelocation says how a relocation type changes a debug section.
type coffRelocation struct {
	width int // how many bytes it changes, 0 for none
	// toSection: the value counts from the start of the symbol's section (SECREL),
	// instead of being its address.
	toSection bool
}

// coffRelocations are the relocation types that debug sections use:
// IMAGE_REL_AMD64_… and IMAGE_REL_ARM64_… ABSOLUTE, ADDR64, ADDR32, ADDR32NB,
// SECTION, SECREL.
var coffRelocations = map[string]map[uint16]coffRelocation{
	"amd64": {0: {}, 1: {8, false}, 2: {4, false}, 3: {4, false}, 0xa: {}, 0xb: {4, true}},
	"arm64": {0: {}, 0xe: {8, false}, 1: {4, false}, 2: {4, false}, 0xd: {}, 8: {4, true}},
}
