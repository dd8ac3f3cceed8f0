package coverage

import (
	"cmp"
	"math/bits"
	"slices"
)

// This file defines Tracker: the state of every line, kept up to date while
// points are hit.

// Tracker holds the states of all lines of a build, or of a merge of builds.
// Adding points costs time in proportion to their spans' lines and allocates
// nothing. It is not safe for concurrent use.
type Tracker struct {
	points *Points
	// files holds the lines of each file; line n is element n-1.
	files [][]Line
	// code tells which lines of a file count; nil if all do.
	code []bitset
	// hit holds the points hit so far.
	hit bitset
	// pieces holds, for each span, the first span of the same piece of code; ran holds
	// the first spans of the pieces that ran.
	pieces []uint32
	ran    bitset
	// spans and branches list, for each point, indexes into points.Spans and
	// points.Branches.
	spans, branches index
	adds            uint32
}

// Change names a line whose numbers or state changed.
type Change struct{ File, Line uint32 }

// bitset holds bit i in word i/64.
type bitset []uint64

func (b bitset) has(i uint32) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

// index maps a point to items: those of point p are items[start[p]:start[p+1]].
type index struct{ start, items []uint32 }

func (x *index) of(point uint32) []uint32 { return x.items[x.start[point]:x.start[point+1]] }

// newIndex groups the items 0 to n-1 by their points; pointOf may return NoPoint.
func newIndex(points, n int, pointOf func(i int) uint32) index {
	x := index{start: make([]uint32, points+2), items: make([]uint32, n)}
	for i := range n {
		if p := pointOf(i); p != NoPoint {
			x.start[p+2]++
		}
	}
	for p := 2; p < len(x.start); p++ {
		x.start[p] += x.start[p-1]
	}
	for i := range n {
		if p := pointOf(i); p != NoPoint {
			x.items[x.start[p+1]] = uint32(i)
			x.start[p+1]++
		}
	}
	x.start = x.start[:points+1]
	return x
}

// NewTracker returns a tracker of points that nothing has hit yet.
func NewTracker(p *Points) *Tracker {
	t := &Tracker{
		points:   p,
		files:    make([][]Line, len(p.Files)),
		code:     make([]bitset, len(p.Files)),
		hit:      newBitset(p.Len()),
		spans:    newIndex(p.Len(), len(p.Spans), func(i int) uint32 { return p.Spans[i].Point }),
		branches: newIndex(p.Len(), len(p.Branches), func(i int) uint32 { return p.Branches[i].Point }),
	}
	t.makeLines()
	t.findPieces()
	for i := range p.Spans {
		s := &p.Spans[i]
		if t.pieces[i] != uint32(i) {
			continue
		}
		for l := range t.counted(s) {
			if s.Unsure {
				t.files[s.File][l-1].Unsure = true
			} else {
				t.files[s.File][l-1].Points++
			}
		}
	}
	for _, b := range p.Branches {
		if t.branchCounts(b) {
			t.files[b.File][b.Line-1].Branches++
		}
	}
	for f := range t.files {
		exact := p.Files[f].Exact
		for l := range t.files[f] {
			t.files[f][l].update(exact)
		}
	}
	return t
}

// findPieces fills pieces.
func (t *Tracker) findPieces() {
	spans := t.points.Spans
	t.pieces, t.ran = make([]uint32, len(spans)), newBitset(len(spans))
	for i := range spans {
		t.pieces[i] = uint32(i)
		if i > 0 && t.points.Files[spans[i].File].Exact && spans[i].isTextOf(&spans[i-1]) {
			t.pieces[i] = t.pieces[i-1]
		}
	}
}

// States returns the states of all lines when the given points are hit: bit p%64
// of word p/64, as in a coverage file.
func States(p *Points, hit []uint64) *Tracker {
	t := NewTracker(p)
	t.AddBits(hit)
	return t
}

func (t *Tracker) makeLines() {
	last := make([]uint32, len(t.files))
	for i := range t.points.Spans {
		s := &t.points.Spans[i]
		last[s.File] = max(last[s.File], s.EndLine)
	}
	for _, b := range t.points.Branches {
		last[b.File] = max(last[b.File], b.Line)
	}
	for _, f := range t.points.Funcs {
		last[f.File] = max(last[f.File], f.Line)
	}
	for f, n := range last {
		t.files[f] = make([]Line, n)
		code := t.points.Files[f].Code
		if len(code) == 0 {
			continue
		}
		t.code[f] = newBitset(int(n) + 1)
		for _, r := range code {
			for l := r.First; l <= min(r.Last, n); l++ {
				t.code[f].set(l)
			}
		}
	}
}

// counted yields the lines on which a span counts: those with code, or its only
// line.
func (t *Tracker) counted(s *Span) func(yield func(uint32) bool) {
	return func(yield func(uint32) bool) {
		lines := s.lines()
		code := t.code[s.File]
		for l := lines.First; l <= lines.Last; l++ {
			counts := code == nil || lines.First == lines.Last || code.has(l)
			if counts && !yield(l) {
				return
			}
		}
	}
}

// branchCounts: in an exact file, conditions count only on lines that have spans.
func (t *Tracker) branchCounts(b Branch) bool {
	return !t.points.Files[b.File].Exact || t.files[b.File][b.Line-1].Points > 0
}

// Points returns what the tracker was made of.
func (t *Tracker) Points() *Points { return t.points }

// Lines returns the lines of a file, line n at index n-1, up to the last line
// with a point. The caller must not change them.
func (t *Tracker) Lines(file int) []Line { return t.files[file] }

// Hit reports whether a point was hit.
func (t *Tracker) Hit(point uint32) bool {
	return int(point) < t.points.Len() && t.hit.has(point)
}

// Add marks points as hit and appends the lines that changed to dst, each once,
// sorted by file and line. Points hit before or out of range are ignored.
func (t *Tracker) Add(points []uint32, dst []Change) []Change {
	t.adds++
	from := len(dst)
	for _, p := range points {
		dst = t.add(p, dst)
	}
	slices.SortFunc(dst[from:], func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return dst
}

// AddBits marks the points of a bit set as hit.
func (t *Tracker) AddBits(hit []uint64) {
	t.adds++
	var changes []Change
	for i, w := range hit {
		for ; w != 0; w &= w - 1 {
			changes = t.add(uint32(i*64+bits.TrailingZeros64(w)), changes[:0])
		}
	}
}

func (t *Tracker) add(point uint32, dst []Change) []Change {
	if int(point) >= t.points.Len() || t.hit.has(point) {
		return dst
	}
	t.hit.set(point)
	for _, i := range t.spans.of(point) {
		piece := t.pieces[i]
		if t.ran.has(piece) {
			continue
		}
		t.ran.set(piece)
		s := &t.points.Spans[piece]
		for l := range t.counted(s) {
			t.files[s.File][l-1].Hit++
			dst = t.changed(s.File, l, dst)
		}
	}
	for _, i := range t.branches.of(point) {
		b := t.points.Branches[i]
		if t.branchCounts(b) {
			t.files[b.File][b.Line-1].BranchesHit++
			dst = t.changed(b.File, b.Line, dst)
		}
	}
	return dst
}

func (t *Tracker) changed(file, line uint32, dst []Change) []Change {
	l := &t.files[file][line-1]
	l.update(t.points.Files[file].Exact)
	if l.stamp == t.adds {
		return dst
	}
	l.stamp = t.adds
	return append(dst, Change{file, line})
}

// MarkEntry marks the line of the function with that entry address as an entry
// point. It reports false if no function with points starts there.
func (t *Tracker) MarkEntry(entry uint64) (Change, bool) {
	f, ok := t.points.FuncAt(entry)
	if !ok {
		return Change{}, false
	}
	t.files[f.File][f.Line-1].Entry = true
	return Change{f.File, f.Line}, true
}

// MarkEntryLine marks a line as an entry point: merged points have no addresses. It
// reports false if there is no such line.
func (t *Tracker) MarkEntryLine(path string, line uint32) bool {
	i := slices.IndexFunc(t.points.Files, func(f File) bool { return f.Path == path })
	if i < 0 || line == 0 || int(line) > len(t.files[i]) {
		return false
	}
	t.files[i][line-1].Entry = true
	return true
}
