package debuginfo

import (
	"errors"
	"fmt"
	"math/bits"
)

// This file defines the reading of packages of split units (.dwp): their index,
// which says where in the package's sections each unit's parts lie. See DWARF 5,
// 7.3.5.3, and for version 2 of the index GCC's "DebugFissionDWP".

// splitPackage is a .dwp file.
type splitPackage struct {
	image   *image
	columns []string // the section that each column is about, "" if unknown
	slots   uint32   // of the hash table, a power of two
	units   uint32   // how many rows there are
	hashes, indices, offsets,
	sizes []byte // the four parts of the index
	rows map[uint64]uint32 // by the id of the unit, from 1 on; see row
}

// packageSections are the sections by their number in an index (DW_SECT_…), of
// version 2 and of version 5.
var packageSections = map[uint16]map[uint32]string{
	2: {1: ".debug_info", 2: ".debug_types", 3: ".debug_abbrev", 4: ".debug_line", 5: ".debug_loc", 6: ".debug_str_offsets", 7: ".debug_macinfo", 8: ".debug_macro"},
	5: {1: ".debug_info", 3: ".debug_abbrev", 4: ".debug_line", 5: ".debug_loclists", 6: ".debug_str_offsets", 7: ".debug_macro", 8: ".debug_rnglists"},
}

// maxColumns bounds the columns of an index: there are eight kinds of sections.
const maxColumns = 64

// openPackage reads the header of the index of a package.
func openPackage(img *image) (*splitPackage, error) {
	s := img.ownDebugSection(".debug_cu_index")
	if s == nil {
		return nil, errors.New("is no package of split units: it has no section .debug_cu_index")
	}
	index, err := img.contentsOf(s, true)
	if err != nil {
		return nil, err
	}
	p := &splitPackage{image: img}
	c := index.cursor(0)
	version := c.u16() // and two bytes of padding: a number of four bytes in version 2
	c.u16()
	columns := c.u32()
	p.units, p.slots = c.u32(), c.u32()
	if c.err == nil && packageSections[version] == nil {
		c.fail(fmt.Sprintf("index version %d is not supported", version))
	}
	if c.err == nil && columns > maxColumns {
		c.fail(fmt.Sprintf("index of %d columns", columns))
	}
	if c.err == nil && bits.OnesCount32(p.slots) > 1 {
		c.fail(fmt.Sprintf("hash table of %d slots", p.slots))
	}
	p.hashes = c.bytes(uint64(p.slots) * 8)
	p.indices = c.bytes(uint64(p.slots) * 4)
	for range columns {
		if c.err != nil {
			break
		}
		p.columns = append(p.columns, packageSections[version][c.u32()])
	}
	p.offsets = c.bytes(uint64(p.units) * uint64(columns) * 4)
	p.sizes = c.bytes(uint64(p.units) * uint64(columns) * 4)
	if c.err != nil {
		return nil, c.err
	}
	return p, nil
}

// unit returns the sections of the unit with that id: its parts of those that the
// index knows, and the strings, which all units share.
func (p *splitPackage) unit(id uint64) (sections []*section, ok bool) {
	row := p.row(id)
	if row == 0 || row > p.units {
		return nil, false
	}
	first := int(row-1) * len(p.columns)
	for i, name := range p.columns {
		at, size := 4*(first+i), littleEndian(p.sizes[4*(first+i):][:4])
		if name == "" || size == 0 {
			continue
		}
		in, err := p.section(name)
		offset := littleEndian(p.offsets[at:][:4])
		if err != nil || offset > uint64(len(in.data)) || size > uint64(len(in.data))-offset {
			return nil, false
		}
		sections = append(sections, newDebugSection(in.path, name, in.data[offset:offset+size]))
	}
	if in, err := p.section(".debug_str"); err == nil {
		sections = append(sections, newDebugSection(in.path, ".debug_str", in.data))
	}
	return sections, true
}

// row returns the row of a unit, from 1 on; 0 if it is not there. It does not probe the
// hash table: of one that is not sound, each search could look at all slots.
func (p *splitPackage) row(id uint64) uint32 {
	if p.rows == nil {
		p.rows = map[uint64]uint32{}
		for slot := range int(p.slots) {
			row := uint32(littleEndian(p.indices[4*slot:][:4]))
			hash := littleEndian(p.hashes[8*slot:][:8])
			if row != 0 && p.rows[hash] == 0 {
				p.rows[hash] = row
			}
		}
	}
	return p.rows[id]
}

// section returns the contents of a section of the package by its plain name.
func (p *splitPackage) section(name string) (contents, error) {
	s := p.image.ownDebugSection(name + dwoSuffix)
	if s == nil {
		return contents{}, fmt.Errorf("%s: no section %s%s", p.image.path, name, dwoSuffix)
	}
	return p.image.contentsOf(s, true)
}

// newDebugSection returns a section that holds data.
func newDebugSection(path, name string, data []byte) *section {
	return &section{
		Section:   Section{Name: name, Size: uint64(len(data))},
		debugName: name,
		raw:       mappedInput(path, data),
	}
}
