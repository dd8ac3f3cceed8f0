package machinecode

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines Read: from the points of one module, the executable or a shared object,
// to lines.

// Config says what to read. The caller sets all of it but Base.
type Config struct {
	// Path is the module's file.
	Path string
	// Points are its points, in any order.
	Points []Point
	// Base is added to the addresses of functions in Module.Funcs.
	Base uint64
	// Counters are where the counters of the points are, if the code that counts has the
	// line of other code than it belongs to; see inherited.go. Empty if it has its own.
	Counters debuginfo.Range
	// Returned: points are recorded only of runs in which all functions have returned.
	Returned bool
	// Unoptimized: with Counters, that the code is not optimized.
	Unoptimized bool
	// NeverReturns reports whether a function never returns, by the name of its symbol.
	NeverReturns func(name string) bool
	// File returns the caller's number for a source file, by its path; false if its lines
	// are of no interest. It is asked once for each path or more.
	File func(path string) (number uint32, ok bool)
}

// Point is one point of a module: a place whose code counts that it ran.
type Point struct {
	// PC is the address of the code, as in the module's file.
	PC uint64
	// Number is the point's, as proofs name it.
	Number uint32
	// Entry: it is a function's entry.
	Entry bool
}

// Module is what Read has read.
type Module struct {
	// Funcs are the functions with an entry among the points.
	Funcs []coverage.Func
	// Notes tells a person what is missing and why.
	Notes []string
}

// Place is a line of a file, which has the number that Config.File gave it.
type Place struct{ File, Line uint32 }

// Proof is what proves that a line ran.
type Proof struct {
	// Points are those of which each one, if it was hit, proves it.
	Points map[uint32]struct{}
	// Unsure: the line may have run though none of them was hit, since it has code that
	// nothing counts. Only with Config.Counters.
	Unsure bool
}

// Proofs holds the lines' proofs.
type Proofs map[Place]*Proof

func (p Proofs) add(at Place, points []uint32) *Proof {
	proof := p[at]
	if proof == nil {
		proof = &Proof{Points: make(map[uint32]struct{}, len(points))}
		p[at] = proof
	}
	for _, point := range points {
		proof.Points[point] = struct{}{}
	}
	return proof
}

// Read adds what a module's points prove to proofs.
func Read(ctx context.Context, config Config, proofs Proofs) (*Module, error) {
	file, err := debuginfo.Open(config.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close() // it was only read
	r := &reader{config: config, file: file, points: slices.Clone(config.Points), files: map[debuginfo.FileID]fileAnswer{}}
	if r.decode, err = decoderOf(file.Arch()); err != nil {
		return nil, fmt.Errorf("%s: %w", config.Path, err)
	}
	slices.SortStableFunc(r.points, func(a, b Point) int { return cmp.Compare(a.PC, b.PC) })
	if err := r.read(ctx, proofs); err != nil {
		return nil, err
	}
	return &r.Module, nil
}

// reader reads one module.
type reader struct {
	Module
	config Config
	file   *debuginfo.File
	decode decoder
	// points are sorted by address; functions are those that hold any.
	points    []Point
	functions []debuginfo.Function
	// noReturn are the entries of functions that never return.
	noReturn map[uint64]bool
	// files are Config.File's answers.
	files map[debuginfo.FileID]fileAnswer
}

type fileAnswer struct {
	number uint32
	wanted bool
}

// fileOf returns the caller's number for a file; false if its lines are of no interest.
func (r *reader) fileOf(id debuginfo.FileID) (number uint32, wanted bool) {
	if id == 0 {
		return 0, false
	}
	answer, ok := r.files[id]
	if !ok {
		answer.number, answer.wanted = r.config.File(r.file.Path(id))
		r.files[id] = answer
	}
	return answer.number, answer.wanted
}

// isWanted reports whether any of a function's rows is of interest.
func (r *reader) isWanted(rows []debuginfo.Row) bool {
	return slices.ContainsFunc(rows, func(row debuginfo.Row) bool {
		_, ok := r.fileOf(row.File)
		return ok
	})
}

// read adds what the module's points prove to lines, and fills Module.
func (r *reader) read(ctx context.Context, lines Proofs) error {
	if err := r.findFunctions(); err != nil {
		return err
	}
	if err := r.findNoReturn(); err != nil {
		return err
	}
	rows, err := r.rows()
	if errors.Is(err, debuginfo.ErrNoLines) {
		r.Notes = append(r.Notes, "no lines of source are known: compile with -g, and do not strip the executable")
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
		if !r.isWanted(rows[i]) {
			continue
		}
		code, err := r.file.Bytes(f.Lo, f.Hi)
		if err != nil {
			return err
		}
		points := r.pointsIn(f)
		insts = decode(r.decode, code, f.Lo, boundaries(rows[i], points), insts[:0])
		at.addFunction(insts, points, rows[i], r)
	}
	return r.resolve(ctx, &at, lines)
}

// findFunctions sets functions. Where there is no symbol for a point, as in a stripped
// file, the code between two entries of functions is one.
func (r *reader) findFunctions() error {
	all, err := r.file.Functions()
	if err != nil {
		return err
	}
	at := uint64(0) // the end of the last function
	strays := 0
	for i, p := range r.points {
		if p.PC < at {
			continue
		}
		k := sort.Search(len(all), func(k int) bool { return all[k].Lo > p.PC }) - 1
		if k >= 0 && p.PC < all[k].Hi {
			f := all[k]
			f.Lo = max(f.Lo, at)
			r.functions = append(r.functions, f)
			at = f.Hi
			continue
		}
		strays++
		end := r.sectionEnd(p.PC)
		if i+1 < len(r.points) {
			end = min(end, r.points[i+1].PC)
		}
		if end > p.PC {
			r.functions = append(r.functions, debuginfo.Function{Lo: p.PC, Hi: end})
			at = end
		}
	}
	if strays > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d of %d points are in no function of the symbol table: do not strip the executable", strays, len(r.points)))
	}
	return nil
}

// sectionEnd returns the end of the section of code that holds an address.
func (r *reader) sectionEnd(pc uint64) uint64 {
	for _, s := range r.file.Sections() {
		if s.Exec && pc >= s.Addr && pc-s.Addr < s.Size {
			return s.Addr + s.Size
		}
	}
	return pc
}

// pointsIn returns the points in a function.
func (r *reader) pointsIn(f debuginfo.Function) []Point {
	from := sort.Search(len(r.points), func(i int) bool { return r.points[i].PC >= f.Lo })
	to := sort.Search(len(r.points), func(i int) bool { return r.points[i].PC >= f.Hi })
	return r.points[from:to]
}

// rows returns the rows of the line table for each of functions.
func (r *reader) rows() ([][]debuginfo.Row, error) {
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
		r.Notes = append(r.Notes, "some lines of source are not known: "+err.Error())
		err = nil
	}
	return rows, err
}

// boundaries returns the addresses at which instructions certainly begin, in order.
func boundaries(rows []debuginfo.Row, points []Point) []uint64 {
	var at []uint64
	for i := range rows {
		at = append(at, rows[i].Addr)
	}
	for i := range points {
		at = append(at, points[i].PC)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// addressProofs are addresses with lines, and the blocks that they are in.
type addressProofs struct {
	functions []provedFunction
	pcs       []uint64
	at        []codeAt // of each of pcs
	// entries tells which of pcs are where a function of the module begins, by the number
	// of the point that counts it.
	entries map[int]Point
}

// provedFunction is a function, and what proves its blocks.
type provedFunction struct {
	g      *graph
	proofs [][]uint32
	// whole: blocks that nothing proves are told, too, for lines that are in several.
	whole bool
	// idom and ipdom are the blocks' dominators and post-dominators, nil if not whole.
	idom, ipdom []int
}

// codeAt is a block of a function. perhaps: whether the code is that of the line is not
// certain.
type codeAt struct {
	function, block int
	perhaps         bool
}

// addFunction adds the addresses of one function: those at which a row of the line table
// that has a line begins, and those at which a block begins in the middle of one.
func (a *addressProofs) addFunction(insts []inst, points []Point, rows []debuginfo.Row, r *reader) {
	starts := make([]uint64, len(points))
	for i := range points {
		starts[i] = points[i].PC
	}
	g := newGraph(insts, starts, func(addr uint64) bool { return r.noReturn[addr] }, r.targetsIn(insts))
	for i := range points {
		if k := g.holding(points[i].PC); k >= 0 {
			g.blocks[k].points = append(g.blocks[k].points, points[i].Number)
		}
	}
	if r.config.Returned {
		g.withoutTraps()
	}
	proofs := g.proofs()
	foreign := newInherited(g, insts, points, rows, &r.config)
	a.functions = append(a.functions, newProvedFunction(g, proofs, foreign != nil))
	if a.entries == nil {
		a.entries = map[int]Point{}
	}
	for i := range points {
		if points[i].Entry {
			a.entries[len(a.pcs)] = points[i]
			a.pcs, a.at = append(a.pcs, points[i].PC), append(a.at, codeAt{})
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
			if m := foreign.meaningOf(i, k); m != saysNothing && (len(proofs[k]) > 0 || foreign != nil) {
				a.pcs, a.at = append(a.pcs, at), append(a.at, codeAt{len(a.functions) - 1, k, m == mayTell})
			}
			at = g.blocks[k].hi
		}
	}
}

// resolve turns addresses into lines: that of the address itself, and those of the calls
// that were inlined around it.
func (r *reader) resolve(ctx context.Context, at *addressProofs, lines Proofs) error {
	sorted, perm := debuginfo.Sort(at.pcs)
	locations := make([]debuginfo.Location, len(sorted))
	calls, err := r.file.ResolveCalls(ctx, sorted, locations, debuginfo.Options{})
	if bad := (*debuginfo.FormatError)(nil); err != nil && (!errors.As(err, &bad) || calls == nil) {
		return err
	}
	var frames []debuginfo.Frame
	blocks := map[codeOf][]int{}
	for i := range sorted {
		frames = calls.AppendFrames(frames[:0], i)
		if p, ok := at.entries[perm[i]]; ok {
			r.addFunc(p, frames[len(frames)-1])
			continue
		}
		for _, frame := range frames {
			if file, ok := r.fileOf(frame.File); ok && frame.Line > 0 {
				code := at.at[perm[i]]
				of := codeOf{code.function, Place{file, frame.Line}}
				if code.perhaps {
					lines.add(of.place, nil).Unsure = true
					continue
				}
				if !slices.Contains(blocks[of], code.block) {
					blocks[of] = append(blocks[of], code.block)
				}
			}
		}
	}
	for of, blocks := range blocks {
		at.functions[of.function].prove(of.place, blocks, lines)
	}
	return nil
}

// codeOf is the code of a line in a function.
type codeOf struct {
	function int
	place    Place
}

// maxHeadLines is how many lines the head of a function may have, from its name to its
// brace.
const maxHeadLines = 20

// addFunc adds the function that begins at a point.
func (r *reader) addFunc(p Point, frame debuginfo.Frame) {
	f := r.file.Func(frame.Func)
	// The code begins with the line of the body's brace. The declaration may be another
	// one, in a class.
	where := frame.Location
	if d := f.Declared; d.File == where.File && d.Line > 0 && d.Line < where.Line && where.Line-d.Line <= maxHeadLines {
		where = d
	}
	file, ok := r.fileOf(where.File)
	if !ok || where.Line == 0 {
		return
	}
	name := f.Name
	if symbol, ok := r.file.Function(p.PC); ok && name == "" {
		name = debuginfo.Demangle(symbol.Name)
	}
	r.Funcs = append(r.Funcs, coverage.Func{
		Name: name, File: file, Line: where.Line, Entry: r.config.Base | p.PC, First: p.Number,
	})
}
