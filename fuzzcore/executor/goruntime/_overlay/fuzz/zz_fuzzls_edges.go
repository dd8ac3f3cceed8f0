package fuzz

import (
	"math/bits"
	"unsafe"
)

// This file judges a run by its edge counters: in one pass they are counted,
// hashed, put into buckets, compared with the seen map and cleared. With AVX2, 32
// counters are handled at a time (zz_fuzzls_edges_amd64.s); otherwise eight, as
// the bytes of a word.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
	// pathFactor is an odd number without a pattern.
	pathFactor = 0x9fb21c651e98df25
)

// verdict is what the counters say about a run.
type verdict struct {
	edges uint32
	path  uint64
	new   bool
}

// judge judges and clears the counters. Only a run that is to teach something
// (learn) changes the seen map; rejected and failing runs do not, so that what
// they hit is still new to a run that passes. seen must be as long as counters.
//
//go:norace
func judge(counters, seen []byte, learn bool) verdict {
	v := verdict{path: pathFactor}
	first := 0 // number of the first counter not yet judged
	if blocks := len(counters) / 32; haveAVX2 && blocks > 0 {
		edges, path, isNew := judgeAVX2(&counters[0], &seen[0], uint64(blocks), learn, v.path)
		v = verdict{uint32(edges), path, isNew}
		first = blocks * 32
	}
	if words := (len(counters) - first) / 8; words > 0 {
		v.judgeWords(first,
			unsafe.Slice((*uint64)(unsafe.Pointer(&counters[first])), words),
			unsafe.Slice((*uint64)(unsafe.Pointer(&seen[first])), words), learn)
		first += words * 8
	}
	if first < len(counters) {
		v.judgeRest(first, counters[first:], seen[first:], learn)
	}
	return v
}

// judgeWords judges counters eight at a time; first is the number of the first.
//
//go:norace
func (v *verdict) judgeWords(first int, counters, seen []uint64, learn bool) {
	edges, path, isNew := v.edges, v.path, v.new
	seen = seen[:len(counters)]
	for i, w := range counters {
		if w == 0 {
			continue
		}
		counters[i] = 0
		hit, bucket := w<<7, w
		if w&^ones != 0 {
			hit, bucket = nonzero(w), buckets(w)
		}
		edges += uint32(bits.OnesCount64(hit))
		path = mixPath(path, hit^uint64(first+i))
		if learn && bucket&^seen[i] != 0 {
			seen[i] |= bucket
			isNew = true
		}
	}
	v.edges, v.path, v.new = edges, path, isNew
}

// judgeRest judges the last counters, fewer than eight.
//
//go:norace
func (v *verdict) judgeRest(first int, counters, seen []byte, learn bool) {
	var w, s [8]byte
	copy(w[:], counters)
	copy(s[:], seen)
	clear(counters)
	v.judgeWords(first, (*[1]uint64)(unsafe.Pointer(&w))[:], (*[1]uint64)(unsafe.Pointer(&s))[:], learn)
	copy(seen[:len(counters)], s[:])
}

// mixPath adds the edges hit in one word. Multiplying carries differences up,
// rotating brings them down again.
func mixPath(path, hit uint64) uint64 {
	return bits.RotateLeft64((path^hit)*pathFactor, 29)
}

// nonzero returns 0x80 for each byte of w that is not 0.
func nonzero(w uint64) uint64 {
	return (w&^highs + ^uint64(highs) | w) & highs
}

// buckets maps each byte of w, a hit count, to its bucket as a single bit, in the
// buckets of AFL: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128-255.
func buckets(w uint64) uint64 {
	// bN is bit N of each byte; top is set where a higher bucket has been chosen.
	b0, b1, b2, b3 := w&ones, w>>1&ones, w>>2&ones, w>>3&ones
	b4, b5, b6, b7 := w>>4&ones, w>>5&ones, w>>6&ones, w>>7&ones
	out := b7 << 7
	top := b7
	b5 |= b6
	out |= (b5 &^ top) << 6
	top |= b5
	out |= (b4 &^ top) << 5
	top |= b4
	out |= (b3 &^ top) << 4
	top |= b3
	out |= (b2 &^ top) << 3
	top |= b2
	out |= (b0 & b1 &^ top) << 2
	out |= (b1 &^ b0 &^ top) << 1
	out |= b0 &^ b1 &^ top
	return out
}
