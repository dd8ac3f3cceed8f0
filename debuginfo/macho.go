package debuginfo

import (
	"bytes"
	"fmt"
	"strings"
)

// This file defines the reading of Mach-O files. Layouts: Apple's <mach-o/loader.h>,
// <mach-o/nlist.h>. The standard library's debug/macho is not used: it reads the
// symbol table and all relocations when it opens a file, and does not say where in
// a bad file the problem is.

// What this package needs to know of Mach-O.
const (
	machHeaderSize  = 32 // mach_header_64: magic, cputype, cpusubtype, filetype, ncmds, sizeofcmds, flags, reserved
	machSectionSize = 80 // section_64
	machSymbolSize  = 16 // nlist_64: strx u32, type u8, sect u8, desc u16, value u64

	// machAMD64 and machARM64 are CPU_TYPE_X86_64 and CPU_TYPE_ARM64.
	machAMD64 = 0x01000007
	machARM64 = 0x0100000c

	// Load commands (LC_…).
	machSymtab    = 0x2
	machSegment64 = 0x19
	machUUID      = 0x1b

	// machObject is the file type MH_OBJECT.
	machObject = 1

	// Section types (the low byte of a section's flags) without bytes in the file.
	machZeroFill       = 0x1
	machGBZeroFill     = 0xc
	machThreadZeroFill = 0x12
	// machInstructions is S_ATTR_PURE_INSTRUCTIONS | S_ATTR_SOME_INSTRUCTIONS.
	machInstructions = 0x80000400

	// Symbols: machStab is N_STAB, entries for debuggers; machTypeMask and
	// machInSection are N_TYPE and N_SECT; machExternal is N_EXT.
	machStab      = 0xe0
	machTypeMask  = 0x0e
	machInSection = 0x0e
	machExternal  = 0x01

	// maxSectionName is the room for a section's name in a file: longer ones are cut
	// off.
	maxSectionName = 16
)

// machDebugNames maps the names that Mach-O files give to the debug sections to
// those of ELF: "__debug_str_offs" to ".debug_str_offsets".
var machDebugNames = func() map[string]string {
	names := map[string]string{}
	for _, name := range []string{
		"abbrev", "addr", "aranges", "cu_index", "frame", "gdb_scripts", "gnu_pubnames", "gnu_pubtypes", "info",
		"line", "line_str", "loc", "loclists", "macinfo", "macro", "names", "pubnames", "pubtypes", "ranges",
		"rnglists", "str", "str_offsets", "sup", "tu_index", "types",
	} {
		for _, prefix := range []string{"__debug_", "__zdebug_"} {
			long := prefix + name
			names[long[:min(len(long), maxSectionName)]] = ".debug_" + name
		}
	}
	return names
}()

// machFile is what reading a Mach-O file collects.
type machFile struct {
	in  input
	img *image
	// sections is in the order of the file: symbols refer to it.
	sections []*section
	// The symbol table: where it is, how many entries it has, and its names.
	symbolsAt, symbolCount, namesAt, namesSize uint32
}

// openMachO parses the headers of a Mach-O file.
func openMachO(in input, _ OpenOptions) (*image, error) {
	header, err := in.contents("", 0, machHeaderSize)
	if err != nil {
		return nil, err
	}
	c := header.cursor(4)
	cpu := c.u32()
	c.bytes(4) // cpusubtype
	kind, count, size := c.u32(), c.u32(), c.u32()
	img := &image{path: in.path, format: formatMachO, arch: machArch(cpu)}
	if img.arch == "" {
		return nil, in.errorAt(4, fmt.Sprintf("Mach-O for processor %#x: only x86-64 and arm64 are supported", cpu))
	}
	f := &machFile{in: in, img: img}
	commands, err := in.contents("", machHeaderSize, uint64(size))
	if err != nil {
		return nil, err
	}
	if err := f.readCommands(commands, count, kind == machObject); err != nil {
		err.Offset += machHeaderSize
		return nil, err
	}
	img.sections = append(img.sections, f.sections...)
	img.finish()
	img.symbols = f.symbols
	img.readGoBuildID("__text")
	return img, nil
}

// machArch names a processor as GOARCH does, "" if it is not supported.
func machArch(cpu uint32) string {
	switch cpu {
	case machAMD64:
		return "amd64"
	case machARM64:
		return "arm64"
	}
	return ""
}

// readCommands reads the load commands.
func (f *machFile) readCommands(commands contents, count uint32, object bool) *FormatError {
	c := commands.cursor(0)
	for i := uint32(0); i < count && c.err == nil; i++ {
		start := c.pos
		kind, size := c.u32(), c.u32()
		if c.err == nil && (size < 8 || uint64(size) > uint64(len(commands.data)-start)) {
			return commands.errorAt(start, fmt.Sprintf("load command of %d bytes", size))
		}
		body := c
		body.data = c.data[:min(start+int(size), len(c.data))]
		switch kind {
		case machSegment64:
			f.readSegment(&body, object)
		case machSymtab:
			f.symbolsAt, f.symbolCount, f.namesAt, f.namesSize = body.u32(), body.u32(), body.u32(), body.u32()
		case machUUID:
			f.img.buildID = bytes.Clone(body.bytes(16))
		}
		if body.err != nil {
			return body.err
		}
		c.pos = start + int(size)
	}
	return c.err
}

// readSegment reads a segment command and its sections.
func (f *machFile) readSegment(c *cursor, object bool) {
	c.bytes(16 + 4*8) // name, vmaddr, vmsize, fileoff, filesize
	c.bytes(8)        // maxprot, initprot
	count := c.u32()
	c.bytes(4) // flags
	if c.err == nil && uint64(count)*machSectionSize > uint64(len(c.data)-c.pos) {
		c.fail(fmt.Sprintf("%d sections do not fit in the segment's load command", count))
	}
	for range count {
		at := c.pos
		name, segment := cString(c.bytes(16)), cString(c.bytes(16))
		s := &section{
			Section:   Section{Name: name, Addr: c.u64(), Size: c.u64()},
			debugName: machDebugNames[name],
			raw:       input{path: f.in.path},
		}
		offset := uint64(c.u32())
		c.bytes(4 + 4 + 4) // align, reloff, nreloc
		flags := c.u32()
		c.bytes(12) // reserved1, reserved2, reserved3
		if c.err != nil {
			return
		}
		s.Exec = flags&machInstructions != 0
		s.loaded = segment != "__DWARF"
		if !s.loaded {
			s.Addr = 0
		}
		if strings.HasPrefix(name, "__zdebug_") {
			s.packing = packedGNU
		}
		f.sections = append(f.sections, s)
		switch flags & 0xff {
		case machZeroFill, machGBZeroFill, machThreadZeroFill:
			continue
		}
		// In a dSYM, the sections of the executable are named but not there.
		if offset == 0 || s.Size == 0 {
			continue
		}
		if !f.in.has(offset, s.Size) {
			c.pos = at
			c.fail(fmt.Sprintf("section %q reaches beyond the end of the file: it is truncated", name))
			return
		}
		s.raw = f.in.part(offset, s.Size)
	}
}

// symbols reads the symbol table. Symbols have no sizes here. The underscore that
// the format puts before names is left out.
func (f *machFile) symbols() ([]Symbol, error) {
	raw, err := f.in.bytes(uint64(f.symbolsAt), uint64(f.symbolCount)*machSymbolSize)
	if err != nil {
		return nil, err
	}
	table, err := f.in.bytes(uint64(f.namesAt), uint64(f.namesSize))
	if err != nil {
		return nil, err
	}
	names := string(table)
	c := contents{path: f.in.path, data: raw}.cursor(0)
	var symbols []Symbol
	for range f.symbolCount {
		at := f.symbolsAt + uint32(c.pos)
		nameAt, kind, section := c.u32(), c.u8(), int(c.u8())
		c.u16() // desc
		addr := c.u64()
		if kind&machStab != 0 || kind&machTypeMask != machInSection || section == 0 || section > len(f.sections) {
			continue
		}
		name, ok := stringAt(names, nameAt)
		if !ok {
			return nil, f.in.errorAt(uint64(at), fmt.Sprintf("symbol without a name: %#x lies outside of the names", nameAt))
		}
		if name = strings.TrimPrefix(name, "_"); name == "" {
			continue
		}
		symbols = append(symbols, Symbol{
			Name: name, Addr: addr,
			Func:   f.sections[section-1].Exec,
			Global: kind&machExternal != 0,
		})
	}
	return symbols, nil
}

// cString returns the bytes up to the first zero byte.
func cString(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
