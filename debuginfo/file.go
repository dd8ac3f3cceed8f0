package debuginfo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file defines File, an open executable.

// File is an open executable. All methods but Close may be called from several
// goroutines at once.
type File struct {
	path  string
	files *files
	image *image
	// sources is the source files that have been met.
	sources *sources

	linesOnce sync.Once
	lines     *lines // set by linesOnce
	linesErr  error  // set by linesOnce

	unitsOnce sync.Once
	// units is set by unitsOnce, which calls that need no more than lines do not
	// ask for.
	units     atomic.Pointer[unitIndex]
	functions functions

	symbols symbolTable
}

// Open maps the executable at path and reads its headers; everything else is read
// when it is first asked for. path can also name a dSYM bundle.
func Open(path string) (*File, error) {
	return OpenWith(path, OpenOptions{})
}

// OpenWith is Open with options.
func OpenWith(path string, options OpenOptions) (*File, error) {
	file, err := insideBundle(path)
	if err != nil {
		return nil, fmt.Errorf("opening executable: %w", err)
	}
	f := &File{path: path, files: &files{options: options}, sources: newSources()}
	err = f.guard(func() (err error) {
		f.image, err = f.files.open(file)
		return err
	})
	return f.opened(err)
}

// OpenReader opens the executable of size bytes that r holds: a member of an
// archive, for example. Only the headers and the sections that are needed are read
// and kept in memory. name is what errors call it; if it is a path, separate debug
// files are searched next to it. r must be usable until the File is closed, from
// several goroutines at once.
func OpenReader(name string, r io.ReaderAt, size int64, options OpenOptions) (*File, error) {
	if size < 0 {
		return nil, fmt.Errorf("opening executable: %s has %d bytes", name, size)
	}
	f := &File{path: name, files: &files{options: options}, sources: newSources()}
	err := f.guard(func() (err error) {
		f.image, err = f.files.parse(input{path: name, r: r, size: uint64(size)}, options)
		return err
	})
	return f.opened(err)
}

// opened returns f, or closes it if opening it failed.
func (f *File) opened(err error) (*File, error) {
	if err == nil {
		return f, nil
	}
	_ = f.files.close() // the first error counts
	if bad := (*FormatError)(nil); errors.As(err, &bad) {
		return nil, err // which names the file and what is wrong with it
	}
	return nil, fmt.Errorf("opening executable: %w", err)
}

// Close unmaps the file, and those that belong to it. No other method may be
// running or called afterwards.
func (f *File) Close() error {
	if err := f.files.close(); err != nil {
		return fmt.Errorf("closing %s: %w", f.path, err)
	}
	return nil
}

// DebugFile returns the path of the file that the DWARF comes from: the executable's
// own or that of a separate debug file. It is "" if there is no DWARF; a Go executable
// then still has lines, from the table that Go's runtime uses, without columns and
// without IsStmt.
func (f *File) DebugFile() string {
	path := ""
	_ = f.guard(func() error { // a file that was cut short has none, either
		if img := f.image.debugImage(); img.hasDebugSections() && img != f.image.debug.goImage {
			path = img.path
		}
		return nil
	})
	return path
}

// Arch returns the processor that the file is for, as GOARCH names it: "amd64" or
// "arm64".
func (f *File) Arch() string { return f.image.arch }

// Entry returns the address at which the execution of the file starts, as its headers
// say: 0 for object files and libraries, and for Mach-O files. The difference to the
// address in a running process (AT_ENTRY on Linux) is the load bias.
func (f *File) Entry() uint64 { return f.image.entry }

// BuildID returns the build id that the linker wrote in hex digits, "" if there is
// none: the note of --build-id in ELF files, the UUID of Mach-O files, the GUID and
// age of the CodeView record in PE files.
func (f *File) BuildID() string { return hex.EncodeToString(f.image.buildID) }

// GoBuildID returns the build id of the go command, "" if there is none.
func (f *File) GoBuildID() string { return f.image.goBuildID }

// Sections returns the sections, loaded ones in the order of their addresses.
func (f *File) Sections() []Section {
	sections := make([]Section, len(f.image.sections))
	for i, s := range f.image.sections {
		sections[i] = s.Section
	}
	return sections
}

// Bytes returns a copy of the bytes that the file loads at the addresses [lo, hi),
// which must lie within one section: the instructions of a function, for example.
func (f *File) Bytes(lo, hi uint64) ([]byte, error) {
	var b []byte
	err := f.guard(func() error {
		mapped, err := f.image.bytesAt(lo, hi)
		b = slices.Clone(mapped)
		return err
	})
	return b, err
}

// Functions returns the functions of the symbol table, sorted by address, one per
// start address; functions may overlap. The caller must not change the slice. A
// stripped file has none, or only those that are exported.
func (f *File) Functions() ([]Function, error) {
	err := f.guard(func() error { return f.symbols.load(f.image) })
	return f.symbols.functions, err
}

// Function returns the function that holds pc. ok is false if there is none, or
// no symbol table.
func (f *File) Function(pc uint64) (fn Function, ok bool) {
	if _, err := f.Functions(); err != nil {
		return Function{}, false
	}
	return f.symbols.at(pc)
}

// Symbol returns the symbol with that name; of several, a global one. ok is false
// if there is none, or no symbol table.
func (f *File) Symbol(name string) (s Symbol, ok bool) {
	if _, err := f.Functions(); err != nil {
		return Symbol{}, false
	}
	s, ok = f.symbols.byName[name]
	return s, ok
}

// Path returns the path of a source file as the compiler saw it, cleaned, and
// joined with the compilation directory if it was relative. It can still be
// relative (-trimpath), or no path at all ("<autogenerated>"). It is "" for 0.
func (f *File) Path(id FileID) string { return f.sources.path(id) }

// SourceFiles returns the interned source files that have been met so far: for
// each FileID its directory and base name, and for each DirID its name. Index 0
// of both is the unknown one.
func (f *File) SourceFiles() (files []SourceFile, dirs []string) {
	f.sources.mu.RLock()
	defer f.sources.mu.RUnlock()
	return slices.Clone(f.sources.files), slices.Clone(f.sources.dirs)
}

// errCutShort is the error of a file that was truncated while it was mapped.
var errCutShort = errors.New("was cut short while it was open: open it again")

// loadLines returns the line tables, which it reads at its first call.
func (f *File) loadLines() (*lines, error) { return f.loadLinesWith(1) }

// loadLinesWith is loadLines with that many goroutines.
func (f *File) loadLinesWith(workers int) (*lines, error) {
	f.linesOnce.Do(func() {
		f.linesErr = errCutShort // unless it gets to the end; see guard
		index := f.units.Load()
		if index == nil {
			sections := &debugSections{img: f.image}
			f.unpackAll(sections, workers)
			f.lines, f.linesErr = loadLines(f.image, sections, nil, f.sources)
		} else {
			f.lines, f.linesErr = loadLines(f.image, index.sections, index, f.sources)
		}
		if f.linesErr == ErrNoLines {
			f.linesErr = f.image.noLines()
		}
	})
	return f.lines, f.linesErr
}

// loadUnits returns the units, which it reads at its first call, with that many
// goroutines.
func (f *File) loadUnits(workers int) (*unitIndex, error) {
	f.unitsOnce.Do(func() {
		sections := &debugSections{img: f.image, keep: true}
		f.unpackAll(sections, workers)
		f.units.Store(loadUnits(f.image, sections))
	})
	if x := f.units.Load(); x != nil {
		return x, nil
	}
	return nil, errCutShort // it did not get to the end; see guard
}

// guard runs read, and turns a fault on the mapped file into an error: a file that
// is truncated while it is mapped (a build that writes over it) faults where its
// pages are gone.
func (f *File) guard(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		fault, ok := r.(interface{ Addr() uintptr })
		if !ok || !f.files.contains(fault.Addr()) {
			panic(r)
		}
		err = fmt.Errorf("%s: %w", f.path, errCutShort)
	}()
	return read()
}

// contains reports whether a machine address lies in the mapping.
func (m *mapping) contains(addr uintptr) bool {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
	return addr >= start && addr < start+uintptr(len(m.data))
}
