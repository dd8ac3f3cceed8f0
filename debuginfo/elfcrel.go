package debuginfo

import "debug/elf"

// This file defines the reading of compact relocations (CREL): entries as differences
// from the one before. Layout: the proposal for the generic ABI that LLVM 19
// implements under an experimental number.

const (
	// sectionCREL is SHT_CREL.
	sectionCREL = elf.SectionType(0x40000014)
	// crelAddends, in the section's first number, says that entries have addends; the
	// bits below it say by how much offsets are shifted, those above count the entries.
	crelAddends = 4
	// What changes from the entry before, in the low bits of an entry's first byte.
	crelSymbol = 1
	crelKind   = 2
	crelAddend = 4
)

// compactRelocations is relocations for a section of compact ones.
func (t *elfTables) compactRelocations(index int, raw []byte, yield func(at int, r relocation) error) error {
	c := contents{path: t.in.path, section: t.sections[index].Name, data: raw}.cursor(0)
	header := c.uleb()
	shift, flags := header%crelAddends, 2
	if header&crelAddends != 0 {
		flags = 3
	}
	r := relocation{inPlace: flags == 2}
	var offset uint64
	for range header / (2 * crelAddends) {
		at := c.pos
		first := c.u8()
		// The flags and the difference of the offsets are one LEB128 number, which can
		// have more than 64 bits.
		offset += uint64(first&0x7f) >> flags
		if first >= 0x80 {
			offset += c.uleb() << (7 - flags)
		}
		if first&crelSymbol != 0 {
			r.symbol = uint64(uint32(int64(r.symbol) + c.sleb()))
		}
		if first&crelKind != 0 {
			r.kind += uint32(c.sleb())
		}
		if first&crelAddend != 0 && !r.inPlace {
			r.addend += uint64(c.sleb())
		}
		if c.err != nil {
			return c.err
		}
		r.offset = offset << shift
		if err := yield(at, r); err != nil {
			return err
		}
	}
	return asError(c.err)
}
