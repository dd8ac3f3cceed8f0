package clang

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
)

// This file reads the points of one module: the executable or a shared object.

// moduleReader reads one module.
type moduleReader struct {
	path   string
	file   *debuginfo.File
	decode decoder
	src    *sources
	// points are sorted by address; functions are those that hold any.
	points    []modulePoint
	functions []debuginfo.Function
	// noReturn are the entries of functions that never return.
	noReturn map[uint64]bool

	funcs []coverage.Func
	notes []string
}

// modulePoint is one point of the module.
type modulePoint struct {
	pc    uint64
	point uint32
	// entry: it is a function's entry.
	entry bool
}

// newModuleReader opens a module. pcs are those of all modules.
func newModuleReader(m *executor.NativeModule, pcs []executor.NativePC, src *sources) (*moduleReader, error) {
	file, err := debuginfo.Open(m.Path)
	if err != nil {
		return nil, err
	}
	r := &moduleReader{path: m.Path, file: file, src: src}
	if r.decode, err = decoderOf(file.Arch()); err != nil {
		r.close()
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	for i, pc := range pcs[m.First : m.First+m.Count] {
		r.points = append(r.points, modulePoint{pc: pc.PC, point: uint32(m.First + i), entry: pc.Func})
	}
	slices.SortStableFunc(r.points, func(a, b modulePoint) int {
		if a.pc < b.pc {
			return -1
		}
		return min(1, int(a.pc-b.pc))
	})
	return r, nil
}

// close closes the module's file, of which nothing is used any more.
func (r *moduleReader) close() { r.file.Close() } // it was only read

// read adds what the module's points prove to lines, and fills funcs. base is added to the
// addresses of functions.
func (r *moduleReader) read(ctx context.Context, base uint64, lines lineProofs) error {
	if err := r.findFunctions(); err != nil {
		return err
	}
	if err := r.findNoReturn(); err != nil {
		return err
	}
	rows, err := r.rows()
	if errors.Is(err, debuginfo.ErrNoLines) {
		r.notes = append(r.notes, "no lines of source are known: compile with -g, and do not strip the executable")
		return nil
	}
	if err != nil {
		return err
	}
	var at addressProofs
	insts := []inst{}
	for i, f := range r.functions {
		if err := ctx.Err(); err != nil {
			return err
		}
		code, err := r.file.Bytes(f.Lo, f.Hi)
		if err != nil {
			return err
		}
		points := r.pointsIn(f)
		insts = decode(r.decode, code, f.Lo, boundaries(rows[i], points), insts[:0])
		at.addFunction(insts, points, rows[i], func(addr uint64) bool { return r.noReturn[addr] })
	}
	return r.resolve(ctx, base, &at, lines)
}

// findFunctions sets functions. Where there is no symbol for a point, as in a stripped
// file, the code between two entries of functions is one.
func (r *moduleReader) findFunctions() error {
	all, err := r.file.Functions()
	if err != nil {
		return err
	}
	at := uint64(0) // the end of the last function
	strays := 0
	for i, p := range r.points {
		if p.pc < at {
			continue
		}
		k := sort.Search(len(all), func(k int) bool { return all[k].Lo > p.pc }) - 1
		if k >= 0 && p.pc < all[k].Hi {
			f := all[k]
			f.Lo = max(f.Lo, at)
			r.functions = append(r.functions, f)
			at = f.Hi
			continue
		}
		strays++
		end := r.sectionEnd(p.pc)
		if i+1 < len(r.points) {
			end = min(end, r.points[i+1].pc)
		}
		if end > p.pc {
			r.functions = append(r.functions, debuginfo.Function{Lo: p.pc, Hi: end})
			at = end
		}
	}
	if strays > 0 {
		r.notes = append(r.notes, fmt.Sprintf("%d of %d points are in no function of the symbol table: do not strip the executable", strays, len(r.points)))
	}
	return nil
}

// sectionEnd returns the end of the section of code that holds an address.
func (r *moduleReader) sectionEnd(pc uint64) uint64 {
	for _, s := range r.file.Sections() {
		if s.Exec && pc >= s.Addr && pc-s.Addr < s.Size {
			return s.Addr + s.Size
		}
	}
	return pc
}

// pointsIn returns the points in a function.
func (r *moduleReader) pointsIn(f debuginfo.Function) []modulePoint {
	from := sort.Search(len(r.points), func(i int) bool { return r.points[i].pc >= f.Lo })
	to := sort.Search(len(r.points), func(i int) bool { return r.points[i].pc >= f.Hi })
	return r.points[from:to]
}

// rows returns the rows of the line table for each of functions.
func (r *moduleReader) rows() ([][]debuginfo.Row, error) {
	ranges := make([]debuginfo.Range, len(r.functions))
	for i, f := range r.functions {
		ranges[i] = debuginfo.Range{Lo: f.Lo, Hi: f.Hi}
	}
	rows := make([][]debuginfo.Row, len(ranges))
	err := r.file.RowsIn(ranges, func(i int, row debuginfo.Row) bool {
		rows[i] = append(rows[i], row)
		return true
	})
	if bad := (*debuginfo.FormatError)(nil); errors.As(err, &bad) {
		r.notes = append(r.notes, "some lines of source are not known: "+err.Error())
		err = nil
	}
	return rows, err
}

// boundaries returns the addresses at which instructions certainly begin, in order.
func boundaries(rows []debuginfo.Row, points []modulePoint) []uint64 {
	var at []uint64
	for i := range rows {
		at = append(at, rows[i].Addr)
	}
	for i := range points {
		at = append(at, points[i].pc)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// addressProofs are addresses with lines, and the points that prove that their code ran.
type addressProofs struct {
	pcs    []uint64
	proofs [][]uint32
	// entries tells which of pcs are where a function of the module begins, by the number
	// of the point that counts it.
	entries map[int]modulePoint
}

// addFunction adds the addresses of one function: those at which a row of the line table
// that has a line begins, and those at which a block begins in the middle of one.
func (a *addressProofs) addFunction(insts []inst, points []modulePoint, rows []debuginfo.Row, noReturn func(uint64) bool) {
	starts := make([]uint64, len(points))
	for i := range points {
		starts[i] = points[i].pc
	}
	g := newGraph(insts, starts, noReturn)
	for i := range points {
		if k := g.holding(points[i].pc); k >= 0 {
			g.blocks[k].points = append(g.blocks[k].points, points[i].point)
		}
	}
	proofs := g.proofs()
	if a.entries == nil {
		a.entries = map[int]modulePoint{}
	}
	for i := range points {
		if points[i].entry {
			a.entries[len(a.pcs)] = points[i]
			a.pcs, a.proofs = append(a.pcs, points[i].pc), append(a.proofs, nil)
		}
	}
	for i := range rows {
		row := &rows[i]
		if row.EndSequence || row.Line == 0 {
			continue
		}
		end := insts[len(insts)-1].next
		if i+1 < len(rows) {
			end = min(end, rows[i+1].Addr)
		}
		for at := max(row.Addr, insts[0].pc); at < end; {
			k := g.holding(at)
			if k < 0 {
				break
			}
			if len(proofs[k]) > 0 {
				a.pcs, a.proofs = append(a.pcs, at), append(a.proofs, proofs[k])
			}
			at = g.blocks[k].hi
		}
	}
}

// resolve turns addresses into lines: that of the address itself, and those of the calls
// that were inlined around it.
func (r *moduleReader) resolve(ctx context.Context, base uint64, at *addressProofs, lines lineProofs) error {
	sorted, perm := debuginfo.Sort(at.pcs)
	locations := make([]debuginfo.Location, len(sorted))
	calls, err := r.file.ResolveCalls(ctx, sorted, locations, debuginfo.Options{})
	if bad := (*debuginfo.FormatError)(nil); err != nil && (!errors.As(err, &bad) || calls == nil) {
		return err
	}
	var frames []debuginfo.Frame
	for i := range sorted {
		frames = calls.AppendFrames(frames[:0], i)
		if p, ok := at.entries[perm[i]]; ok {
			r.addFunc(base, p, frames[len(frames)-1])
			continue
		}
		for _, frame := range frames {
			if frame.File != 0 && frame.Line > 0 {
				lines.add(place{r.src.file(r.file.Path(frame.File)), frame.Line}, at.proofs[perm[i]])
			}
		}
	}
	return nil
}

// maxHeadLines is how many lines the head of a function may have, from its name to its
// brace.
const maxHeadLines = 20

// addFunc adds the function that begins at a point.
func (r *moduleReader) addFunc(base uint64, p modulePoint, frame debuginfo.Frame) {
	f := r.file.Func(frame.Func)
	// The code begins with the line of the body's brace. The declaration may be another
	// one, in a class.
	where := frame.Location
	if d := f.Declared; d.File == where.File && d.Line > 0 && d.Line < where.Line && where.Line-d.Line <= maxHeadLines {
		where = d
	}
	if where.File == 0 || where.Line == 0 {
		return
	}
	name := f.Name
	if symbol, ok := r.file.Function(p.pc); ok && name == "" {
		name = debuginfo.Demangle(symbol.Name)
	}
	r.funcs = append(r.funcs, coverage.Func{
		Name: name, File: r.src.file(r.file.Path(where.File)), Line: where.Line, Entry: base | p.pc, First: p.point,
	})
}
