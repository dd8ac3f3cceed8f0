package golang

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// This file reads a package's coverage meta-data: the blob that `go build
// -cover` puts into the symbol PKG.goCover_<hash>_M. Layout: Go's
// internal/coverage (defs.go, decodemeta, stringtab), unchanged from 1.20 to 1.26.

// metaHeaderSize is the size of the blob's fixed header: length, package name,
// package path and module path (u32 each; the latter are string indexes), a
// 16-byte hash, 4 unused bytes, number of files, number of functions (u32 each).
const metaHeaderSize = 44

// counterHeader is how many u32 words precede a function's block cells in its
// counter variable: number of cells, package id, function id.
const counterHeader = 3

// coverPackage is the decoded meta-data of one package.
type coverPackage struct {
	// id is the address of the variable that holds the package's id at run time,
	// PKG.goCover_<hash>_P; set by readPackages, 0 if there is none.
	id    uint64
	path  string
	funcs []coverFunc
}

// coverFunc is one source function: its blocks in cell order.
type coverFunc struct {
	name string
	// file is the profile name of its file: "example.com/mod/pkg/file.go".
	file string
	// literal: a function literal outside of any function.
	literal bool
	blocks  []coverBlock
}

// coverBlock is one block of straight-line source: lines and columns are
// 1-based, the end is exclusive.
type coverBlock struct {
	startLine, startCol, endLine, endCol, stmts uint32
}

// errMeta is the cause of every failure to decode: the offset read last did not
// make sense.
var errMeta = errors.New("truncated or of an unknown layout")

// decodeMeta decodes a meta-data blob.
func decodeMeta(blob []byte) (*coverPackage, error) {
	if len(blob) < metaHeaderSize {
		return nil, fmt.Errorf("coverage meta-data: %d bytes, want at least %d: %w", len(blob), metaHeaderSize, errMeta)
	}
	length := binary.LittleEndian.Uint32(blob)
	if uint64(length) > uint64(len(blob)) || length < metaHeaderSize {
		return nil, fmt.Errorf("coverage meta-data: says %d bytes, has %d: %w", length, len(blob), errMeta)
	}
	blob = blob[:length]
	count := binary.LittleEndian.Uint32(blob[40:])
	if uint64(count) > uint64(len(blob)-metaHeaderSize)/4 {
		return nil, fmt.Errorf("coverage meta-data: %d functions in %d bytes: %w", count, len(blob), errMeta)
	}
	table := metaReader{data: blob, at: metaHeaderSize + 4*int(count)}
	texts := table.strings()
	if table.bad {
		return nil, fmt.Errorf("coverage meta-data: string table: %w", errMeta)
	}
	p := &coverPackage{funcs: make([]coverFunc, count)}
	path := binary.LittleEndian.Uint32(blob[8:])
	if uint64(path) >= uint64(len(texts)) {
		return nil, fmt.Errorf("coverage meta-data: package path: %w", errMeta)
	}
	p.path = texts[path]
	// Functions do not share their encodings and a block takes at least five bytes.
	budget := len(blob) / 5
	for i := range p.funcs {
		offset := binary.LittleEndian.Uint32(blob[metaHeaderSize+4*i:])
		if uint64(offset) > uint64(len(blob)) {
			return nil, fmt.Errorf("coverage meta-data of %s: function %d: %w", p.path, i, errMeta)
		}
		r := metaReader{data: blob, at: int(offset)}
		p.funcs[i] = r.function(texts, budget)
		budget -= len(p.funcs[i].blocks)
		if r.bad {
			return nil, fmt.Errorf("coverage meta-data of %s: function %d: %w", p.path, i, errMeta)
		}
	}
	return p, nil
}

// metaReader reads ULEB128 numbers and strings; bad is set once, for good, by
// the first read that fails.
type metaReader struct {
	data []byte
	at   int
	bad  bool
}

func (r *metaReader) number() uint64 {
	if r.bad || r.at > len(r.data) {
		r.bad = true
		return 0
	}
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.at += n
	return v
}

// word reads a number that has to fit 32 bits.
func (r *metaReader) word() uint32 {
	v := r.number()
	if v > 1<<32-1 {
		r.bad = true
		return 0
	}
	return uint32(v)
}

func (r *metaReader) strings() []string {
	count := r.number()
	// An entry takes at least one byte, so a larger count is a lie.
	if r.bad || count > uint64(len(r.data)-r.at) {
		r.bad = true
		return nil
	}
	out := make([]string, count)
	for i := range out {
		n := r.number()
		if r.bad || n > uint64(len(r.data)-r.at) {
			r.bad = true
			return nil
		}
		out[i] = string(r.data[r.at : r.at+int(n)])
		r.at += int(n)
	}
	return out
}

// function reads one function of at most budget blocks.
func (r *metaReader) function(texts []string, budget int) coverFunc {
	count, name, file := r.number(), r.number(), r.number()
	if r.bad || count > uint64(budget) || name >= uint64(len(texts)) || file >= uint64(len(texts)) {
		r.bad = true
		return coverFunc{}
	}
	f := coverFunc{name: texts[name], file: texts[file], blocks: make([]coverBlock, count)}
	for i := range f.blocks {
		f.blocks[i] = coverBlock{r.word(), r.word(), r.word(), r.word(), r.word()}
	}
	f.literal = r.number() != 0
	return f
}
