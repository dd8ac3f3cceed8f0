package zig

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/target/machinecode"
)

// This file defines readPoints: what the instrumented addresses of an executable stand for.
//
// Zig instruments the user's code together with the standard library, and 98 % of the
// points are the library's: of what panics, prints stack traces, reads files. They are kept,
// since the coverage file has them, but nothing counts or shows them. A point is the user's
// if its address is: what of the library is inlined into the user's code is not.
//
// The code of `test` blocks has points, too, but never counts: the fuzzer looks only at what
// runs in the function that a test gives to std.testing.fuzz.
//
// Zig puts a counter at the beginning of functions and of each way out of a condition. The
// lines of other code are proved by those (package machinecode).

// pointsConfig tells whose the source is.
type pointsConfig struct {
	// Exe is the executable, PCs its points.
	Exe string
	PCs []uint64
	// Unoptimized: it was built in Debug.
	Unoptimized bool
	// Tests are the names of all of its tests.
	Tests []string
	// Own is the directory of the user's files, Foreign directories that are not his: in it
	// the state's, and Zig's library.
	Own     string
	Foreign []string
}

// readPoints reads the points of an executable. Its files are not exact: several points can
// stand for one line.
func readPoints(ctx context.Context, config pointsConfig) (*coverage.Points, error) {
	p, err := newPoints(ctx, &config)
	if err != nil {
		return nil, fmt.Errorf("reading the points of %s: %w", config.Exe, err)
	}
	return p, nil
}

func newPoints(ctx context.Context, config *pointsConfig) (*coverage.Points, error) {
	file, err := debuginfo.Open(config.Exe)
	if err != nil {
		return nil, err
	}
	defer file.Close() // it was only read
	locations, err := locate(file, config.PCs)
	if err != nil {
		return nil, err
	}
	table := newFileTable(config)
	p := &coverage.Points{ID: abi.CoverageID(config.PCs), PCs: config.PCs, Edges: len(config.PCs), Counted: []uint32{}}
	var points []machinecode.Point
	outside := map[uint32]bool{}
	for i, pc := range config.PCs {
		function, ok := file.Function(pc)
		if !ok {
			continue // a placeholder: LLVM has removed the code
		}
		points = append(points, machinecode.Point{PC: pc, Number: uint32(i), Entry: pc == function.Lo})
		if slices.Contains(config.Tests, function.Name) {
			outside[uint32(i)] = true
			continue
		}
		if _, own := table.own(file.Path(locations[i].File)); own && locations[i].Line > 0 {
			p.Counted = append(p.Counted, uint32(i))
		}
	}
	proofs := machinecode.Proofs{}
	module, err := machinecode.Read(ctx, machinecode.Config{
		Path: config.Exe, Points: points, Counters: counters(file), Unoptimized: config.Unoptimized, Returned: true, NeverReturns: neverReturns, File: table.own,
	}, proofs)
	if err != nil {
		return nil, err
	}
	p.Funcs, p.Notes = module.Funcs, module.Notes
	p.Files = table.read()
	for at, proof := range proofs {
		if !isCode(p.Files[at.File].Code, at.Line) {
			continue
		}
		for point := range proof.Points {
			if outside[point] {
				continue
			}
			p.Spans = append(p.Spans, coverage.Span{Point: point, File: at.File, StartLine: at.Line, EndLine: at.Line, Unsure: proof.Unsure})
		}
	}
	slices.SortFunc(p.Spans, coverage.CompareSpans)
	slices.SortFunc(p.Funcs, func(a, b coverage.Func) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Entry, b.Entry))
	})
	return p, nil
}

// locate returns the location of each address, in the same order, as Zig's own source index
// has it.
func locate(file *debuginfo.File, pcs []uint64) ([]debuginfo.Location, error) {
	sorted, perm := debuginfo.Sort(pcs)
	found := make([]debuginfo.Location, len(sorted))
	if err := file.Resolve(sorted, found); err != nil {
		return nil, err
	}
	locations := make([]debuginfo.Location, len(pcs))
	for i, at := range perm {
		locations[at] = found[i]
	}
	return locations, nil
}

// counters returns where the counters of the points are.
func counters(file *debuginfo.File) debuginfo.Range {
	for _, s := range file.Sections() {
		if s.Name == countersSection {
			return debuginfo.Range{Lo: s.Addr, Hi: s.Addr + s.Size}
		}
	}
	return debuginfo.Range{}
}

// countersSection is the section with the counters, one byte for each point.
const countersSection = "__sancov_cntrs"

// neverReturns reports whether a function of Zig's runtime never returns, by its symbol.
func neverReturns(name string) bool {
	switch name {
	case "process.abort", "process.exit", "posix.abort", "posix.exit", "debug.defaultPanic", "abort", "exit", "_exit":
		return true
	}
	return strings.HasPrefix(name, "debug.FullPanic(") || strings.HasPrefix(name, "debug.panic")
}
