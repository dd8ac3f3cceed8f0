package main

import (
	"context"
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"syscall"
	"time"
	"unsafe"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines what a measured process of this program does: one pass over a
// file's addresses, from opening the file on, or two.

// result is what a child prints.
type result struct {
	known, frames int // addresses that are known, and their frames
	// cpu and wall are from opening the file to the last answer; of the second pass in
	// modes that end in "-warm".
	cpu, wall time.Duration
}

// child runs one measurement. Modes: lines, calls, and the same with -warm for a second
// pass over an open file; cached, which reads the answers of an earlier process;
// debug/dwarf.
func child(mode, file, addresses string, workers int, cache string) error {
	pcs, err := readAddresses(addresses)
	if err != nil {
		return err
	}
	start := startClock()
	var r result
	switch mode {
	case "lines", "lines-warm", "cached":
		r, err = resolveLines(file, pcs, workers, mode == "lines-warm", cache)
	case "calls", "calls-warm":
		r, err = resolveCalls(file, pcs, workers, mode == "calls-warm")
	case "debug/dwarf":
		r.known, err = resolveDebugDWARF(file, pcs)
	default:
		err = fmt.Errorf("unknown mode %q", mode)
	}
	if err != nil {
		return err
	}
	if r.cpu == 0 {
		start.stop(&r)
	}
	fmt.Println(r.known, r.frames, r.cpu.Nanoseconds(), r.wall.Nanoseconds())
	return nil
}

// clock measures this process.
type clock struct {
	cpu  time.Duration
	wall time.Time
}

func startClock() clock { return clock{processorTime(), time.Now()} }

func (c clock) stop(r *result) {
	r.cpu, r.wall = processorTime()-c.cpu, time.Since(c.wall)
}

// processorTime returns the user and system time of this process.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatalf("getrusage: %v", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// readAddresses maps a file of 64-bit addresses in the byte order of this machine.
func readAddresses(name string) ([]uint64, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", name, err)
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/8), nil
}

// resolveLines finds the locations. Problems of the file are told, but do not end it.
func resolveLines(file string, pcs []uint64, workers int, warm bool, cache string) (r result, err error) {
	var options debuginfo.OpenOptions
	if cache != "" {
		options.Cache = debuginfo.NewCache(cache, debuginfo.DefaultCacheLimit, func(err error) { fmt.Fprintln(os.Stderr, err) })
	}
	f, err := debuginfo.OpenWith(file, options)
	if err != nil {
		return r, err
	}
	defer f.Close()
	out := make([]debuginfo.Location, len(pcs))
	pass := func() {
		if err := f.ResolveWith(context.Background(), pcs, out, debuginfo.Options{Workers: workers}); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		r.known = 0
		for i := range out {
			if out[i].File != 0 {
				r.known++
			}
		}
	}
	if pass(); warm {
		start := startClock()
		pass()
		start.stop(&r)
	}
	return r, nil
}

func resolveCalls(file string, pcs []uint64, workers int, warm bool) (r result, err error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return r, err
	}
	defer f.Close()
	out := make([]debuginfo.Location, len(pcs))
	pass := func() error {
		calls, err := f.ResolveCalls(context.Background(), pcs, out, debuginfo.Options{Workers: workers})
		if calls == nil {
			return err
		}
		var room []debuginfo.Frame
		r.known, r.frames = 0, 0
		for i := range out {
			if out[i].File != 0 {
				r.known++
			}
			room = calls.AppendFrames(room[:0], i)
			r.frames += len(room)
		}
		return nil
	}
	if err = pass(); warm && err == nil {
		start := startClock()
		err = pass()
		start.stop(&r)
	}
	return r, err
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
