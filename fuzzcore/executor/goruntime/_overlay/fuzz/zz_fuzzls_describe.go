package fuzz

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"
)

// This file describes the fuzz test instead of fuzzing, if the environment asks
// for it: its arguments, its seeds, where it starts and how much is instrumented.

// description is goruntime.Description.
type description struct {
	Types    []string
	Edges    int
	Cells    int
	Entry    uint64 // address of the fuzz function in this process
	AuxEntry uint64 // address of the executable's entry point in this process, 0 if unknown
	Seeds    []describedSeed
	Problems []string
}

type describedSeed struct {
	Origin string
	Data   []byte
}

// What ReadCorpus and CheckCorpus have seen while describing.
var (
	describedFiles    []CorpusEntry
	describedProblems []string
)

// CoordinateFuzzing writes the description if asked to, else fuzzes as ever.
func CoordinateFuzzing(ctx context.Context, opts CoordinateFuzzingOpts) error {
	path := os.Getenv(describeEnv)
	if path == "" {
		return stockCoordinateFuzzing(ctx, opts)
	}
	d := description{
		Edges:    len(coverage()),
		Cells:    len(blockCells()),
		Entry:    uint64(testing.FuzzlsTarget.Pointer()),
		AuxEntry: auxEntry(),
		Problems: describedProblems,
	}
	for _, t := range opts.Types {
		d.Types = append(d.Types, t.String())
	}
	for _, seed := range opts.Seed {
		// The values of files are taken from describedFiles; package testing has
		// dropped them.
		if seed.Values != nil && stockCheckCorpus(seed.Values, opts.Types) == nil {
			d.Seeds = append(d.Seeds, describedSeed{seed.Path, encodeValues(seed.Values)})
		}
	}
	for _, file := range describedFiles {
		d.Seeds = append(d.Seeds, describedSeed{file.Path, encodeValues(file.Values)})
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// ReadCorpus reads a corpus directory. While describing, files that cannot be
// read as inputs are problems to tell, not the end.
func ReadCorpus(dir string, types []reflect.Type) ([]CorpusEntry, error) {
	entries, err := stockReadCorpus(dir, types)
	if os.Getenv(describeEnv) == "" {
		return entries, err
	}
	describedFiles = append(describedFiles, entries...)
	var malformed *MalformedCorpusError
	if errors.As(err, &malformed) {
		for _, e := range malformed.errs {
			describedProblems = append(describedProblems, "seed "+e.Error())
		}
		err = nil
	}
	return entries, err
}

// CheckCorpus checks the values of one F.Add. While describing, wrong values are
// a problem to tell, not the end.
func CheckCorpus(vals []any, types []reflect.Type) error {
	err := stockCheckCorpus(vals, types)
	if err == nil || os.Getenv(describeEnv) == "" {
		return err
	}
	describedProblems = append(describedProblems, fmt.Sprintf("seed of f.Add: %v", err))
	return nil
}

// auxEntry returns the AT_ENTRY of the kernel's auxiliary vector: where the
// executable's entry point was loaded. Only Linux has it.
func auxEntry() uint64 {
	const atEntry = 9
	vector, _ := os.ReadFile("/proc/self/auxv")
	for len(vector) >= 16 {
		if binary.NativeEndian.Uint64(vector) == atEntry {
			return binary.NativeEndian.Uint64(vector[8:])
		}
		vector = vector[16:]
	}
	return 0
}
