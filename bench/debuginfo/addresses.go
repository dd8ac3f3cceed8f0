package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines the addresses that are resolved.

// textSuffix is added to the name of the file of addresses for that with text.
const textSuffix = ".txt"

// makeAddresses writes n addresses of a file as writeAddresses tells.
func makeAddresses(file, path string, n int) error {
	pcs, err := randomAddresses(file, n)
	if err != nil {
		return err
	}
	var data, text []byte
	for _, pc := range pcs {
		data = binary.NativeEndian.AppendUint64(data, pc)
		text = append(strconv.AppendUint(append(text, "0x"...), pc, 16), '\n')
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+textSuffix, text, 0o644)
}

// randomAddresses returns n sorted addresses inside of functions, always the same ones.
func randomAddresses(file string, n int) ([]uint64, error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	functions, err := f.Functions()
	if err != nil || len(functions) == 0 {
		return nil, fmt.Errorf("no functions to take addresses from (%v)", err)
	}
	total := uint64(0)
	ends := make([]uint64, len(functions)) // of the functions, laid end to end
	for i, fn := range functions {
		total += fn.Hi - fn.Lo
		ends[i] = total
	}
	random := rand.New(rand.NewPCG(1, 2))
	pcs := make([]uint64, n)
	for i := range pcs {
		at := random.Uint64N(total)
		k, _ := slices.BinarySearch(ends, at+1)
		pcs[i] = functions[k].Hi - (ends[k] - at)
	}
	slices.Sort(pcs)
	return pcs, nil
}
