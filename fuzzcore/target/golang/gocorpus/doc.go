// Package gocorpus reads and writes the corpus entries of Go's own fuzzing.
//
// A corpus entry is a text file: a version line, then one line per argument of
// the fuzz test, each a conversion such as
//
//	go test fuzz v1
//	[]byte("\x00abc")
//	rune('x')
//	math.Float64frombits(0x7ff8000000000002)
//
// Marshal makes such a file from a Smith stream (see [engine.Schema]), the form
// in which inputs travel between processes; Unmarshal does the opposite. The
// format is that of internal/fuzz/encoding.go in Go's standard library: Marshal
// writes the same bytes, and Unmarshal takes exactly the files that it takes.
//
// Entries are in two places, in the same form: testdata/fuzz/FuzzX next to the
// fuzz test, for regressions, and Go's build cache (see [CacheDir]), for inputs
// that found new coverage.
package gocorpus
