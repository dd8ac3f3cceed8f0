package golang

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines executable: what ReadPoints needs from a built Go program
// (code, symbols, source lines). How an executable stores them is the business
// of package debuginfo.

// executable is one opened Go program.
type executable struct {
	path string
	file *debuginfo.File
	// funcs are the functions with code, sorted by address.
	funcs []debuginfo.Function
	// named are the symbols that openExecutable was asked for, sorted by name.
	named []debuginfo.Symbol
}

// line is one row of the line table.
type line struct {
	pc   uint64
	file string
	line uint32
	// stmt: the instruction at pc begins a statement (DWARF's is_stmt).
	stmt bool
}

// textStart is a symbol that Go's linker defines in every program. A stripped
// program can still have the few symbols that it exports to C, but not this one.
const textStart = "runtime.text"

// openExecutable opens the executable at path and reads its symbols: all
// functions, and the symbols that keep accepts.
func openExecutable(path string, keep func(name string) bool) (*executable, error) {
	file, err := debuginfo.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading coverage points: %w", err)
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
	var err error
	if e.funcs, err = e.file.Functions(); err != nil {
		return fmt.Errorf("reading coverage points: functions: %w", err)
	}
	e.named, err = e.file.Symbols(func(name string) bool { return name == textStart || keep(name) })
	if err != nil {
		return fmt.Errorf("reading coverage points: symbols: %w", err)
	}
	if _, ok := e.symbol(textStart); !ok {
		return fmt.Errorf("reading coverage points: %s has no symbol table: build without -ldflags=-s", e.path)
	}
	return nil
}

// symbol returns the kept symbol of that name.
func (e *executable) symbol(name string) (debuginfo.Symbol, bool) {
	i, ok := slices.BinarySearchFunc(e.named, name, func(s debuginfo.Symbol, name string) int {
		return strings.Compare(s.Name, name)
	})
	if !ok {
		return debuginfo.Symbol{}, false
	}
	return e.named[i], true
}

// entries returns the addresses of the functions whose names begin so.
func (e *executable) entries(prefix string) map[uint64]bool {
	out := map[uint64]bool{}
	for _, f := range e.funcs {
		if strings.HasPrefix(f.Name, prefix) {
			out[f.Lo] = true
		}
	}
	return out
}

// functionAt returns the index of the function that holds pc.
func (e *executable) functionAt(pc uint64) (int, bool) {
	i, ok := slices.BinarySearchFunc(e.funcs, pc, func(f debuginfo.Function, pc uint64) int {
		return cmp.Compare(f.Lo, pc)
	})
	if !ok {
		i--
	}
	if i < 0 || pc >= e.funcs[i].Hi {
		return 0, false
	}
	return i, true
}

// code returns the sections that hold machine code.
func (e *executable) code() ([]codeSection, error) {
	var out []codeSection
	for _, s := range e.file.Sections() {
		if !s.Exec {
			continue
		}
		data, err := e.file.Bytes(s.Addr, s.Addr+s.Size)
		if err != nil {
			return nil, fmt.Errorf("reading coverage points: section %s: %w", s.Name, err)
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
func (s codeSection) bytes(f debuginfo.Function) []byte {
	if f.Lo < s.addr || f.Hi > s.addr+uint64(len(s.data)) {
		return nil
	}
	return s.data[f.Lo-s.addr : f.Hi-s.addr]
}

// data returns the initial contents of a symbol.
func (e *executable) data(sym debuginfo.Symbol) ([]byte, error) {
	data, err := e.file.Bytes(sym.Addr, sym.Addr+sym.Size)
	if err != nil {
		return nil, fmt.Errorf("reading coverage points: symbol %s: %w", sym.Name, err)
	}
	return data, nil
}

// lineTable is the rows of some functions, sorted by address. A row with line 0
// ends a sequence, or stands for code that belongs to no line.
type lineTable []line

// lines returns the line table rows of the given functions, which are sorted by
// address.
func (e *executable) lines(funcs []debuginfo.Function) (lineTable, error) {
	if e.file.DebugFile() == "" {
		// Go's own table has lines, but does not say where statements start.
		return nil, e.noLineTable()
	}
	rows := functionLines{file: e.file, ranges: disjointRanges(funcs), rows: make([][]line, len(funcs))}
	err := e.file.RowsIn(rows.ranges, rows.add)
	table, complete := rows.table()
	var unsound *debuginfo.FormatError
	switch {
	case errors.Is(err, debuginfo.ErrNoLines) || err == nil && len(table) == 0 && len(funcs) > 0:
		return nil, e.noLineTable()
	case errors.As(err, &unsound) && complete:
		// It is about other code: that of a C library, for example.
		return table, nil
	case err != nil:
		return nil, fmt.Errorf("reading coverage points: line table: %w", err)
	}
	return table, nil
}

// noLineTable is the error for an executable whose DWARF was left out.
func (e *executable) noLineTable() error {
	return fmt.Errorf("reading coverage points: %s has no line table: build without -ldflags=-w", e.path)
}

// disjointRanges returns the addresses of each function. Those of C can overlap:
// then the one that starts first has them.
func disjointRanges(funcs []debuginfo.Function) []debuginfo.Range {
	ranges := make([]debuginfo.Range, len(funcs))
	end := uint64(0)
	for i, f := range funcs {
		lo := max(f.Lo, end)
		end = max(f.Hi, lo)
		ranges[i] = debuginfo.Range{Lo: lo, Hi: end}
	}
	return ranges
}

// functionLines gathers the rows of functions, which come in any order.
type functionLines struct {
	file   *debuginfo.File
	ranges []debuginfo.Range
	rows   [][]line // by function
	names  []string // by debuginfo.FileID; "" if not asked for yet
}

// add adds a row of function number i. It is called by debuginfo.File.RowsIn.
func (l *functionLines) add(i int, r debuginfo.Row) bool {
	// The row in force at the function's start can lie before it.
	row := line{pc: max(r.Addr, l.ranges[i].Lo)}
	if !r.EndSequence && r.File != 0 && r.Line > 0 {
		row.file, row.line, row.stmt = l.name(r.File), r.Line, r.IsStmt
	}
	l.rows[i] = append(l.rows[i], row)
	return true
}

func (l *functionLines) name(id debuginfo.FileID) string {
	for int(id) >= len(l.names) {
		l.names = append(l.names, "")
	}
	if l.names[id] == "" {
		l.names[id] = l.file.Path(id)
	}
	return l.names[id]
}

// table returns all rows. complete is false if there is a function without rows.
func (l *functionLines) table() (table lineTable, complete bool) {
	complete = true
	for i, rows := range l.rows {
		if len(rows) == 0 && l.ranges[i].Lo < l.ranges[i].Hi {
			complete = false
		}
		if !slices.IsSortedFunc(rows, compareLines) {
			slices.SortStableFunc(rows, compareLines)
		}
		table = append(table, rows...)
	}
	return table, complete
}

func compareLines(a, b line) int { return cmp.Compare(a.pc, b.pc) }

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
