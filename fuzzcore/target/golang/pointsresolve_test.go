package golang

import (
	"path/filepath"
	"testing"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
)

// This file defines checkResolved, a part of TestReadPoints.

// checkResolved: whoever has only the addresses of the points, such as an editor,
// finds a file and line for each of them with debuginfo. That of a block is in the
// block's own file; its line can be that of a block before it, because the
// compiler joins the stores of neighbouring cells.
func checkResolved(t *testing.T, exe string, p *coverage.Points) {
	t.Helper()
	f, err := debuginfo.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sorted, perm := debuginfo.Sort(p.PCs)
	locations := make([]debuginfo.Location, len(sorted))
	if err := f.Resolve(sorted, locations); err != nil {
		t.Fatal(err)
	}
	places := make([]debuginfo.Location, len(p.PCs)) // by point
	for i, l := range locations {
		places[perm[i]] = l
		if f.Path(l.File) == "" || l.Line == 0 {
			t.Errorf("point %d of %d edges and %d blocks, at %#x, is at %q:%d", perm[i], p.Edges, len(p.Cells), sorted[i], f.Path(l.File), l.Line)
		}
	}
	for _, s := range p.Spans {
		if s.Point == coverage.NoPoint || int(s.Point) < p.Edges {
			continue
		}
		got, want := f.Path(places[s.Point].File), p.Files[s.File].Path
		if filepath.Base(got) != filepath.Base(want) {
			t.Errorf("block %d, at %#x, is in %s, want %s", s.Point, p.PCs[s.Point], got, want)
		}
	}
}
