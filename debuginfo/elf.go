package debuginfo

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// This file defines the reading of ELF files. Layouts: System V ABI, chapter 4,
// and its 64-bit additions (elf.h).

const (
	// elfSymSize is the size of an Elf64_Sym: name u32, info u8, other u8,
	// section u16, value u64, size u64.
	elfSymSize = 24
	// Note types: NT_GNU_BUILD_ID of owner "GNU", and the Go linker's build id of
	// owner "Go" (cmd/internal/buildid).
	noteGNUBuildID = 3
	noteGoBuildID  = 4
	// maxSymbolName bounds the search for the end of a name. Names of deeply
	// nested templates have some ten thousand bytes.
	maxSymbolName = 1 << 16
)

// openELF parses the headers of an ELF file.
func openELF(in input, _ OpenOptions) (*image, error) {
	t, err := readELFHeaders(in)
	if err != nil {
		return nil, err
	}
	img := &image{path: in.path, format: formatELF, entry: t.entry}
	switch t.machine {
	case elf.EM_X86_64:
		img.arch = "amd64"
	case elf.EM_AARCH64:
		img.arch = "arm64"
	default:
		return nil, in.errorAt(elfMachineAt, fmt.Sprintf("%v: only x86-64 and AArch64 are supported", t.machine))
	}
	notes := in.size // how many more bytes of notes are looked at; sections can overlap
	for i := range t.headers {
		h := &t.headers[i]
		s, err := t.section(h)
		if err != nil {
			return nil, err
		}
		t.sections = append(t.sections, s)
		if h.kind == elf.SHT_RELA && s.loaded {
			img.dynamicRelocations = append(img.dynamicRelocations, s)
		}
		if h.kind == elf.SHT_NOTE && s.raw.size <= notes {
			notes -= s.raw.size
			raw, err := s.raw.bytes(0, s.raw.size)
			if err != nil {
				return nil, err
			}
			img.readNotes(raw)
		}
	}
	if t.kind == elf.ET_REL {
		if err := t.layOut(); err != nil {
			return nil, err
		}
	}
	img.sections = slices.Clone(t.sections)
	img.finish()
	img.symbols = t.symbols
	return img, nil
}

// section converts a section header.
func (t *elfTables) section(h *elfHeader) (*section, error) {
	s := &section{
		Section: Section{Name: h.name, Size: h.size, Exec: h.flags&elf.SHF_EXECINSTR != 0},
		loaded:  h.flags&elf.SHF_ALLOC != 0,
		grouped: h.flags&elf.SHF_GROUP != 0,
		raw:     input{path: t.in.path},
	}
	if s.loaded {
		s.Addr = h.addr
	}
	if h.kind == elf.SHT_NOBITS || h.kind == elf.SHT_NULL {
		return s, nil
	}
	if !t.in.has(h.offset, h.size) {
		return nil, t.in.errorAt(h.at, fmt.Sprintf("section %q reaches beyond the end of the file: it is truncated", h.name))
	}
	s.raw = t.in.part(h.offset, h.size)
	s.setDebugName()
	if h.flags&elf.SHF_COMPRESSED != 0 {
		s.packing = packedELF
	}
	return s, nil
}

// readNotes takes the build ids from a note section: each note is name size,
// description size, type (u32 each), name and description padded to 4 bytes.
// A note section that does not look like that (some are padded to 8) is left.
func (img *image) readNotes(raw []byte) {
	pad := func(n uint32) uint64 { return (uint64(n) + 3) &^ 3 }
	for len(raw) >= 12 {
		nameSize := binary.LittleEndian.Uint32(raw)
		descSize := binary.LittleEndian.Uint32(raw[4:])
		kind := binary.LittleEndian.Uint32(raw[8:])
		raw = raw[12:]
		if pad(nameSize)+uint64(descSize) > uint64(len(raw)) {
			return
		}
		name := string(bytes.TrimRight(raw[:nameSize], "\x00"))
		desc := raw[pad(nameSize):][:descSize]
		switch {
		case name == "GNU" && kind == noteGNUBuildID:
			img.buildID = bytes.Clone(desc)
		case name == "Go" && kind == noteGoBuildID:
			img.goBuildID = string(desc)
		}
		raw = raw[min(pad(nameSize)+pad(descSize), uint64(len(raw))):]
	}
}

// symbols reads .symtab, or .dynsym of a stripped file.
func (t *elfTables) symbols() ([]Symbol, error) {
	index := -1
	for i, h := range t.headers {
		if h.kind == elf.SHT_SYMTAB || h.kind == elf.SHT_DYNSYM && index < 0 {
			index = i
		}
	}
	if index < 0 {
		return nil, nil
	}
	raw, names, err := t.symbolTable(index)
	if err != nil {
		return nil, err
	}
	extended := t.extendedIndices(index)
	symbols := make([]Symbol, 0, len(raw)/elfSymSize)
	for offset := 0; len(raw)-offset >= elfSymSize; offset += elfSymSize {
		entry := raw[offset:]
		at := binary.LittleEndian.Uint32(entry)
		kind, binding := elf.ST_TYPE(entry[4]), elf.ST_BIND(entry[4])
		where := elf.SectionIndex(binary.LittleEndian.Uint16(entry[6:]))
		if where == elf.SHN_UNDEF || kind == elf.STT_SECTION || kind == elf.STT_FILE || kind == elf.STT_TLS {
			continue
		}
		name, ok := stringAt(names, at)
		if !ok {
			return nil, &FormatError{
				Path: t.in.path, Section: t.sections[index].Name, Offset: int64(offset),
				Problem: fmt.Sprintf("no name at %#x of %s", at, t.headers[t.headers[index].link].name),
			}
		}
		// The mapping symbols of AArch64 ($x, $d) mark code and data, they name nothing.
		if name == "" || name[0] == '$' && t.machine == elf.EM_AARCH64 {
			continue
		}
		// The version that is meant by default (memcpy@@GLIBC_2.14) is the plain name.
		name, _, _ = strings.Cut(name, "@@")
		addr, ok := t.address(entry, extended, offset/elfSymSize)
		if !ok {
			continue
		}
		symbols = append(symbols, Symbol{
			Name:   name,
			Addr:   addr,
			Size:   binary.LittleEndian.Uint64(entry[16:]),
			Func:   kind == elf.STT_FUNC || kind == elf.STT_GNU_IFUNC,
			Global: binding != elf.STB_LOCAL,
		})
	}
	return symbols, nil
}

// symbolTable returns the bytes of symbol table number index, and of its names.
func (t *elfTables) symbolTable(index int) (raw []byte, names string, err error) {
	link := t.headers[index].link
	if link >= uint32(len(t.sections)) {
		return nil, "", &FormatError{Path: t.in.path, Section: t.sections[index].Name, Problem: fmt.Sprintf("its names are in section %d, which does not exist", link)}
	}
	if raw, err = t.sections[index].plain(); err != nil {
		return nil, "", err
	}
	text, err := t.sections[link].plain()
	return raw, string(text), err
}

// extendedIndices returns the section indices of the symbols of table number index
// that have no room in the table, u32 each; nil if all have. They exist in object
// files with more than 65,000 sections.
func (t *elfTables) extendedIndices(index int) []byte {
	for i, h := range t.headers {
		if h.kind == elf.SHT_SYMTAB_SHNDX && h.link == uint32(index) {
			raw, err := t.sections[i].plain()
			if err == nil {
				return raw
			}
		}
	}
	return nil
}

// address returns the address of symbol number i. In an object file, symbols count
// from the start of their section; ok is false for those that have none yet: undefined
// and common ones. extended is what extendedIndices returns.
func (t *elfTables) address(symbol, extended []byte, i int) (addr uint64, ok bool) {
	value := binary.LittleEndian.Uint64(symbol[8:])
	where := elf.SectionIndex(binary.LittleEndian.Uint16(symbol[6:]))
	section := uint32(where)
	switch {
	case t.kind != elf.ET_REL || where == elf.SHN_ABS:
		return value, true
	case where == elf.SHN_XINDEX && len(extended)/4 > i:
		section = binary.LittleEndian.Uint32(extended[4*i:])
	case where >= elf.SHN_LORESERVE:
		return 0, false
	}
	if section == 0 || section >= uint32(len(t.sections)) {
		return 0, false
	}
	return t.sections[section].Addr + value, true
}

// stringAt returns the zero-terminated string at offset of a string table.
func stringAt(table string, offset uint32) (s string, ok bool) {
	if uint64(offset) >= uint64(len(table)) {
		return "", false
	}
	s = table[offset:]
	s = s[:min(len(s), maxSymbolName)]
	n := strings.IndexByte(s, 0)
	if n < 0 {
		return "", false
	}
	return s[:n], true
}
