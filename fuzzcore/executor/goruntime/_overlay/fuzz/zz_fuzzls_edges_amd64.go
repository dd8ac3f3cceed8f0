package fuzz

// judgeAVX2 judges n times 32 counters: it returns the number of edges hit, the
// path so far mixed with their set, and whether a run that is to teach something
// has hit anything new.
//
//go:noescape
func judgeAVX2(counters, seen *byte, n uint64, learn bool, path uint64) (edges, newPath uint64, isNew bool)
