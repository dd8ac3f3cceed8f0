package golang

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// This file defines executable: what ReadPoints needs from a built Go program
// (code, symbols, source lines). It is the only file here that knows how an
// executable stores them.

// executable is one opened Go program.
type executable struct {
	path string
	file *elf.File
	// funcs are the functions with code, sorted by address.
	funcs []function
	// named are the symbols that findSymbols asked for.
	named []symbol
}

// function is the machine code of one function symbol: [lo, hi).
type function struct {
	name   string
	lo, hi uint64
}

// symbol is one data symbol: [addr, addr+size).
type symbol struct {
	name       string
	addr, size uint64
}

// line is one row of the line table.
type line struct {
	pc   uint64
	file string
	line uint32
	// stmt: the instruction at pc begins a statement (DWARF's is_stmt).
	stmt bool
}

// openExecutable opens the ELF file at path and reads its symbols: all
// functions, and the data symbols that keep accepts.
func openExecutable(path string, keep func(name string) bool) (*executable, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading coverage points: opening %s as an ELF executable: %w", path, err)
	}
	e := &executable{path: path, file: file}
	if err := e.readSymbols(keep); err != nil {
		file.Close()
		return nil, err
	}
	return e, nil
}

// Close closes the file.
func (e *executable) Close() error { return e.file.Close() }

func (e *executable) readSymbols(keep func(string) bool) error {
	symbols, err := e.file.Symbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("reading coverage points: %s has no symbol table: build without -ldflags=-s", e.path)
	}
	if err != nil {
		return fmt.Errorf("reading coverage points: symbol table of %s: %w", e.path, err)
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			if s.Size > 0 {
				e.funcs = append(e.funcs, function{s.Name, s.Value, s.Value + s.Size})
			}
			continue
		}
		if keep(s.Name) {
			e.named = append(e.named, symbol{s.Name, s.Value, s.Size})
		}
	}
	slices.SortFunc(e.funcs, func(a, b function) int {
		return cmp.Or(cmp.Compare(a.lo, b.lo), strings.Compare(a.name, b.name))
	})
	e.funcs = slices.CompactFunc(e.funcs, func(a, b function) bool { return a.lo == b.lo })
	slices.SortFunc(e.named, func(a, b symbol) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.addr, b.addr))
	})
	return nil
}

// symbol returns the kept symbol of that name.
func (e *executable) symbol(name string) (symbol, bool) {
	i, ok := slices.BinarySearchFunc(e.named, name, func(s symbol, name string) int {
		return strings.Compare(s.name, name)
	})
	if !ok {
		return symbol{}, false
	}
	return e.named[i], true
}

// entries returns the addresses of the functions whose names begin so.
func (e *executable) entries(prefix string) map[uint64]bool {
	out := map[uint64]bool{}
	for _, f := range e.funcs {
		if strings.HasPrefix(f.name, prefix) {
			out[f.lo] = true
		}
	}
	return out
}

// functionAt returns the index of the function that holds pc.
func (e *executable) functionAt(pc uint64) (int, bool) {
	i, ok := slices.BinarySearchFunc(e.funcs, pc, func(f function, pc uint64) int {
		return cmp.Compare(f.lo, pc)
	})
	if !ok {
		i--
	}
	if i < 0 || pc >= e.funcs[i].hi {
		return 0, false
	}
	return i, true
}

// code returns the sections that hold machine code.
func (e *executable) code() ([]codeSection, error) {
	var out []codeSection
	for _, s := range e.file.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_EXECINSTR == 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return nil, fmt.Errorf("reading coverage points: section %s of %s: %w", s.Name, e.path, err)
		}
		out = append(out, codeSection{s.Addr, data})
	}
	return out, nil
}

// codeSection is machine code loaded at addr (unslid).
type codeSection struct {
	addr uint64
	data []byte
}

// bytes returns the code of f, or nil if f is not within the section.
func (s codeSection) bytes(f function) []byte {
	if f.lo < s.addr || f.hi > s.addr+uint64(len(s.data)) {
		return nil
	}
	return s.data[f.lo-s.addr : f.hi-s.addr]
}

// data returns the initial contents of a symbol.
func (e *executable) data(sym symbol) ([]byte, error) {
	for _, s := range e.file.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || sym.addr < s.Addr || sym.addr+sym.size > s.Addr+s.Size {
			continue
		}
		out := make([]byte, sym.size)
		if _, err := s.ReadAt(out, int64(sym.addr-s.Addr)); err != nil {
			return nil, fmt.Errorf("reading coverage points: symbol %s of %s: %w", sym.name, e.path, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("reading coverage points: symbol %s of %s lies in no section with data", sym.name, e.path)
}

// lineTable is the rows of some compile units, sorted by address. A row with
// line 0 ends a sequence.
type lineTable []line

// lines returns the line table rows of all compile units that hold one of the
// given functions, which are sorted by address.
func (e *executable) lines(funcs []function) (lineTable, error) {
	data, err := e.file.DWARF()
	if err != nil {
		return nil, fmt.Errorf("reading coverage points: debug information of %s: %w: build without -ldflags=-w", e.path, err)
	}
	var table lineTable
	units := data.Reader()
	for {
		unit, err := units.Next()
		if err != nil {
			return nil, fmt.Errorf("reading coverage points: debug information of %s: %w", e.path, err)
		}
		if unit == nil {
			break
		}
		units.SkipChildren()
		if unit.Tag != dwarf.TagCompileUnit || !holdsAny(data, unit, funcs) {
			continue
		}
		if table, err = appendLines(table, data, unit); err != nil {
			return nil, fmt.Errorf("reading coverage points: line table of %s: %w", e.path, err)
		}
	}
	if len(table) == 0 && len(funcs) > 0 {
		return nil, fmt.Errorf("reading coverage points: %s has no line table: build without -ldflags=-w", e.path)
	}
	slices.SortStableFunc(table, func(a, b line) int { return cmp.Compare(a.pc, b.pc) })
	return table, nil
}

func holdsAny(data *dwarf.Data, unit *dwarf.Entry, funcs []function) bool {
	ranges, err := data.Ranges(unit)
	if err != nil {
		return false
	}
	for _, r := range ranges {
		i, _ := slices.BinarySearchFunc(funcs, r[0], func(f function, pc uint64) int {
			return cmp.Compare(f.hi, pc+1)
		})
		if i < len(funcs) && funcs[i].lo < r[1] {
			return true
		}
	}
	return false
}

func appendLines(table lineTable, data *dwarf.Data, unit *dwarf.Entry) (lineTable, error) {
	rows, err := data.LineReader(unit)
	if err != nil || rows == nil {
		return table, err
	}
	for {
		var row dwarf.LineEntry
		err := rows.Next(&row)
		if err == io.EOF {
			return table, nil
		}
		if err != nil {
			return table, err
		}
		l := line{pc: row.Address}
		if !row.EndSequence && row.File != nil && row.Line > 0 {
			l.file, l.line, l.stmt = row.File.Name, uint32(row.Line), row.IsStmt
		}
		table = append(table, l)
	}
}

// at returns the row that covers pc; its line is 0 if there is none.
func (t lineTable) at(pc uint64) line {
	i, ok := slices.BinarySearchFunc(t, pc, func(l line, pc uint64) int { return cmp.Compare(l.pc, pc) })
	if ok {
		// Several rows at one address: the last one holds.
		for i+1 < len(t) && t[i+1].pc == pc {
			i++
		}
		return t[i]
	}
	if i == 0 {
		return line{}
	}
	return t[i-1]
}

// goarch returns the executable's instruction set, named as GOARCH names it.
func (e *executable) goarch() string {
	switch e.file.Machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_AARCH64:
		return "arm64"
	}
	return e.file.Machine.String()
}
