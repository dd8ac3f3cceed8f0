package debuginfo

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// This file defines image, what the rest of the package needs to know of an
// executable whatever its format, and access to its sections.

// Section is one section of an executable.
type Section struct {
	// Name is the section's name in the words of the format: ".text" in ELF and
	// PE, "__text" in Mach-O.
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
	// debugName is what ELF calls a debug section whatever its name here:
	// ".debug_line" for "__debug_line" and ".zdebug_line", "" for others.
	debugName string
	loaded    bool // it has an address at run time
	// grouped is true for a section of an object file that the linker keeps one of
	// (COMDAT): type units have sections of their own.
	grouped bool
	raw     input // its bytes in the file, none if it has none
	packing packing
	// relocate applies the relocations of an object file to the decompressed
	// bytes, in place. Set by the format's reader, nil if there are none.
	relocate func([]byte) error

	kept     sync.Once // guards contents, problem
	contents []byte    // what debugSection returned for good
	problem  error
}

// plain returns the section's bytes, decompressed.
func (s *section) plain() ([]byte, error) {
	data, err := s.raw.bytes(0, s.raw.size)
	if err == nil && s.packing != notPacked {
		data, err = unpack(s, data)
	}
	return data, err
}

// load returns the section's bytes, decompressed and relocated.
func (s *section) load() ([]byte, error) {
	data, err := s.plain()
	if err == nil && s.relocate != nil {
		if s.packing == notPacked {
			data = bytes.Clone(data) // mapped bytes cannot be changed
		}
		err = s.relocate(data)
	}
	return data, err
}

// image is a parsed executable: a format's reader (elf.go, macho.go, pe.go) fills
// it.
type image struct {
	path     string
	arch     string // as GOARCH names it
	entry    uint64 // where an executable starts, 0 if unknown
	format   format
	sections []*section
	// text spans all executable sections.
	text addressRange
	// symbols are those of the symbol table, in its order.
	symbols func() ([]Symbol, error)
	// buildID is the linker's (ELF: the GNU note, Mach-O: the UUID, PE: the id of
	// the CodeView record), goBuildID that of the go command; nil and "" if there
	// is none.
	buildID   []byte
	goBuildID string
	// dynamicRelocations are the sections of an ELF file with the relocations that the
	// dynamic linker applies.
	dynamicRelocations []*section
	// pdb is the name of the file that has a PE file's debug information, "" if
	// none is named.
	pdb string

	// files opens the files that belong to this one, nil to open none. Set by
	// files.parse.
	files *files
	debug debugFiles // see separate.go

	namedOnce sync.Once           // guards named
	named     map[string]*section // see ownDebugSection
	// code is the executable sections, sorted by address; set by finish.
	code []*section
}

// format is a file format.
type format uint8

const (
	formatELF format = iota
	formatMachO
	formatPE
)

// addressRange is the addresses from lo up to and without hi.
type addressRange struct{ lo, hi uint64 }

func (r addressRange) contains(addr uint64) bool { return addr >= r.lo && addr < r.hi }

// loadSymbols reads the symbol table. If the executable is stripped, the symbols are
// those of its separate debug file, or the functions in Go's own tables.
func (img *image) loadSymbols() ([]Symbol, error) {
	symbols, err := img.symbols()
	if err != nil || img.format == formatELF && img.section(".symtab") != nil {
		return symbols, err
	}
	if d := img.debugImage(); d != img && d.symbols != nil {
		if more, err := d.symbols(); err == nil && len(more) > len(symbols) {
			return more, nil
		}
	}
	if slices.ContainsFunc(symbols, func(s Symbol) bool { return s.Name == goTextSymbol }) {
		return symbols, nil
	}
	if table := img.goLines(); table != nil {
		functions, err := table.symbols()
		return append(symbols, functions...), err
	}
	return symbols, nil
}

// goBuildIDMark is how the go command finds its build id in executables that have
// no ELF notes: in front of the code (cmd/internal/buildid).
const goBuildIDMark = "\xff Go build ID: "

// readGoBuildID takes the build id of the go command from the start of a section.
func (img *image) readGoBuildID(name string) {
	s := img.section(name)
	if s == nil {
		return
	}
	start, err := s.raw.bytes(0, min(s.raw.size, 1<<10)) // ids have about 100 bytes
	if err != nil || !bytes.HasPrefix(start, []byte(goBuildIDMark)) {
		return
	}
	quoted, _, ok := bytes.Cut(start[len(goBuildIDMark):], []byte("\n \xff"))
	if !ok {
		return
	}
	if id, err := strconv.Unquote(string(quoted)); err == nil {
		img.goBuildID = id
	}
}

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
		img.code = append(img.code, s)
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

// ownDebugSection returns the section of this file that holds the debug section of
// that name, nil if there is none. One that is not compressed goes before one that
// is, and the object file's own before those of type units.
func (img *image) ownDebugSection(name string) *section {
	img.namedOnce.Do(func() {
		img.named = map[string]*section{}
		for _, s := range img.sections {
			found := img.named[s.debugName]
			switch {
			case found == nil, found.grouped && !s.grouped, found.grouped == s.grouped && found.packing != notPacked && s.packing == notPacked:
				img.named[s.debugName] = s
			}
		}
	})
	return img.named[name]
}

// debugSection returns the contents of a debug section by its ELF name
// (".debug_line"); empty if there is none. They come from this file or from the
// separate debug file that belongs to it. Contents that are not simply mapped stay
// in memory only if keep is set.
func (img *image) debugSection(name string, keep bool) (contents, error) {
	img = img.debugImage()
	s := img.ownDebugSection(name)
	if s == nil {
		return contents{path: img.path, section: name}, nil
	}
	return img.contentsOf(s, keep)
}

// contentsOf returns the contents of one of img's debug sections; see debugSection.
func (img *image) contentsOf(s *section, keep bool) (contents, error) {
	in := contents{path: s.raw.path, section: s.debugName}
	if !keep {
		data, err := s.load()
		in.data = data
		return in, err
	}
	s.kept.Do(func() {
		s.problem = errCutShort // unless it gets to the end; see File.guard
		s.contents, s.problem = s.load()
	})
	in.data = s.contents
	return in, s.problem
}

// bytesAt returns the bytes of the file that are loaded at [lo, hi), which must
// lie within one section.
func (img *image) bytesAt(lo, hi uint64) ([]byte, error) {
	if hi < lo {
		return nil, fmt.Errorf("%s: the range %#x to %#x ends before it starts", img.path, lo, hi)
	}
	for _, s := range img.sections {
		if s.loaded && lo >= s.Addr && s.raw.has(lo-s.Addr, hi-lo) {
			return s.raw.bytes(lo-s.Addr, hi-lo)
		}
	}
	return nil, fmt.Errorf("%s: no section has bytes in the file for the addresses %#x to %#x", img.path, lo, hi)
}

// setDebugName sets s.debugName and s.packing from the name that an ELF or PE file
// gives the section.
func (s *section) setDebugName() {
	switch {
	case strings.HasPrefix(s.Name, ".debug_"), strings.HasPrefix(s.Name, ".gnu_debug"):
		s.debugName = s.Name
	case strings.HasPrefix(s.Name, ".zdebug_"):
		s.debugName = ".debug_" + strings.TrimPrefix(s.Name, ".zdebug_")
		s.packing = packedGNU
	}
}
