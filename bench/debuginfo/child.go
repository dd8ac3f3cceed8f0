package main

import (
	"context"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines what a measured process of this program does: one pass over a
// file's addresses, from opening the file on.

// child runs one measurement and prints how many addresses are known and how many
// frames they have.
func child(mode, file, addresses string, workers int) error {
	pcs, err := readAddresses(addresses)
	if err != nil {
		return err
	}
	var known, frames int
	switch mode {
	case "lines":
		known, err = resolveLines(file, pcs, workers)
	case "calls":
		known, frames, err = resolveCalls(file, pcs, workers)
	case "debug/dwarf":
		known, err = resolveDebugDWARF(file, pcs)
	default:
		err = fmt.Errorf("unknown mode %q", mode)
	}
	if err == nil {
		fmt.Println(known, frames)
	}
	return err
}

// readAddresses reads a file of little-endian 64-bit addresses.
func readAddresses(name string) ([]uint64, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	pcs := make([]uint64, len(data)/8)
	for i := range pcs {
		pcs[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return pcs, nil
}

func resolveLines(file string, pcs []uint64, workers int) (known int, err error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out := make([]debuginfo.Location, len(pcs))
	if err := f.ResolveWith(context.Background(), pcs, out, debuginfo.Options{Workers: workers}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	for i := range out {
		if out[i].File != 0 {
			known++
		}
	}
	return known, nil
}

func resolveCalls(file string, pcs []uint64, workers int) (known, frames int, err error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	out := make([]debuginfo.Location, len(pcs))
	calls, err := f.ResolveCalls(context.Background(), pcs, out, debuginfo.Options{Workers: workers})
	if calls == nil {
		return 0, 0, err
	}
	var room []debuginfo.Frame
	for i := range out {
		if out[i].File != 0 {
			known++
		}
		room = calls.AppendFrames(room[:0], i)
		frames += len(room)
	}
	return known, frames, nil
}

// resolveDebugDWARF is the best that can be done with debug/dwarf in the open: all
// rows once, unit by unit, joined with the sorted addresses.
func resolveDebugDWARF(file string, pcs []uint64) (known int, err error) {
	e, err := elf.Open(file)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	d, err := e.DWARF()
	if err != nil {
		return 0, err
	}
	rows := make([]dwarf.LineEntry, len(pcs))
	for r := d.Reader(); ; r.SkipChildren() {
		entry, err := r.Next()
		if err != nil {
			return 0, err
		}
		if entry == nil {
			break
		}
		lr, err := d.LineReader(entry)
		if err != nil || lr == nil {
			continue
		}
		var row, next dwarf.LineEntry
		inForce := false
		for {
			if err := lr.Next(&next); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return 0, err
			}
			if inForce {
				k := sort.Search(len(pcs), func(i int) bool { return pcs[i] >= row.Address })
				for ; k < len(pcs) && pcs[k] < next.Address; k++ {
					rows[k] = row
				}
			}
			row, inForce = next, !next.EndSequence
		}
	}
	for i := range rows {
		if rows[i].File != nil {
			known++
		}
	}
	return known, nil
}
