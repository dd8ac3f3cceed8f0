package fuzz

import (
	"internal/coverage/rtcov"
	"unsafe"
)

// This file reads the counters of "go build -cover": one u32 cell for each block
// of source text, in the region runtime.covctrs..runtime.ecovctrs.

// covCounterList is the runtime's own access to the region, as
// internal/coverage/cfile uses it.
//
//go:linkname covCounterList internal/coverage/cfile.getCovCounterList
func covCounterList() []rtcov.CovCounterBlob

// blockCells returns the cells of the executable: empty unless it was built with
// -cover.
func blockCells() []uint32 {
	blobs := covCounterList()
	if len(blobs) == 0 {
		return nil
	}
	return unsafe.Slice(blobs[0].Counters, int(blobs[0].Len))
}

// clearBlocks sets all cells to 0. Code that is still running notes only the
// blocks it enters from here on.
//
//go:norace
func clearBlocks(cells []uint32) {
	clear(cells)
}

// copyBlocks writes a bitset of the cells that are not 0.
//
//go:norace
func copyBlocks(words []uint64, cells []uint32) {
	for i := range words {
		var word uint64
		part := cells[i*64 : min(len(cells), i*64+64)]
		for j, cell := range part {
			if cell != 0 {
				word |= 1 << j
			}
		}
		words[i] = word
	}
}
