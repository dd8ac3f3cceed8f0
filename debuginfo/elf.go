package debuginfo

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
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
func openELF(path string, data []byte) (*image, error) {
	bad := func(offset int64, problem string) error {
		return &FormatError{Path: path, Offset: offset, Problem: problem}
	}
	if len(data) < 4 || string(data[:4]) != elf.ELFMAG {
		return nil, bad(0, "not an ELF file (Mach-O and PE are not supported yet)")
	}
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, bad(0, "ELF headers: "+strings.TrimPrefix(err.Error(), "bad "))
	}
	if f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB {
		return nil, bad(4, fmt.Sprintf("%v %v: only 64-bit little-endian ELF is supported", f.Class, f.Data))
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return nil, bad(16, fmt.Sprintf("%v: only executables and shared objects are supported: link it first", f.Type))
	}
	img := &image{path: path}
	switch f.Machine {
	case elf.EM_X86_64:
		img.arch = "amd64"
	case elf.EM_AARCH64:
		img.arch = "arm64"
	default:
		return nil, bad(18, fmt.Sprintf("%v: only x86-64 and AArch64 are supported", f.Machine))
	}
	elfSections := make([]*section, len(f.Sections)) // by index
	for i, h := range f.Sections {
		s, problem := elfSection(h, data)
		if problem != "" {
			return nil, bad(int64(min(h.Offset, uint64(len(data)))), problem)
		}
		elfSections[i] = s
		if h.Type == elf.SHT_NOTE {
			img.readNotes(s.raw)
		}
	}
	img.sections = append(img.sections, elfSections...)
	img.finish()
	img.symbols = func() ([]Symbol, error) { return elfSymbols(path, f, elfSections) }
	return img, nil
}

// elfSection converts a section header. problem is "" if it is sound.
func elfSection(h *elf.Section, data []byte) (s *section, problem string) {
	s = &section{
		Section: Section{Name: h.Name, Size: h.Size, Exec: h.Flags&elf.SHF_EXECINSTR != 0},
		loaded:  h.Flags&elf.SHF_ALLOC != 0,
	}
	if s.loaded {
		s.Addr = h.Addr
	}
	if h.Type == elf.SHT_NOBITS || h.Type == elf.SHT_NULL {
		return s, ""
	}
	if h.Offset > uint64(len(data)) || h.FileSize > uint64(len(data))-h.Offset {
		return nil, fmt.Sprintf("section %q reaches beyond the end of the file: it is truncated", h.Name)
	}
	s.raw = data[h.Offset : h.Offset+h.FileSize]
	switch {
	case h.Flags&elf.SHF_COMPRESSED != 0:
		s.packing = packedELF
	case strings.HasPrefix(h.Name, ".zdebug_"):
		s.packing = packedGNU
	}
	return s, ""
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
			img.gnuBuildID = bytes.Clone(desc)
		case name == "Go" && kind == noteGoBuildID:
			img.goBuildID = string(desc)
		}
		raw = raw[min(pad(nameSize)+pad(descSize), uint64(len(raw))):]
	}
}

// elfSymbols reads .symtab, or .dynsym of a stripped file.
func elfSymbols(path string, f *elf.File, sections []*section) ([]Symbol, error) {
	index := -1
	for i, h := range f.Sections {
		if h.Type == elf.SHT_SYMTAB || h.Type == elf.SHT_DYNSYM && index < 0 {
			index = i
		}
	}
	if index < 0 {
		return nil, nil
	}
	table, link := sections[index], f.Sections[index].Link
	if link >= uint32(len(sections)) {
		return nil, &FormatError{Path: path, Section: table.Name, Problem: fmt.Sprintf("its names are in section %d, which does not exist", link)}
	}
	names := string(sections[link].raw)
	symbols := make([]Symbol, 0, len(table.raw)/elfSymSize)
	for raw := table.raw; len(raw) >= elfSymSize; raw = raw[elfSymSize:] {
		at := binary.LittleEndian.Uint32(raw)
		kind, binding := elf.ST_TYPE(raw[4]), elf.ST_BIND(raw[4])
		where := elf.SectionIndex(binary.LittleEndian.Uint16(raw[6:]))
		if where == elf.SHN_UNDEF || kind == elf.STT_SECTION || kind == elf.STT_FILE || kind == elf.STT_TLS {
			continue
		}
		name, ok := stringAt(names, at)
		if !ok {
			offset := int64(len(table.raw) - len(raw))
			return nil, &FormatError{Path: path, Section: table.Name, Offset: offset, Problem: fmt.Sprintf("no name at %#x of %s", at, f.Sections[link].Name)}
		}
		if name == "" {
			continue
		}
		symbols = append(symbols, Symbol{
			Name:   name,
			Addr:   binary.LittleEndian.Uint64(raw[8:]),
			Size:   binary.LittleEndian.Uint64(raw[16:]),
			Func:   kind == elf.STT_FUNC || kind == elf.STT_GNU_IFUNC,
			Global: binding != elf.STB_LOCAL,
		})
	}
	return symbols, nil
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
