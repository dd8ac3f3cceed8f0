package debuginfo

import (
	"fmt"
	"sort"
	"sync"
)

// This file defines image, what the rest of the package needs to know of an
// executable whatever its format, and access to its sections.

// Section is one section of an executable.
type Section struct {
	// Name is the section's name, such as ".text".
	Name string
	// Addr and Size tell where the section lies in memory; Addr is 0 for a section
	// that is not loaded.
	Addr, Size uint64
	// Exec is true if the section holds instructions.
	Exec bool
}

// section is a Section and its bytes in the file.
type section struct {
	Section
	loaded   bool   // it has an address at run time
	raw      []byte // its bytes in the file, nil if it has none
	packing  packing
	unpacked sync.Once
	contents []byte // raw, decompressed; set by unpacked
	problem  error  // set by unpacked
}

// image is a parsed executable: a format's reader (elf.go) fills it.
type image struct {
	path     string
	arch     string // as GOARCH names it
	sections []*section
	// text spans all executable sections.
	text addressRange
	// symbols are those of the symbol table, in its order.
	symbols func() ([]Symbol, error)
	// gnuBuildID and goBuildID are the build ids; nil and "" if there is none.
	gnuBuildID []byte
	goBuildID  string
}

// addressRange is the addresses from lo up to and without hi.
type addressRange struct{ lo, hi uint64 }

func (r addressRange) contains(addr uint64) bool { return addr >= r.lo && addr < r.hi }

// finish is called once all sections are there: it sorts the loaded ones by
// address and finds the text.
func (img *image) finish() {
	sort.SliceStable(img.sections, func(i, j int) bool { return img.sections[i].Addr < img.sections[j].Addr })
	for _, s := range img.sections {
		if !s.Exec || s.Size == 0 || s.Addr+s.Size < s.Addr {
			continue
		}
		if img.text.hi == 0 {
			img.text.lo = s.Addr
		}
		img.text.hi = max(img.text.hi, s.Addr+s.Size)
	}
}

// section returns the first section with that name, nil if there is none.
func (img *image) section(name string) *section {
	for _, s := range img.sections {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// debugSection returns the contents of a debug section (".debug_line"), which may
// be stored compressed under another name; empty if there is none. Contents of
// compressed sections stay in memory only if keep is set.
func (img *image) debugSection(name string, keep bool) (contents, error) {
	in := contents{path: img.path, section: name}
	s := img.section(name)
	if s == nil {
		s = img.section(".z" + name[1:])
	}
	if s == nil {
		return in, nil
	}
	data := s.raw
	var err error
	switch {
	case s.packing == notPacked:
	case keep:
		s.unpacked.Do(func() {
			s.problem = errCutShort // unless it gets to the end; see File.guard
			s.contents, s.problem = unpack(img.path, s)
		})
		data, err = s.contents, s.problem
	default:
		data, err = unpack(img.path, s)
	}
	in.data = data
	return in, err
}

// bytesAt returns the bytes of the file that are loaded at [lo, hi), which must
// lie within one section.
func (img *image) bytesAt(lo, hi uint64) ([]byte, error) {
	if hi < lo {
		return nil, fmt.Errorf("%s: the range %#x to %#x ends before it starts", img.path, lo, hi)
	}
	for _, s := range img.sections {
		if s.loaded && lo >= s.Addr && hi-s.Addr <= uint64(len(s.raw)) {
			return s.raw[lo-s.Addr : hi-s.Addr], nil
		}
	}
	return nil, fmt.Errorf("%s: no section has bytes in the file for the addresses %#x to %#x", img.path, lo, hi)
}
