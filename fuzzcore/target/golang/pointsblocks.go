package golang

import (
	"slices"
	"strings"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file finds out which cell belongs to which source block.
//
// A function's counter variable is an array of u32: the number of its blocks,
// its package's id, its id in the package, then one cell for each block. The
// function stores the first three at its entry, wherever it was inlined too:
//
//	MOVL $13, base(IP)
//	MOVL PKG.goCover_<hash>_P(SB), DX
//	MOVL DX, base+4(IP)
//	MOVQ $0x100000005, DX             // function 5, and block 0 ran
//	MOVQ DX, base+8(IP)
//
// The package's id is the only thing that is loaded from such a symbol and
// stored into the region, so that store marks base+4.

// cell is what the code does with one u32 of the region.
type cell struct {
	// pc is the lowest instruction that refers to the cell, 0 if none does.
	pc uint64
	// stored is a constant or loaded value stored into it.
	stored value
	// sites counts the instructions that store into it, and fn is the index of the
	// function that holds the last one.
	sites int
	fn    int
}

// cellTable gathers cells while functions are scanned.
type cellTable struct {
	region addresses
	cells  []cell
	// unidentified counts the cells that code refers to and whose function is not
	// known; set by identify.
	unidentified int
}

func newCellTable(region addresses) cellTable {
	return cellTable{region: region, cells: make([]cell, region.size()/4)}
}

// add notes the references of function number fn.
func (t *cellTable) add(fn int, body *machineCode) {
	for _, ref := range body.refs {
		if !t.region.holds(ref.addr) {
			continue
		}
		pc := body.inst[ref.inst].pc
		for k := 0; k == 0 || k < int(ref.width)/4; k++ {
			i := int(ref.addr-t.region.lo)/4 + k
			if i >= len(t.cells) {
				break
			}
			t.note(&t.cells[i], fn, pc, ref, k)
		}
	}
}

// note records the k-th word of a reference.
func (t *cellTable) note(c *cell, fn int, pc uint64, ref reference, k int) {
	if c.pc == 0 || pc < c.pc {
		c.pc = pc
	}
	if ref.access != accessStore {
		return
	}
	c.sites++
	c.fn = fn
	v := ref.value
	switch {
	case v.kind == constant:
		c.stored = value{constant, uint64(uint32(v.n >> (32 * (k & 1))))}
	case v.kind == loaded && k == 0 && ref.width == 4:
		c.stored = v
	}
}

// coveredFunc is one source function with code: its cells begin at index base
// of the region.
type coveredFunc struct {
	pkg, fn int
	// base is the index of its first block's cell.
	base int
}

// readPackages decodes the meta-data of all covered packages, sorted by path.
func readPackages(e *executable) ([]*coverPackage, error) {
	var out []*coverPackage
	for _, s := range e.named {
		name, ok := strings.CutSuffix(s.Name, "_M")
		if !ok || !strings.Contains(name, ".goCover_") {
			continue
		}
		blob, err := e.data(s)
		if err != nil {
			return nil, err
		}
		p, err := decodeMeta(blob)
		if err != nil {
			return nil, err
		}
		if id, ok := e.symbol(name + "_P"); ok {
			p.id = id.Addr
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b *coverPackage) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

// identify finds the functions that own the cells, in the order of their cells.
func (t *cellTable) identify(packages []*coverPackage) []coveredFunc {
	byID := map[uint64]int{}
	for i, p := range packages {
		byID[p.id] = i
	}
	var out []coveredFunc
	seen := map[[2]int]bool{}
	for i := 1; i+1 < len(t.cells); i++ {
		v := t.cells[i].stored
		if v.kind != loaded {
			continue
		}
		pkg, ok := byID[v.n]
		if !ok {
			continue
		}
		fn, ok := t.function(packages[pkg], i-1)
		if !ok || seen[[2]int{pkg, fn}] {
			continue
		}
		seen[[2]int{pkg, fn}] = true
		out = append(out, coveredFunc{pkg, fn, i - 1 + counterHeader})
		i += 1 + len(packages[pkg].funcs[fn].blocks)
	}
	t.unidentified = t.strays(packages, out)
	return out
}

// strays counts the cells that code refers to but no function owns.
func (t *cellTable) strays(packages []*coverPackage, owners []coveredFunc) int {
	n, at := 0, 0
	count := func(to int) {
		for ; at < to; at++ {
			if t.cells[at].pc != 0 {
				n++
			}
		}
	}
	for _, f := range owners {
		count(f.base - counterHeader)
		at = f.base + len(packages[f.pkg].funcs[f.fn].blocks)
	}
	count(len(t.cells))
	return n
}

// function returns the index of the function whose header is at index base: the
// meta-data must agree with the number of blocks that the code stores.
func (t *cellTable) function(p *coverPackage, base int) (int, bool) {
	count, id := t.cells[base].stored, t.cells[base+2].stored
	if count.kind != constant || id.kind != constant || id.n >= uint64(len(p.funcs)) {
		return 0, false
	}
	blocks := len(p.funcs[id.n].blocks)
	ok := uint64(blocks) == count.n && base+counterHeader+blocks <= len(t.cells)
	return int(id.n), ok
}

// addBlocks appends the block points and the spans of all covered packages.
func (r *pointReader) addBlocks(p *coverage.Points, src *sources, packages []*coverPackage, covered []coveredFunc) {
	alive := map[[2]int]bool{}
	for _, f := range covered {
		alive[[2]int{f.pkg, f.fn}] = true
		meta := &packages[f.pkg].funcs[f.fn]
		header := r.blocks.cells[f.base-counterHeader].pc
		file := src.byProfile(meta.file, r.lines.at(header).file)
		for i, b := range meta.blocks {
			point := uint32(len(p.PCs))
			pc := r.blocks.cells[f.base+i].pc
			if pc == 0 {
				pc = header
			}
			p.PCs = append(p.PCs, pc)
			p.Cells = append(p.Cells, uint32(f.base+i))
			p.Spans = append(p.Spans, src.span(point, file, b))
		}
	}
	// Functions without cells are not in the executable: their text never runs.
	for i, pkg := range packages {
		for k, f := range pkg.funcs {
			if alive[[2]int{i, k}] {
				continue
			}
			file := src.byProfile(f.file, "")
			for _, b := range f.blocks {
				p.Spans = append(p.Spans, src.span(coverage.NoPoint, file, b))
			}
		}
	}
}
