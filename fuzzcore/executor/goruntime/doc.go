// Package goruntime holds the part of fuzzls that is compiled into Go fuzz
// targets, and tells how to compile it in and how to start the result.
//
// Go's fuzz tests run under package testing and internal/fuzz. Overlay makes a
// "go build -overlay" file that adds a few files to these two packages and edits
// a few lines of the stock ones, taken from the GOROOT at hand. The executable
// then behaves as ever, unless it is started with RingEnv or DescribeEnv set:
// with the first it is an executor that takes inputs from a shared-memory ring
// (see fuzzcore/abi/ring.go), with the second it describes its fuzz test.
//
// The added files are in _overlay; the go command ignores directories that begin
// with an underscore, so they are compiled only as part of the overlay. They must
// compile with every Go version from 1.22 on.
package goruntime
