package goruntime

// This file tells how to start a target.

// Args returns the arguments that make a Go test executable fuzz one fuzz test as
// an executor: given RingEnv with this package's overlay, and over the stock
// protocol without. The test binary insists on a cache directory but, as a worker,
// does not use it.
func Args(fuzzTest string) []string {
	return []string{
		"-test.run=^$",
		"-test.fuzz=^" + fuzzTest + "$",
		WorkerFlag,
		"-test.fuzzcachedir=/dev/null",
		// os.Exit(0) in the middle of a run is a failure, as under "go test".
		"-test.paniconexit0",
	}
}

// WorkerFlag is the argument that must be left out for a target to describe its
// fuzz test: workers do not load seeds.
const WorkerFlag = "-test.fuzzworker"

// Description is what a target started with abi.DescribeEnv writes, as JSON.
type Description struct {
	// Types are the Go types of the fuzz function's arguments after *testing.T, as
	// package reflect writes them ([]uint8 for []byte, int32 for rune).
	Types []string
	// Edges and Cells are the numbers of edge counters and of block cells.
	Edges, Cells int
	// Entry is the address of the fuzz function, AuxEntry that of the executable's
	// entry point, both in that process. AuxEntry is 0 if unknown.
	Entry, AuxEntry uint64
	// Seeds are the inputs of f.Add and testdata.
	Seeds []Seed
	// Problems says which seeds could not be read and why.
	Problems []string
}

// Seed is one input that comes with a fuzz test.
type Seed struct {
	// Origin is "seed#n" for the n-th f.Add, or the path of a file relative to the
	// package's directory.
	Origin string
	// Data is the input as a Smith stream.
	Data []byte
}
