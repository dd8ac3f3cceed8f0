package clang

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target/machinecode"
)

// This file defines ReadPoints: what the instrumented points of a built target stand for.
//
// Clang 19 and newer count the regions of the source text beside the edges of the control
// flow, if they are told to. Such text is exact: regions.go, regionspans.go.
//
// Of other text, less is known. Clang writes a table with the address of each edge counter,
// which is where the basic block begins that it counts. What lines the block holds is in
// the line table. Blocks
// that do not count, which there are although every block of the compiler's counts (the
// checks of sanitizers are put in later) and many in targets that are compiled with
// pruning, are proved by those that do (package machinecode).

// PointsConfig tells whose the source is.
type PointsConfig struct {
	// Exe is the executable, whose regions the runtime knows; those of shared objects it
	// does not.
	Exe string
	// Own are directories of the user's own files, Foreign those in them that are not.
	Own, Foreign []string
}

// ReadPoints reads the points of a target, in all of its modules, from its description.
// The address of point p of module i is i<<48 plus its address in the module's file.
//
// Files with regions are exact. Of others, several points can stand for one line, as in
// templates and inlined functions. Points.Notes says what is missing.
func ReadPoints(ctx context.Context, d *executor.NativeDescription, config PointsConfig) (*coverage.Points, error) {
	p := &coverage.Points{Edges: len(d.PCs)}
	src := newSources(config)
	lines := machinecode.Proofs{}
	for i := range d.Modules {
		m := &d.Modules[i]
		for _, pc := range d.PCs[m.First : m.First+m.Count] {
			p.PCs = append(p.PCs, uint64(i)<<moduleShift|pc.PC)
		}
		if m.Path == "" {
			continue // counters that the target counts by itself stand for no code
		}
		config := machinecode.Config{Path: m.Path, Base: uint64(i) << moduleShift, NeverReturns: neverReturns, File: func(path string) (uint32, bool) { return src.file(path), true }}
		for k, pc := range d.PCs[m.First : m.First+m.Count] {
			config.Points = append(config.Points, machinecode.Point{PC: pc.PC, Number: uint32(m.First + k), Entry: pc.Func})
		}
		read, err := machinecode.Read(ctx, config, lines)
		if err != nil {
			return nil, fmt.Errorf("reading coverage points of %s: %w", m.Path, err)
		}
		p.Funcs = append(p.Funcs, read.Funcs...)
		p.Notes = append(p.Notes, read.Notes...)
	}
	if err := addRegions(p, d, src); err != nil {
		p.Notes = append(p.Notes, "which regions of the source ran is not known: "+err.Error())
	}
	p.ID = abi.CoverageID(p.PCs)
	src.read()
	p.Spans = src.trimSpans(p.Spans)
	p.Files = src.files
	for at, proof := range lines {
		if f := &src.files[at.File]; f.Exact || !holdsCode(f.Code, at.Line) {
			continue
		}
		for point := range proof.Points {
			p.Spans = append(p.Spans, coverage.Span{Point: point, File: at.File, StartLine: at.Line, EndLine: at.Line})
		}
	}
	slices.SortFunc(p.Spans, coverage.CompareSpans)
	slices.SortFunc(p.Funcs, func(a, b coverage.Func) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Entry, b.Entry))
	})
	return p, nil
}

// addRegions adds the regions of the executable.
func addRegions(p *coverage.Points, d *executor.NativeDescription, src *sources) error {
	module := slices.IndexFunc(d.Modules, func(m executor.NativeModule) bool { return isSameFile(m.Path, src.config.Exe) })
	if module < 0 {
		return nil
	}
	functions, cells, count, err := readRegions(src.config.Exe)
	if errors.Is(err, errNoRegions) {
		return nil
	}
	if err != nil {
		return err
	}
	src.regionPoints(p, uint64(module)<<moduleShift, functions, cells, count)
	return nil
}

// isSameFile reports whether two paths lead to one file.
func isSameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// moduleShift is where the module's number is in the address of a point. Addresses of
// user space have 47 bits.
const moduleShift = 48
