package debuginfo

import (
	"slices"
	"sync"

	"github.com/ianlancetaylor/demangle"
)

// This file defines the functions that the debug information names: interned
// names, read when somebody asks for them.

// FuncID stands for a function that the debug information describes, for one File
// only: numbers are given in the order in which functions are first met. 0 is the
// unknown function. Equal ids mean the same function; a function that several
// units describe without a linkage name has several ids.
type FuncID uint32

// Func is a function as the debug information describes it.
type Func struct {
	// Name is the name for people: the linkage name demangled, with the types of its
	// parameters (C++, Rust), else the name as the source has it, which Go qualifies
	// ("main.(*T).Method").
	Name string
	// Linkage is the name for the linker: mangled for C++ and Rust. It is "" if the
	// compiler gave none besides the name in the source.
	Linkage string
	// Source is the name in the source, without qualification in most languages.
	Source string
	// Declared is where the function is declared; column 0.
	Declared Location
}

// functions is the interned functions of one File.
type functions struct {
	mu  sync.Mutex // guards what follows
	ids internTable
	all []function // by FuncID-1
	// files numbers the files that strings are in, from 1; the last one asked for.
	files    map[*debugSections]uint32
	last     *debugSections
	lastFile uint32
}

// functionKey tells functions apart: by the place of the linkage name, which the
// linker merges with equal ones; without, by the place of the name and the unit.
type functionKey struct {
	at      uint64 // the place of the name
	unit    uint64 // where the unit starts, plus 1; 0 with a linkage name
	section uint32 // which the name is in: the number of the file, and the sectionID
	line    uint32 // of the declaration
}

// function is what is kept of a Func until it is asked for.
type function struct {
	source, linkage stringRef
	// The declaration: file is an index into the line table of unit, nil if unknown.
	unit       *unit
	file, line uint32
	// kept is the function if it comes from a Cache; nothing else is set then.
	kept *keptFunction
}

// keptFunction is a function from a Cache.
type keptFunction struct {
	source, linkage string
	declared        Location
}

// stringRef is a string in a section, the zero value if there is none.
type stringRef struct {
	in *debugSections
	id sectionID
	at uint64
}

// stringAt returns where the string that v stands for lies.
func (u *unit) stringAt(v value) stringRef {
	switch v.form {
	case formString:
		return stringRef{u.from, secInfo, v.n}
	case formStrp:
		return stringRef{u.from, secStr, v.n}
	case formLineStrp:
		return stringRef{u.from, secLineStr, v.n}
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		if offset, err := u.indexed(secStrOffsets, u.strOffsetsBase, v.n, u.offsetSize()); err == nil {
			return stringRef{u.from, secStr, offset}
		}
	case formGNUStrpAlt, formStrpSup:
		if other, err := u.from.supplementary(); err == nil {
			return stringRef{other, secStr, v.n}
		}
	}
	return stringRef{}
}

// read returns the string, "" if it is not sound.
func (s stringRef) read() string {
	if s.in == nil {
		return ""
	}
	c := s.in.get(s.id).cursor(s.at)
	return string(c.cstring())
}

// id returns the id of a function.
func (s *functions) id(fn function) FuncID {
	name, unit := fn.linkage, uint64(0)
	if name.in == nil {
		name = fn.source
		if fn.unit != nil {
			unit = uint64(fn.unit.offset) + 1
		}
	}
	if name.in == nil {
		return 0
	}
	s.mu.Lock() // nothing here reads the file, which could fault
	key := functionKey{at: name.at, unit: unit, section: s.file(name.in)*uint32(sectionCount) + uint32(name.id), line: fn.line}
	number, isNew := s.ids.number(key)
	if isNew {
		s.all = append(s.all, fn)
	}
	s.mu.Unlock()
	return FuncID(number)
}

// file returns the number of a file. The caller holds s.mu.
func (s *functions) file(in *debugSections) uint32 {
	if in == s.last {
		return s.lastFile
	}
	number, ok := s.files[in]
	if !ok {
		if s.files == nil {
			s.files = map[*debugSections]uint32{}
		}
		number = uint32(len(s.files) + 1)
		s.files[in] = number
	}
	s.last, s.lastFile = in, number
	return number
}

// get returns a function, the zero one if there is none with that id.
func (s *functions) get(id FuncID) function {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == 0 || int(id) > len(s.all) {
		return function{}
	}
	return s.all[id-1]
}

// snapshot returns all functions in the order of their numbers, from 1.
func (s *functions) snapshot() []function {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

// addKept adds functions and returns the number before that of the first. They are not
// the same as any other.
func (s *functions) addKept(kept []keptFunction) FuncID {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := FuncID(len(s.all))
	for i := range kept {
		s.ids.skip()
		s.all = append(s.all, function{kept: &kept[i]})
	}
	return first
}

// Func returns a function that ResolveCalls has met; the zero Func for 0. Names are
// read and demangled anew for each call: keep them.
func (f *File) Func(id FuncID) Func {
	var fn Func
	err := f.guard(func() error {
		fn.Source, fn.Linkage, fn.Declared = f.describe(f.functions.get(id))
		return nil
	})
	if err != nil {
		return Func{}
	}
	if fn.Name = fn.Source; fn.Linkage != "" {
		fn.Name = Demangle(fn.Linkage)
		if fn.Name == fn.Linkage && fn.Source != "" {
			fn.Name = fn.Source
		}
	}
	return fn
}

// describe reads the names of a function and the place of its declaration.
func (f *File) describe(fn function) (source, linkage string, declared Location) {
	if fn.kept != nil {
		return fn.kept.source, fn.kept.linkage, fn.kept.declared
	}
	return fn.source.read(), fn.linkage.read(), f.declared(fn)
}

// declared returns the place of a function's declaration.
func (f *File) declared(fn function) Location {
	if fn.unit == nil {
		return Location{}
	}
	l, err := f.loadLines()
	if err != nil {
		return Location{}
	}
	where := Location{Line: fn.line}
	if table := l.findTable(fn.unit); table >= 0 {
		where.File, _ = l.fileID(l.tables[table], fn.file)
	}
	return where
}

// Demangle returns the readable form of a linkage name of C++ or Rust, and other
// names as they are.
func Demangle(name string) string {
	return demangle.Filter(name, demangle.LLVMStyle)
}
