package debuginfo

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
)

// This file defines the reading of ELF headers. Layouts: System V ABI, chapter 4,
// and its 64-bit additions (elf.h). The standard library's debug/elf is used for the
// numbers only: it does not say where in a bad file the problem is, and takes memory
// for the name of each section even if all of them are the same bytes.

const (
	elfHeaderSize  = 64 // Elf64_Ehdr
	elfSectionSize = 64 // Elf64_Shdr
	// Offsets in the file header.
	elfClassAt        = 4
	elfDataAt         = 5
	elfTypeAt         = 16
	elfMachineAt      = 18
	elfEntryAt        = 24
	elfSectionsAt     = 40
	elfSectionSizeAt  = 58
	elfSectionCountAt = 60
	elfNamesAt        = 62
	// sectionXIndex in place of the number of the section with the names says that
	// the number is in the first section header (SHN_XINDEX).
	sectionXIndex = 0xffff
)

// elfHeader is what a section header says.
type elfHeader struct {
	name               string
	kind               elf.SectionType
	flags              elf.SectionFlag
	addr, offset, size uint64
	link, info         uint32
	align              uint64
	nameAt             uint32
	at                 uint64 // where the header is in the file
}

// elfTables is the parts of an ELF file that its symbols and relocations need.
type elfTables struct {
	in       input
	kind     elf.Type
	machine  elf.Machine
	entry    uint64
	headers  []elfHeader
	sections []*section // by index
}

// readELFHeaders reads the file header and the section headers.
func readELFHeaders(in input) (*elfTables, error) {
	// What has another class can be shorter than the header that is expected.
	ident, err := in.bytes(0, elfTypeAt)
	if err != nil {
		return nil, err
	}
	if class, data := elf.Class(ident[elfClassAt]), elf.Data(ident[elfDataAt]); class != elf.ELFCLASS64 || data != elf.ELFDATA2LSB {
		return nil, in.errorAt(elfClassAt, fmt.Sprintf("%v %v: only 64-bit little-endian ELF is supported", class, data))
	}
	header, err := in.bytes(0, elfHeaderSize)
	if err != nil {
		return nil, err
	}
	t := &elfTables{
		in:      in,
		kind:    elf.Type(binary.LittleEndian.Uint16(header[elfTypeAt:])),
		machine: elf.Machine(binary.LittleEndian.Uint16(header[elfMachineAt:])),
		entry:   binary.LittleEndian.Uint64(header[elfEntryAt:]),
	}
	if t.kind != elf.ET_EXEC && t.kind != elf.ET_DYN && t.kind != elf.ET_REL {
		return nil, in.errorAt(elfTypeAt, fmt.Sprintf("%v: only executables, shared objects and object files are supported", t.kind))
	}
	return t, t.readSectionHeaders(header)
}

// readSectionHeaders reads the section headers and their names.
func (t *elfTables) readSectionHeaders(header []byte) error {
	at := binary.LittleEndian.Uint64(header[elfSectionsAt:])
	size := binary.LittleEndian.Uint16(header[elfSectionSizeAt:])
	count := uint64(binary.LittleEndian.Uint16(header[elfSectionCountAt:]))
	names := uint64(binary.LittleEndian.Uint16(header[elfNamesAt:]))
	if at == 0 {
		return nil // a file may have segments only
	}
	if size != elfSectionSize {
		return t.in.errorAt(elfSectionSizeAt, fmt.Sprintf("section headers of %d bytes", size))
	}
	first, err := t.in.bytes(at, elfSectionSize)
	if err != nil {
		return err
	}
	// Numbers that have no room in the file header are in the first section header.
	zero := t.sectionHeader(first, at)
	if count == 0 {
		count = zero.size
	}
	if names == sectionXIndex {
		names = uint64(zero.link)
	}
	if count > t.in.size/elfSectionSize {
		return t.in.errorAt(elfSectionCountAt, fmt.Sprintf("%d sections do not fit in %d bytes", count, t.in.size))
	}
	raw, err := t.in.bytes(at, count*elfSectionSize)
	if err != nil {
		return err
	}
	t.headers = make([]elfHeader, count)
	for i := range t.headers {
		t.headers[i] = t.sectionHeader(raw[i*elfSectionSize:], at+uint64(i)*elfSectionSize)
	}
	return t.nameSections(names)
}

// sectionHeader reads a section header, which lies at offset at.
func (t *elfTables) sectionHeader(raw []byte, at uint64) elfHeader {
	u32, u64 := binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	return elfHeader{
		at: at, nameAt: u32(raw), kind: elf.SectionType(u32(raw[4:])), flags: elf.SectionFlag(u64(raw[8:])),
		addr: u64(raw[16:]), offset: u64(raw[24:]), size: u64(raw[32:]),
		link: u32(raw[40:]), info: u32(raw[44:]), align: u64(raw[48:]),
	}
}

// nameSections sets the names of the sections, which are in section number index.
func (t *elfTables) nameSections(index uint64) error {
	if index == 0 {
		return nil // no names
	}
	if index >= uint64(len(t.headers)) {
		return t.in.errorAt(elfNamesAt, fmt.Sprintf("the names of the sections are in section %d, which does not exist", index))
	}
	h := &t.headers[index]
	if h.kind == elf.SHT_NOBITS || h.kind == elf.SHT_NULL || !t.in.has(h.offset, h.size) {
		return t.in.errorAt(h.at, "the section with the names of the sections lies outside of the file: it is truncated")
	}
	raw, err := t.in.bytes(h.offset, h.size)
	if err != nil {
		return err
	}
	names := string(raw)
	for i := range t.headers {
		name, ok := stringAt(names, t.headers[i].nameAt)
		if !ok {
			return t.in.errorAt(t.headers[i].at, fmt.Sprintf("section %d has no name: %#x lies outside of the names", i, t.headers[i].nameAt))
		}
		t.headers[i].name = name
	}
	return nil
}
