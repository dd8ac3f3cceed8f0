package golang

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines ReadPoints: what the instrumented points of a built fuzz
// executable stand for.
//
// Go writes no table for its edge counters, so the code is disassembled: an
// edge's address is that of the instruction that counts it. Source blocks
// (`-cover`) have exact extents in the coverage meta-data; which cell belongs to
// which block is known from the code too, because every function stores its
// identity in front of its cells (pointsblocks.go).

// PointsConfig tells where the source of an executable's packages is.
type PointsConfig struct {
	// Modules are the main module or workspace modules and, if known, dependencies.
	Modules []SourceModule
	// Packages maps import paths to directories; it is asked before Modules.
	Packages map[string]string
}

// SourceModule is a module whose source is in Dir.
type SourceModule struct {
	// Path is the module path; Dir its root directory, absolute.
	Path, Dir string
	// Own: the user's own module, not a dependency.
	Own bool
}

// ReadPoints reads the points of the Go test executable exe, built with
// -d=libfuzzer or -cover or both, with its symbol table and debug information.
//
// Files whose packages were built with -cover are exact. For others (tests,
// dependencies) each edge's spans are the statements on the straight path from
// its counter to the next branch. Edges whose code is not found have PC 0 and no
// spans; blocks without code have their function's address and are never hit.
// Points.Notes says what is missing.
func ReadPoints(ctx context.Context, exe string, config PointsConfig) (*coverage.Points, error) {
	e, err := openExecutable(exe, func(name string) bool {
		return wantedSymbols[name] || strings.Contains(name, ".goCover_")
	})
	if err != nil {
		return nil, err
	}
	defer e.Close()
	arch, err := architectureOf(e.file.Arch())
	if err != nil {
		return nil, fmt.Errorf("reading coverage points of %s: %w", exe, err)
	}
	r := &pointReader{exe: e, arch: arch, counters: e.region("internal/fuzz._counters", "internal/fuzz._ecounters"), cells: e.region("runtime.covctrs", "runtime.ecovctrs")}
	if r.counters.size() == 0 && r.cells.size() == 0 {
		return nil, fmt.Errorf("reading coverage points: %s is not instrumented: build with -gcflags=-d=libfuzzer or -cover", exe)
	}
	if err := r.scan(ctx); err != nil {
		return nil, err
	}
	packages, err := readPackages(e)
	if err != nil {
		return nil, err
	}
	covered := r.blocks.identify(packages)
	return r.assemble(newSources(config), packages, covered), nil
}

// wantedSymbols bound the counters and cells.
var wantedSymbols = map[string]bool{
	"internal/fuzz._counters":  true,
	"internal/fuzz._ecounters": true,
	"runtime.covctrs":          true,
	"runtime.ecovctrs":         true,
}

// region returns the addresses between two symbols; empty if one is missing.
func (e *executable) region(from, to string) addresses {
	lo, ok := e.symbol(from)
	hi, ok2 := e.symbol(to)
	if !ok || !ok2 || hi.Addr < lo.Addr {
		return addresses{}
	}
	return addresses{lo.Addr, hi.Addr}
}

func (a addresses) size() int { return int(a.hi - a.lo) }

// pointReader gathers what the code says about counters and cells.
type pointReader struct {
	exe             *executable
	arch            *architecture
	counters, cells addresses

	// funcs are the instrumented functions, sorted by address.
	funcs []debuginfo.Function
	// lines covers funcs.
	lines lineTable
	// edges has one entry for each edge counter.
	edges []edge
	// first is each of funcs' first edge by address, NoPoint if it has none.
	first []uint32
	// declaring holds the debug names of the files that declare funcs. Other files
	// have text in the code only because small functions were inlined; what is
	// known of them is too little to show.
	declaring map[string]bool
	blocks    cellTable
	// compares are the places of the comparisons, in the order of the code.
	compares []comparePlace
}

// scan decodes all functions that refer to counters or cells.
func (r *pointReader) scan(ctx context.Context) error {
	sections, err := r.exe.code()
	if err != nil {
		return err
	}
	r.mark(sections)
	if r.lines, err = r.exe.lines(r.funcs); err != nil {
		return err
	}
	r.edges = make([]edge, r.counters.size())
	r.first = make([]uint32, len(r.funcs))
	r.declaring = map[string]bool{}
	for _, f := range r.funcs {
		r.declaring[r.lines.at(f.Lo).file] = true
	}
	r.blocks = newCellTable(r.cells)
	trace := tracer{arch: r.arch, cells: r.cells, counters: r.counters, barriers: r.exe.entries("runtime.gcWriteBarrier"), hooks: r.exe.compareHooks()}
	body := machineCode{}
	for i, f := range r.funcs {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading coverage points of %s: %w", r.exe.path, err)
		}
		body.inst = body.inst[:0]
		for _, s := range sections {
			if code := s.bytes(f); code != nil {
				body.inst = r.arch.decode(code, f.Lo, body.inst)
			}
		}
		body.refs = trace.trace(body.inst)
		r.blocks.add(i, &body)
		r.first[i] = r.addEdges(i, &body)
		r.addCompareCalls(&body, trace.compares)
	}
	return nil
}

// mark sets r.funcs.
func (r *pointReader) mark(sections []codeSection) {
	marked := make([]bool, len(r.exe.funcs))
	at := 0
	hit := func(pc uint64) {
		if at < len(r.exe.funcs) && r.exe.funcs[at].Lo <= pc && pc < r.exe.funcs[at].Hi {
			marked[at] = true
			return
		}
		if i, ok := r.exe.functionAt(pc); ok {
			at = i
			marked[i] = true
		}
	}
	for _, s := range sections {
		for _, a := range []addresses{r.counters, r.cells} {
			if a.size() > 0 {
				r.arch.mark(s, a.lo, a.hi, hit)
			}
		}
	}
	for i, f := range r.exe.funcs {
		if marked[i] {
			r.funcs = append(r.funcs, f)
		}
	}
}

// assemble puts everything together.
func (r *pointReader) assemble(src *sources, packages []*coverPackage, covered []coveredFunc) *coverage.Points {
	p := &coverage.Points{Edges: len(r.edges)}
	for _, e := range r.edges {
		p.PCs = append(p.PCs, e.pc)
	}
	r.addBlocks(p, src, packages, covered)
	r.addEdgeSpans(p, src)
	r.addBranches(p, src)
	r.addCompares(p, src)
	r.addFuncs(p, src)
	p.ID = abi.CoverageID(p.PCs)
	p.Files = src.files
	slices.SortFunc(p.Spans, coverage.CompareSpans)
	p.Spans = slices.Compact(p.Spans)
	p.Notes = r.notes(src)
	return p
}

func (r *pointReader) addFuncs(p *coverage.Points, src *sources) {
	for i, f := range r.funcs {
		at := r.lines.at(f.Lo)
		if r.first[i] == coverage.NoPoint || at.line == 0 {
			continue
		}
		// Names share one string with all others of the symbol table.
		name := strings.Clone(f.Name)
		p.Funcs = append(p.Funcs, coverage.Func{Name: name, File: src.byDebugName(at.file), Line: at.line, Entry: f.Lo, First: r.first[i]})
	}
	slices.SortFunc(p.Funcs, func(a, b coverage.Func) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Entry, b.Entry))
	})
}

// notes describes what could not be found.
func (r *pointReader) notes(src *sources) []string {
	var out []string
	if n := countFunc(r.edges, func(e edge) bool { return e.pc == 0 }); n > 0 {
		out = append(out, fmt.Sprintf("%d of %d edge counters have no known place in the code", n, len(r.edges)))
	}
	if r.blocks.unidentified > 0 {
		out = append(out, fmt.Sprintf("%d block cells could not be identified; their lines are shown as never run", r.blocks.unidentified))
	}
	if n := countFunc(src.files, func(f coverage.File) bool { return f.Exact && f.SHA256 == "" }); n > 0 {
		out = append(out, fmt.Sprintf("%d covered source files were not found", n))
	}
	return out
}

func countFunc[T any](s []T, f func(T) bool) int {
	n := 0
	for _, v := range s {
		if f(v) {
			n++
		}
	}
	return n
}
