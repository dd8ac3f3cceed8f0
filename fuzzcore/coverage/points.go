package coverage

// This file defines Points: what the points of one build stand for.

// Points describes the instrumented points of one build, in the order of its
// coverage file. Its maker is the builder of a language; it is stored beside
// the coverage file, so that coverage can be shown from the files alone.
type Points struct {
	// ID is the coverage id: abi.CoverageID(PCs).
	ID uint64 `json:"id"`
	// PCs holds the address of each point, unslid, in coverage-file order.
	PCs []uint64 `json:"pcs"`
	// Edges is how many points are edge counters: points [0, Edges). The others
	// are source blocks.
	Edges int `json:"edges"`
	// Cells maps block point Edges+i to the index of its u32 cell in the target's
	// block-counter region.
	Cells []uint32 `json:"cells,omitempty"`
	// Files are the source files that Spans refer to.
	Files []File `json:"files"`
	// Spans tells which source text ran if a point was hit, sorted by file, start
	// line, start column, point.
	Spans []Span `json:"spans"`
	// Branches are the edges that leave a condition, sorted by file, line, point.
	Branches []Branch `json:"branches,omitempty"`
	// Funcs are the functions that hold points, sorted by file and line.
	Funcs []Func `json:"funcs,omitempty"`
}

// File is one source file of a build.
type File struct {
	// Path is where the file was when it was built, absolute.
	Path string `json:"path"`
	// Profile is the name that the language's own coverage tool gives the file
	// ("example.com/mod/pkg/file.go" for Go).
	Profile string `json:"profile"`
	// Own: the file belongs to the user's module or workspace, not a dependency.
	Own bool `json:"own"`
	// Exact: every statement of the file has a span of a block point, so a line
	// without any span is not instrumented and a line with spans is fully known.
	// Otherwise spans are a lower bound: what is shown covered ran, what is not
	// may have.
	Exact bool `json:"exact"`
	// SHA256 is the hex digest of the file's text at build time; "" if unknown.
	SHA256 string `json:"sha256,omitempty"`
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
}

// Branch is an edge point that is one way out of the condition at File:Line.
type Branch struct {
	Point uint32 `json:"p"`
	File  uint32 `json:"f"`
	Line  uint32 `json:"l"`
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
