package debuginfo

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// This file defines the reading of PE executables and of what they share with COFF
// object files (peobject.go): section headers with long names, and symbols.
// Layouts: Microsoft's "PE Format". The standard library's debug/pe is not used: it
// reads all symbols when it opens a file, and does not say where in a bad file the
// problem is.

// What this package needs to know of PE and COFF.
const (
	peOffsetAt      = 0x3c // where the DOS header says where "PE\0\0" is
	coffHeaderSize  = 20
	coffSectionSize = 40
	coffSymbolSize  = 18

	// Processors (IMAGE_FILE_MACHINE_…).
	coffAMD64 = 0x8664
	coffARM64 = 0xaa64

	// pe32Plus is the magic of the optional header of 64-bit executables. Behind it:
	// the entry, relative to the image base, at 16; the image base at 24, the number of data directories at 108, and these, of 8
	// bytes each, from 112 on; number 6 is the debug directory.
	pe32Plus         = 0x20b
	peEntryAt        = 16
	peImageBaseAt    = 24
	peDirectoryCount = 108
	peDirectoriesAt  = 112
	peDebugDirectory = 6
	peDebugEntrySize = 28
	peDebugCodeView  = 2
	maxDebugEntries  = 64 // of the debug directory; linkers write four at most
	maxPDBName       = 4 << 10

	// Section characteristics (IMAGE_SCN_…).
	coffUninitialized = 0x00000080
	coffExecutable    = 0x20000000
	coffManyRelocs    = 0x01000000

	// Symbols: the storage classes external and static, and the derived type of
	// functions.
	coffExternal = 2
	coffStatic   = 3
	coffFunction = 0x20
)

// coffFile is what reading a PE or COFF file collects.
type coffFile struct {
	in  input
	img *image
	// sections is in the order of the file: symbols refer to it.
	sections []*section
	headers  []coffSection
	// imageBase is what the addresses of an executable count from.
	imageBase uint64
	object    bool
	// symbolSize is the size of a symbol: 18, or 20 in /bigobj files.
	symbolSize             uint64
	symbolsAt, symbolCount uint64
	// names is the string table with its size, which offsets count from.
	names string
}

// coffSection is the part of a section header that section has no field for.
type coffSection struct {
	relocsAt, relocCount uint64
	characteristics      uint32
}

// openPE parses the headers of a PE executable.
func openPE(in input, _ OpenOptions) (*image, error) {
	at, err := in.contents("", peOffsetAt, 4)
	if err != nil {
		return nil, err
	}
	start := uint64(binary.LittleEndian.Uint32(at.data))
	header, err := in.bytes(start, 4+coffHeaderSize)
	if err != nil {
		return nil, err
	}
	if string(header[:4]) != "PE\x00\x00" {
		return nil, in.errorAt(start, "a DOS program: no PE header")
	}
	start += 4
	f := &coffFile{in: in, symbolSize: coffSymbolSize}
	sections, err := f.readHeader(header[4:], start)
	if err != nil {
		return nil, err
	}
	start += coffHeaderSize
	optional, err := in.bytes(start, uint64(binary.LittleEndian.Uint16(header[4+16:])))
	if err != nil {
		return nil, err
	}
	if len(optional) < peDirectoriesAt || binary.LittleEndian.Uint16(optional) != pe32Plus {
		return nil, in.errorAt(start, "not a 64-bit PE executable: only those are supported")
	}
	f.imageBase = binary.LittleEndian.Uint64(optional[peImageBaseAt:])
	if entry := binary.LittleEndian.Uint32(optional[peEntryAt:]); entry != 0 {
		f.img.entry = f.imageBase + uint64(entry)
	}
	if err := f.readSections(start+uint64(len(optional)), sections); err != nil {
		return nil, err
	}
	f.img.finish()
	f.readDebugDirectory(optional)
	f.img.readGoBuildID(".text")
	return f.img, nil
}

// readHeader reads a COFF header, which lies at offset at, and the string table; it
// returns the number of sections.
func (f *coffFile) readHeader(header []byte, at uint64) (sections uint64, err error) {
	f.symbolsAt = uint64(binary.LittleEndian.Uint32(header[8:]))
	f.symbolCount = uint64(binary.LittleEndian.Uint32(header[12:]))
	return uint64(binary.LittleEndian.Uint16(header[2:])), f.start(binary.LittleEndian.Uint16(header), at)
}

// start makes the image and reads the string table, which lies behind the symbols.
func (f *coffFile) start(machine uint16, at uint64) error {
	f.img = &image{path: f.in.path, format: formatPE, symbols: f.symbols}
	switch machine {
	case coffAMD64:
		f.img.arch = "amd64"
	case coffARM64:
		f.img.arch = "arm64"
	default:
		return f.in.errorAt(at, fmt.Sprintf("PE or COFF for processor %#x: only x86-64 and arm64 are supported", machine))
	}
	if f.symbolsAt == 0 {
		return nil
	}
	namesAt := f.symbolsAt + f.symbolCount*f.symbolSize
	size, err := f.in.bytes(namesAt, 4)
	if err != nil {
		return err
	}
	// The size counts itself, but some linkers write 0 for an empty table.
	names, err := f.in.bytes(namesAt, uint64(max(4, binary.LittleEndian.Uint32(size))))
	f.names = string(names)
	return err
}

// readSections reads the section headers at offset at.
func (f *coffFile) readSections(at, count uint64) error {
	headers, err := f.in.contents("", at, count*coffSectionSize)
	if err != nil {
		return err
	}
	c := headers.cursor(0)
	for range count {
		here := at + uint64(c.pos)
		name, err := f.sectionName(c.bytes(8), here)
		if err != nil {
			return err
		}
		virtualSize, addr := uint64(c.u32()), uint64(c.u32())
		size, offset := uint64(c.u32()), uint64(c.u32())
		relocsAt := uint64(c.u32())
		c.u32() // line numbers
		relocCount := uint64(c.u16())
		c.u16() // the number of line numbers
		characteristics := c.u32()
		s := &section{
			Section: Section{Name: name, Exec: characteristics&coffExecutable != 0},
			raw:     input{path: f.in.path},
		}
		s.setDebugName()
		s.loaded = s.debugName == ""
		// In executables the bytes in the file are padded.
		s.Size = size
		if !f.object {
			s.Size = virtualSize
			size = min(size, virtualSize)
		}
		if s.loaded && !f.object {
			s.Addr = f.imageBase + addr
		}
		if offset != 0 && characteristics&coffUninitialized == 0 {
			if !f.in.has(offset, size) {
				return f.in.errorAt(here, fmt.Sprintf("section %q reaches beyond the end of the file: it is truncated", name))
			}
			s.raw = f.in.part(offset, size)
		}
		f.sections = append(f.sections, s)
		f.headers = append(f.headers, coffSection{relocsAt, relocCount, characteristics})
	}
	f.img.sections = append(f.img.sections, f.sections...)
	return nil
}

// sectionName returns the name of a section: 8 bytes, or "/" and where it is in the
// string table, in decimal digits, or "//" and the same in 6 digits of base 64.
func (f *coffFile) sectionName(field []byte, at uint64) (string, error) {
	name := cString(field)
	if !strings.HasPrefix(name, "/") {
		return name, nil
	}
	offset, err := strconv.ParseUint(name[1:], 10, 32)
	if strings.HasPrefix(name, "//") {
		// 36 bits, of which the lower 32 are used.
		var b []byte
		if b, err = base64.RawStdEncoding.DecodeString("AA" + name[2:]); err == nil && len(b) == 6 {
			offset = uint64(binary.BigEndian.Uint32(b[2:]))
		}
	}
	if err != nil {
		return name, nil // a name that happens to start so
	}
	long, ok := stringAt(f.names, uint32(offset))
	if !ok {
		return "", f.in.errorAt(at, fmt.Sprintf("section name %q: no such place in the string table", name))
	}
	return long, nil
}

// readDebugDirectory takes the build id and the name of the PDB file. A directory
// that is not sound is left.
func (f *coffFile) readDebugDirectory(optional []byte) {
	count := binary.LittleEndian.Uint32(optional[peDirectoryCount:])
	entry := peDirectoriesAt + 8*peDebugDirectory
	if count <= peDebugDirectory || len(optional) < entry+8 {
		return
	}
	addr := f.imageBase + uint64(binary.LittleEndian.Uint32(optional[entry:]))
	n := min(binary.LittleEndian.Uint32(optional[entry+4:])/peDebugEntrySize, maxDebugEntries)
	entries, err := f.img.bytesAt(addr, addr+uint64(n)*peDebugEntrySize)
	if err != nil {
		return
	}
	for ; len(entries) >= peDebugEntrySize; entries = entries[peDebugEntrySize:] {
		if binary.LittleEndian.Uint32(entries[12:]) != peDebugCodeView {
			continue
		}
		size, at := binary.LittleEndian.Uint32(entries[16:]), binary.LittleEndian.Uint32(entries[24:])
		record, err := f.in.bytes(uint64(at), uint64(min(size, maxPDBName)))
		if err != nil || len(record) < 24 || string(record[:4]) != "RSDS" {
			continue // "RSDS", GUID of 16 bytes, age u32, name
		}
		f.img.buildID = append([]byte{}, record[4:24]...)
		f.img.pdb = cString(record[24:])
	}
}
