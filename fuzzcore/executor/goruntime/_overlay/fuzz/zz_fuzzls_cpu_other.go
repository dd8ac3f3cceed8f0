//go:build !amd64

package fuzz

const haveAVX2 = false

func judgeAVX2(counters, seen *byte, n uint64, learn bool, path uint64) (edges, newPath uint64, isNew bool) {
	panic("unreachable")
}
