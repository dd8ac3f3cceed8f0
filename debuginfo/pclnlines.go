package debuginfo

import (
	"encoding/binary"
	"slices"
)

// This file defines the translation of Go's own table into line tables of DWARF 5,
// one for each package, so that a stripped Go executable is resolved as any other.
// They have no columns, and do not say where statements start. Since Go's table is made for the same instructions, the lines
// are those of the DWARF that was dropped, except that instructions without a line
// get that of their neighbours.

// goShare is how often the bytes of Go's table may be looked at on average: functions
// with equal steps share them. In real executables it is less than once.
const goShare = 4

// goLines returns an image with a translation of Go's table as its debug sections,
// and the functions as its symbols; nil if img has no such table.
func (img *image) goLines() *image {
	img.debug.goOnce.Do(func() {
		t := img.findGoTable()
		if t == nil {
			return
		}
		w := goTranslator{table: t, text: img.text, work: goShare*len(t.in.data) + workSlack}
		err := w.translate()
		found := &image{path: img.path, arch: img.arch, format: img.format, text: img.text, sections: []*section{
			newDebugSection(img.path, ".debug_line", w.section()),
			newDebugSection(img.path, ".debug_line_str", t.files),
		}}
		found.debug.once.Do(func() { found.debug.image = found })
		found.symbols = func() ([]Symbol, error) { return w.functions, err }
		img.debug.goImage = found
	})
	return img.debug.goImage
}

// The parameters of the line programs: those that Go's own linker uses.
const (
	goLineBase   = -4
	goLineRange  = 10
	goOpcodeBase = len(knownOperands)
)

// goTranslator translates one table.
type goTranslator struct {
	table     *goTable
	text      addressRange
	functions []Symbol
	units     []*goUnit // in the order of their first functions
	starts    []uint32  // where the files of units start, sorted; set by section
	// work is how many more bytes of steps may be looked at: functions can share
	// them.
	work int
}

// goUnit is the line table of one package.
type goUnit struct {
	files   uint32 // where its files start in unitFiles, in entries
	program []byte
}

// translate reads all functions. What it has when something is not sound is used.
func (w *goTranslator) translate() error {
	byFiles := map[uint32]*goUnit{}
	for i := range w.table.count {
		fn, err := w.table.function(i)
		if err != nil {
			return err
		}
		u := byFiles[fn.unit]
		if u == nil {
			u = &goUnit{files: fn.unit}
			byFiles[fn.unit] = u
			w.units = append(w.units, u)
		}
		end := w.sequence(u, fn)
		if w.work < 0 {
			return w.table.in.errorAt(fn.position, "functions share too many lines")
		}
		if end > fn.entry && fn.name != "" {
			w.functions = append(w.functions, Symbol{Name: fn.name, Addr: fn.entry, Size: end - fn.entry, Func: true, Global: true})
		}
	}
	return nil
}

// sequence appends a function's rows to the program of u and returns the end of the
// function.
func (w *goTranslator) sequence(u *goUnit, fn goFunction) (end uint64) {
	files, lines := w.table.stepsAt(fn.files, fn.entry), w.table.stepsAt(fn.lines, fn.entry)
	defer func() { w.work -= files.read + lines.read }()
	if !w.text.contains(fn.entry) || !lines.next() {
		return fn.entry
	}
	files.next()
	p := append(u.program, lnsExtended, 9, lneSetAddress)
	p = binary.LittleEndian.AppendUint64(p, fn.entry)
	addr, at := fn.entry, fn.entry // of the row, and of the program
	file, line := int32(1), int32(1)
	for {
		if files.value != file {
			file = files.value
			// -1 stands for no file, and so does a number beyond the package's files.
			p = binary.AppendUvarint(append(p, lnsSetFile), uint64(uint32(file)&^(1<<31)))
		}
		p = appendRow(p, addr-at, lines.value-line)
		at, line = addr, lines.value
		next := lines.end
		if len(files.p) > 0 {
			next = min(next, files.end)
		}
		if next < addr || next > w.text.hi {
			break // addresses wrapped around, or have left the code
		}
		addr = next
		if files.end <= addr && files.next() && files.end <= addr {
			files.p = nil
		}
		if lines.end <= addr && !lines.next() {
			break
		}
	}
	p = binary.AppendUvarint(append(p, lnsAdvancePC), addr-at)
	u.program = append(p, lnsExtended, 1, lneEndSequence)
	return addr
}

// appendRow appends the opcodes for a row.
func appendRow(p []byte, addr uint64, line int32) []byte {
	if line < goLineBase || line >= goLineBase+goLineRange {
		p = appendSleb(append(p, lnsAdvanceLine), int64(line))
		line = 0
	}
	special := uint64(line-goLineBase) + addr*goLineRange + uint64(goOpcodeBase)
	if addr <= 255/goLineRange && special <= 255 {
		return append(p, byte(special))
	}
	p = binary.AppendUvarint(append(p, lnsAdvancePC), addr)
	return append(p, byte(int(line)-goLineBase+goOpcodeBase))
}

// appendSleb appends a signed LEB128 number.
func appendSleb(p []byte, v int64) []byte {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(p, b)
		}
		p = append(p, b|0x80)
	}
}

// section returns the .debug_line of all units.
func (w *goTranslator) section() []byte {
	size := 0
	for _, u := range w.units {
		size += len(u.program) + 64 // the header's fixed part has less
		w.starts = append(w.starts, u.files)
	}
	slices.Sort(w.starts)
	p := make([]byte, 0, size+len(w.table.unitFiles))
	for _, u := range w.units {
		p = w.appendTable(p, u)
	}
	return p
}

// appendTable appends the line table of u. Its files are names in .debug_line_str,
// which is Go's own table of files.
func (w *goTranslator) appendTable(p []byte, u *goUnit) []byte {
	files := w.unitFiles(u)
	const isStmt = 0 // not known
	header := []byte{1, 1, isStmt, byte(0x100 + goLineBase), goLineRange, byte(goOpcodeBase)}
	header = append(header, knownOperands[1:]...)
	header = append(header, 0, 0)                      // no directories
	header = append(header, 1, lnctPath, formLineStrp) // a file is a name
	header = binary.AppendUvarint(header, uint64(len(files)/4))
	header = append(header, files...)
	p = binary.LittleEndian.AppendUint32(p, uint32(2+2+4+len(header)+len(u.program)))
	p = append(p, 5, 0, 8, 0) // version, size of addresses, no segments
	p = binary.LittleEndian.AppendUint32(p, uint32(len(header)))
	p = append(p, header...)
	return append(p, u.program...)
}

// unitFiles returns the part of the table's unitFiles that belongs to u: up to where
// the files of another unit start.
func (w *goTranslator) unitFiles(u *goUnit) []byte {
	end := uint64(len(w.table.unitFiles)) / 4
	if i, _ := slices.BinarySearch(w.starts, u.files+1); i < len(w.starts) {
		end = min(end, uint64(w.starts[i]))
	}
	start := min(uint64(u.files), end)
	return w.table.unitFiles[4*start : 4*end]
}
