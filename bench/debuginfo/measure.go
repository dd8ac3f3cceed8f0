package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// This file defines what is measured for each file, and how.

// contender is one program and what it is given.
type contender struct {
	name    string
	args    []string
	stdin   string // a file, "" for none
	slow    bool   // it gets no more than bench.slow addresses
	against string // the contender of ours that it is compared with
	best    figure
}

// figure is the least that the trials of a contender took.
type figure struct {
	cpu, wall time.Duration
	memory    int64 // bytes, the peak
}

// contenders returns the programs for a file with n addresses in two forms.
func (b *bench) contenders(file, binaryPCs, textPCs string, n int) []*contender {
	own := func(name, mode string, workers int) *contender {
		return &contender{name: name, args: []string{b.self, "-child", mode, "-workers", strconv.Itoa(workers), file, binaryPCs}}
	}
	gimli := func(name, mode, against string) *contender {
		return &contender{name: name, args: []string{b.gimli, mode, file, binaryPCs}, against: against}
	}
	text := func(against string, args ...string) *contender {
		return &contender{name: args[0], args: args, stdin: textPCs, slow: true, against: against}
	}
	all := []*contender{
		own("lines", "lines", 1),
		gimli("gimli find_location", "location", "lines"),
		gimli("gimli find_location_range", "range", "lines"),
		{name: "debug/dwarf", args: []string{b.self, "-child", "debug/dwarf", file, binaryPCs}, slow: n > 100_000, against: "lines"},
		own("lines, 2 goroutines", "lines", 2),
		own("calls", "calls", 1),
		gimli("gimli find_frames", "frames", "calls"),
		text("calls", "llvm-symbolizer-19", "--obj="+file, "--no-demangle"),
		text("calls", "eu-addr2line", "-f", "-i", "-e", file),
		text("calls", "addr2line", "-f", "-i", "-e", file),
		own("calls, 2 goroutines", "calls", 2),
	}
	return slices.DeleteFunc(all, func(c *contender) bool {
		_, err := exec.LookPath(c.args[0])
		return c.slow && n > b.slow || err != nil
	})
}

// measureFile measures all contenders on a file and prints the table.
func (b *bench) measureFile(file string) error {
	for _, n := range b.counts {
		binaryPCs, textPCs, err := b.writeAddresses(file, n)
		if err != nil {
			return err
		}
		all := b.contenders(file, binaryPCs, textPCs, n)
		for range b.trials {
			for _, c := range all {
				if err := c.try(); err != nil {
					return err
				}
			}
		}
		report(filepath.Base(file), n, all)
	}
	return nil
}

// report prints the figures of all contenders, with ratios: how many times our
// processor time a peer took.
func report(file string, n int, all []*contender) {
	byName := map[string]figure{}
	for _, c := range all {
		byName[c.name] = c.best
	}
	fmt.Printf("\n%s, %d addresses\n%-28s %10s %10s %10s %8s\n", file, n, "", "CPU ms", "wall ms", "MiB", "ratio")
	for _, c := range all {
		ratio := ""
		if c.against != "" {
			ratio = fmt.Sprintf("x%.1f", float64(c.best.cpu)/float64(byName[c.against].cpu))
		}
		fmt.Printf("%-28s %10.1f %10.1f %10d %8s\n", c.name, milliseconds(c.best.cpu), milliseconds(c.best.wall), c.best.memory>>20, ratio)
	}
	for _, name := range []string{"lines", "calls"} {
		fmt.Printf("%s: two goroutines x%.2f wall\n", name, float64(byName[name].wall)/float64(byName[name+", 2 goroutines"].wall))
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// try runs the contender once and keeps what is less than before.
func (c *contender) try() error {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	if c.stdin != "" {
		in, err := os.Open(c.stdin)
		if err != nil {
			return err
		}
		defer in.Close()
		cmd.Stdin = in
	}
	start := time.Now()
	var exit *exec.ExitError
	// elfutils exits with 1 if it does not know an address.
	if err := cmd.Run(); err != nil && !(c.stdin != "" && errors.As(err, &exit)) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	f := figure{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = usage.Maxrss << 10 // Linux counts in KiB
	}
	if c.best == (figure{}) {
		c.best = f
	}
	c.best.cpu, c.best.wall, c.best.memory = min(c.best.cpu, f.cpu), min(c.best.wall, f.wall), min(c.best.memory, f.memory)
	return nil
}

// writeAddresses writes n sorted random addresses inside of functions of a file:
// little-endian numbers, and lines of hexadecimal digits.
func (b *bench) writeAddresses(file string, n int) (binaryPCs, textPCs string, err error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	functions, err := f.Functions()
	if err != nil || len(functions) == 0 {
		return "", "", fmt.Errorf("no functions to take addresses from (%v)", err)
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
	var data, text []byte
	for _, pc := range pcs {
		data = binary.LittleEndian.AppendUint64(data, pc)
		text = fmt.Appendf(text, "%#x\n", pc)
	}
	binaryPCs, textPCs = filepath.Join(b.work, "addresses"), filepath.Join(b.work, "addresses.txt")
	if err := os.WriteFile(binaryPCs, data, 0o644); err != nil {
		return "", "", err
	}
	return binaryPCs, textPCs, os.WriteFile(textPCs, text, 0o644)
}
