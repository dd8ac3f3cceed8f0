package coverage

import (
	"cmp"
	"slices"
)

// This file defines Points: what the points of one build stand for.

// NoPoint is the point of source text that has none: it is not in the
// executable (the linker dropped it), so it cannot run.
const NoPoint = ^uint32(0)

// Points describes the instrumented points of one build, in the order of its
// coverage file. Its maker is the builder of a language; it is stored beside
// the coverage file, so that coverage can be shown from the files alone.
type Points struct {
	// ID is the coverage id: abi.CoverageID(PCs).
	ID uint64 `json:"id"`
	// PCs holds the address of each point, unslid, in coverage-file order. They are
	// neither sorted nor distinct; 0 means that no code was found for an edge.
	PCs []uint64 `json:"pcs"`
	// Edges is how many points are edge counters: points [0, Edges). The others
	// are source blocks.
	Edges int `json:"edges"`
	// Cells maps block point Edges+i to the index of its u32 cell in the target's
	// block-counter region. Ascending.
	Cells []uint32 `json:"cells,omitempty"`
	// Files are the source files that Spans refer to.
	Files []File `json:"files"`
	// Spans tells which source text ran if a point was hit, sorted by file, start
	// line, start column, end, point. In an exact file, spans of one text are one piece of
	// code that several points stand for, as in instances of a template: any of them
	// proves that it ran.
	Spans []Span `json:"spans"`
	// Branches are the edges that leave a condition, sorted by file, line, point.
	Branches []Branch `json:"branches,omitempty"`
	// Compares are the comparisons whose operands runs record, sorted by site; no site
	// occurs twice.
	Compares []CompareSite `json:"compares,omitempty"`
	// Funcs are the functions that hold points, sorted by file, line, entry.
	Funcs []Func `json:"funcs,omitempty"`
	// Counted are the points that figures count, ascending; nil means all. The builder of a
	// language sets it whose compiler instruments libraries together with the user's code:
	// the others are theirs, and have no spans.
	Counted []uint32 `json:"counted,omitzero"`
	// Merged is the number of points if they are a merge's, which have no PCs.
	Merged int `json:"-"`
	// Notes tells a person what is missing from the points and why.
	Notes []string `json:"notes,omitempty"`
}

// Len is the number of points.
func (p *Points) Len() int { return len(p.PCs) + p.Merged }

// Total is the number of points that figures count.
func (p *Points) Total() int {
	if p.Counted == nil {
		return p.Len()
	}
	return len(p.Counted)
}

// Mask returns the points that figures count as a bit set, as a coverage file has it; nil
// means all.
func (p *Points) Mask() []uint64 { return MaskOf(p.Counted, p.Len()) }

// MaskOf returns counted, ascending numbers of n points, as a bit set: bit p%64 of word
// p/64. Of nil it is nil, which means all; numbers from n on are left out.
func MaskOf(counted []uint32, n int) []uint64 {
	if counted == nil {
		return nil
	}
	mask := newBitset(n)
	for _, point := range counted {
		if int(point) < n {
			mask.set(point)
		}
	}
	return mask
}

// CompareSpans orders spans as Points.Spans is ordered.
func CompareSpans(a, b Span) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.StartLine, b.StartLine), cmp.Compare(a.StartCol, b.StartCol),
		cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndCol, b.EndCol), cmp.Compare(a.Point, b.Point))
}

// File is one source file of a build.
type File struct {
	// Path is where the file was when it was built, absolute if that is known.
	Path string `json:"path"`
	// Profile is the name that the language's own coverage tool gives the file
	// ("example.com/mod/pkg/file.go" for Go); "" if it does not cover the file.
	Profile string `json:"profile,omitempty"`
	// Own: the file belongs to the user's module or workspace, not a dependency.
	Own bool `json:"own,omitempty"`
	// Exact: every statement of the file has a span of a block point, so a line
	// without any span is not instrumented and a line with spans is fully known.
	// Otherwise spans are a lower bound: what is shown covered ran, what is not
	// may have.
	Exact bool `json:"exact,omitempty"`
	// SHA256 is the hex digest of the file's text at build time; "" if unknown.
	SHA256 string `json:"sha256,omitempty"`
	// Code lists the lines with text of their own: not blank, not only comments,
	// brackets and commas. Ascending and disjoint; empty if unknown, then every
	// line counts.
	Code []Lines `json:"code,omitempty"`
}

// Lines is the range of lines [First, Last], 1-based.
type Lines struct {
	First uint32 `json:"a"`
	Last  uint32 `json:"b"`
}

// Span is a piece of source text that has run if its point was hit. Lines and
// columns are 1-based, columns count bytes, the end is exclusive; column 0 means
// unknown: then the span is the whole of its lines.
type Span struct {
	Point     uint32 `json:"p"`
	File      uint32 `json:"f"`
	StartLine uint32 `json:"l"`
	StartCol  uint32 `json:"c,omitempty"`
	EndLine   uint32 `json:"m"`
	EndCol    uint32 `json:"d,omitempty"`
	// Stmts is the number of statements in the span, 0 if unknown.
	Stmts uint32 `json:"s,omitempty"`
	// First and Last are the span's outermost lines on which it has text of its own
	// (a block from one brace to another does not count on their lines); 0 if
	// unknown, then they are StartLine and EndLine.
	First uint32 `json:"a,omitempty"`
	Last  uint32 `json:"b,omitempty"`
	// Unsure: the text may have run though the point was not hit, since some of its code
	// is not counted. Until it was hit, nothing is known of the text.
	Unsure bool `json:"u,omitempty"`
}

// lines returns the lines on which the span counts.
func (s *Span) lines() Lines {
	if s.First == 0 {
		return Lines{s.StartLine, s.EndLine}
	}
	return Lines{s.First, s.Last}
}

// isTextOf reports whether both spans are of the same text.
func (s *Span) isTextOf(o *Span) bool {
	return s.File == o.File && s.StartLine == o.StartLine && s.StartCol == o.StartCol && s.EndLine == o.EndLine && s.EndCol == o.EndCol
}

// Branch is an edge point that is one way out of the condition at File:Line.
type Branch struct {
	Point uint32 `json:"p"`
	File  uint32 `json:"f"`
	Line  uint32 `json:"l"`
}

// CompareSite is a comparison: Site is abi.Compare.Site of the records that runs make of
// it. A line can have many, also for one operator: a string is compared in pieces.
type CompareSite struct {
	Site uint32 `json:"s"`
	File uint32 `json:"f"`
	Line uint32 `json:"l"`
}

// Func is one function with points.
type Func struct {
	Name  string `json:"name"`
	File  uint32 `json:"f"`
	Line  uint32 `json:"l"`
	Entry uint64 `json:"entry"`
	// First is the index of the function's first edge point, by address.
	First uint32 `json:"first"`
}

// FuncAt returns the function whose code starts at the given address. The entry
// point of a fuzz test is the first edge of the function it passes to Fuzz.
func (p *Points) FuncAt(entry uint64) (*Func, bool) {
	i := slices.IndexFunc(p.Funcs, func(f Func) bool { return f.Entry == entry })
	if i < 0 {
		return nil, false
	}
	return &p.Funcs[i], true
}
