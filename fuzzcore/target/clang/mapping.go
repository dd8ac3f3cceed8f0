package clang

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// This file decodes the mapping of one function: numbers in LEB128 that stand for regions
// and for the counters that count them ("LLVM Code Coverage Mapping Format", Encoding).

// errBadMapping means that a mapping is cut off or refers to what is not there.
var errBadMapping = errors.New("the coverage mapping is damaged")

// ulebReader reads unsigned LEB128 numbers. After an error, all numbers are 0.
type ulebReader struct {
	data []byte
	bad  bool
}

func (r *ulebReader) next() uint64 {
	var n uint64
	for shift := 0; shift < 64; shift += 7 {
		if len(r.data) == 0 {
			break
		}
		b := r.data[0]
		r.data = r.data[1:]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

// count reads the number of things that follow, which take at least a byte each.
func (r *ulebReader) count() int {
	n := r.next()
	if n > uint64(len(r.data)) {
		r.bad = true
		return 0
	}
	return int(n)
}

// maxNames bounds the uncompressed size of the names of files of one unit: a unit with
// thousands of headers has some hundred KiB.
const maxNamesSize = 64 << 20

// fileNames decodes the names of the files of a translation unit: their number, their
// size, their compressed size or 0, and for each its length and text. The first is the
// directory of the compilation, which the others are relative to.
func fileNames(blob []byte) ([]string, error) {
	in := ulebReader{data: blob}
	number, size, packed := in.next(), in.next(), in.next()
	if in.bad || size > maxNamesSize || packed > uint64(len(in.data)) {
		return nil, errBadMapping
	}
	if packed > 0 {
		z, err := zlib.NewReader(bytes.NewReader(in.data[:packed]))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBadMapping, err)
		}
		if in.data, err = io.ReadAll(io.LimitReader(z, int64(size))); err != nil {
			return nil, fmt.Errorf("%w: %w", errBadMapping, err)
		}
	}
	var names []string
	for range number {
		n := in.count()
		if in.bad {
			return nil, errBadMapping
		}
		name := string(in.data[:n])
		in.data = in.data[n:]
		if len(names) > 0 && name != "" && !filepath.IsAbs(name) {
			name = filepath.Join(names[0], name)
		}
		names = append(names, filepath.Clean(name))
	}
	return names, nil
}

// mappingReader decodes one mapping.
type mappingReader struct {
	in ulebReader
	// names are those of the unit.
	names []string
	// expressions are pairs of encoded counters.
	expressions [][2]uint64
}

// Tags of encoded counters, in their lowest two bits.
const (
	tagZero = iota
	tagCounter
	tagSubtract
	tagAdd
)

// read returns the function, without its first cell.
func (m *mappingReader) read() (*countedFunc, error) {
	f := &countedFunc{}
	for range m.in.count() {
		i := m.in.next()
		if i >= uint64(len(m.names)) {
			return nil, fmt.Errorf("%w: file %d of %d", errBadMapping, i, len(m.names))
		}
		f.files = append(f.files, m.names[i])
	}
	for range m.in.count() {
		m.expressions = append(m.expressions, [2]uint64{m.in.next(), m.in.next()})
	}
	for file := range f.files {
		line := uint64(0)
		for range m.in.count() {
			if err := m.region(f, file, &line); err != nil {
				return nil, err
			}
		}
	}
	if m.in.bad {
		return nil, errBadMapping
	}
	return f, nil
}

// gapBit marks, in the end column of a region, a gap.
const gapBit = 1 << 31

// region reads one region of a file. line is the line of the region before it.
func (m *mappingReader) region(f *countedFunc, file int, line *uint64) error {
	head := m.in.next()
	r := region{file: file, kind: regionCode}
	branch := false
	switch tag := head & 3; {
	case tag != tagZero:
		r.counters = m.counters(head)
	case head>>2&1 != 0:
		r.kind, r.expands = regionExpansion, int(head>>3)
		if r.expands >= len(f.files) {
			return fmt.Errorf("%w: an expansion of file %d", errBadMapping, r.expands)
		}
	default:
		switch kind := head >> 3; kind {
		case 0: // code that never runs
		case 2:
			r.kind = regionSkipped
		case 4:
			branch = true
			m.in.next()
			m.in.next()
		case 5: // a decision of MC/DC: its bitmap and its number of conditions
			branch = true
			m.in.next()
			m.in.next()
		case 6: // a branch of MC/DC: two counters, and three numbers of conditions
			branch = true
			for range 5 {
				m.in.next()
			}
		default:
			return fmt.Errorf("%w: a region of kind %d", errBadMapping, kind)
		}
	}
	*line += m.in.next()
	startCol, lines, endCol := m.in.next(), m.in.next(), m.in.next()
	if endCol&gapBit != 0 {
		endCol &^= gapBit
		r.kind = regionGap
	}
	if startCol == 0 && endCol == 0 { // the whole of its lines
		startCol, endCol = 1, 1<<31-1
	}
	const most = 1 << 31
	if *line >= most || lines >= most || startCol >= most || endCol >= most {
		return errBadMapping
	}
	r.start = position{uint32(*line), uint32(startCol)}
	r.end = position{uint32(*line + lines), uint32(endCol)}
	if !branch {
		f.regions = append(f.regions, r)
	}
	return nil
}

// counters returns the counters in an encoded expression. It is a sum, which is not 0 if
// one of them is not; where counters are bytes, nothing is subtracted.
func (m *mappingReader) counters(encoded uint64) []int {
	var out []int
	seen := map[int]bool{} // expressions share parts
	for queue := []uint64{encoded}; len(queue) > 0; {
		encoded := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		rest := int(encoded >> 2)
		switch encoded & 3 {
		case tagCounter:
			out = append(out, rest)
		case tagAdd:
			if rest >= len(m.expressions) {
				m.in.bad = true
				return nil
			}
			if !seen[rest] {
				seen[rest] = true
				queue = append(queue, m.expressions[rest][0], m.expressions[rest][1])
			}
		case tagSubtract:
			m.in.bad = true
			return nil
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
