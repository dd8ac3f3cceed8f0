package debuginfo

import (
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
	ids map[functionKey]FuncID
	all []function // by FuncID
}

// functionKey tells functions apart: by the place of the linkage name, which the
// linker merges with equal ones; without, by the place of the name and the unit.
type functionKey struct {
	name stringRef
	unit int    // where the unit starts; 0 with a linkage name
	line uint32 // of the declaration
}

// function is what is kept of a Func until it is asked for.
type function struct {
	source, linkage stringRef
	// The declaration: file is an index into the line table of unit, nil if unknown.
	unit       *unit
	file, line uint32
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
	key := functionKey{name: fn.linkage, line: fn.line}
	if fn.linkage.in == nil {
		key.name = fn.source
		if fn.unit != nil {
			key.unit = fn.unit.offset + 1
		}
	}
	if key.name.in == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.ids[key]
	if !ok {
		if s.ids == nil {
			s.ids = map[functionKey]FuncID{}
			s.all = append(s.all, function{})
		}
		id = FuncID(len(s.all))
		s.all = append(s.all, fn)
		s.ids[key] = id
	}
	return id
}

// get returns a function, the zero one if there is none with that id.
func (s *functions) get(id FuncID) function {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(id) >= len(s.all) {
		return function{}
	}
	return s.all[id]
}

// Func returns a function that ResolveCalls has met; the zero Func for 0. Names are
// read and demangled anew for each call: keep them.
func (f *File) Func(id FuncID) Func {
	var fn Func
	err := f.guard(func() error {
		known := f.functions.get(id)
		fn.Source, fn.Linkage = known.source.read(), known.linkage.read()
		fn.Declared = f.declared(known)
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

// declared returns the place of a function's declaration.
func (f *File) declared(fn function) Location {
	l, err := f.loadLines()
	if err != nil || fn.unit == nil {
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
