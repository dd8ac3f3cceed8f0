package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
	trials  []figure
}

// figure is what one trial took.
type figure struct {
	process time.Duration // processor time, user and system, of the process
	// own and wall are what the process tells of itself; see result. wall is that of the
	// process if it tells nothing, and own is 0.
	own, wall time.Duration
	memory    int64 // bytes, the peak
}

// longTrial is how long the trial of a tool may take to be repeated.
const longTrial = 3 * time.Second

// contenders returns the programs for a file with n addresses in two forms.
func (b *bench) contenders(file, binaryPCs, textPCs string, n int) []*contender {
	own := func(name, mode string, flags ...string) *contender {
		args := append([]string{b.self, "-child", mode}, flags...)
		return &contender{name: name, args: append(args, file, binaryPCs)}
	}
	gimli := func(name, mode, against string) *contender {
		return &contender{name: name, args: []string{b.gimli, mode, file, binaryPCs}, against: against}
	}
	tool := func(args ...string) *contender {
		return &contender{name: filepath.Base(args[0]), args: args, stdin: textPCs, slow: true, against: "fuzzls"}
	}
	dwarf := own("debug/dwarf", "debug/dwarf")
	dwarf.slow, dwarf.against = n > 100_000, "lines"
	ours := tool(b.fuzzls, "resolve", "--no-demangle", "-e", file)
	ours.against = ""
	all := []*contender{
		own("lines", "lines"),
		gimli("gimli find_location", "location", "lines"),
		gimli("gimli find_location_range", "range", "lines"),
		dwarf,
		own("lines, 2 goroutines", "lines", "-workers", "2"),
		own("lines, warm", "lines-warm"),
		gimli("gimli find_location, warm", "location-warm", "lines, warm"),
		own("lines, cached", "cached", "-cache", filepath.Join(b.work, "cache")),
		own("calls", "calls"),
		gimli("gimli find_frames", "frames", "calls"),
		own("calls, 2 goroutines", "calls", "-workers", "2"),
		own("calls, warm", "calls-warm"),
		gimli("gimli find_frames, warm", "frames-warm", "calls, warm"),
		ours,
		tool("llvm-symbolizer-19", "--obj="+file, "--no-demangle"),
		tool("eu-addr2line", "-f", "-i", "-e", file),
		tool("addr2line", "-f", "-i", "-e", file),
	}
	return slices.DeleteFunc(all, func(c *contender) bool {
		_, err := exec.LookPath(c.args[0])
		return c.slow && n > b.slow || err != nil
	})
}

// packedContenders are the programs for a file with compressed debug sections.
func (b *bench) packedContenders(file, binaryPCs string) []*contender {
	return []*contender{
		{name: "lines", args: []string{b.self, "-child", "lines", file, binaryPCs}},
		{name: "gimli find_location", args: []string{b.gimli, "location", file, binaryPCs}, against: "lines"},
		{name: "calls", args: []string{b.self, "-child", "calls", file, binaryPCs}},
		{name: "gimli find_frames", args: []string{b.gimli, "frames", file, binaryPCs}, against: "calls"},
		{name: "lines, 2 goroutines", args: []string{b.self, "-child", "lines", "-workers", "2", file, binaryPCs}},
		{name: "calls, 2 goroutines", args: []string{b.self, "-child", "calls", "-workers", "2", file, binaryPCs}},
	}
}

// packedCount is how many addresses of a compressed file are resolved.
const packedCount = 100_000

// measureFile measures all contenders on a file and prints the tables.
func (b *bench) measureFile(file string) error {
	lineBytes, err := lineProgramBytes(file)
	if err != nil {
		return err
	}
	for _, n := range b.counts {
		binaryPCs, textPCs, err := b.writeAddresses(file, n)
		if err != nil {
			return err
		}
		all := b.contenders(file, binaryPCs, textPCs, n)
		if err := b.takeTurns(all); err != nil {
			return err
		}
		report(filepath.Base(file), n, lineBytes, all)
	}
	packed := filepath.Join(b.work, "packed")
	if err := command("", "objcopy", "--compress-debug-sections=zlib", file, packed); err != nil {
		return err
	}
	binaryPCs, _, err := b.writeAddresses(file, packedCount)
	if err != nil {
		return err
	}
	all := b.packedContenders(packed, binaryPCs)
	if err := b.takeTurns(all); err != nil {
		return err
	}
	report(filepath.Base(file)+" with compressed sections", packedCount, lineBytes, all)
	return os.Remove(packed)
}

// takeTurns runs all trials.
func (b *bench) takeTurns(all []*contender) error {
	for range b.trials {
		for _, c := range all {
			if n := len(c.trials); c.slow && n > 0 && c.trials[n-1].wall > longTrial {
				continue
			}
			if err := c.try(); err != nil {
				return err
			}
		}
	}
	return nil
}

// lineProgramBytes returns the size of .debug_line, headers and all.
func lineProgramBytes(file string) (uint64, error) {
	f, err := debuginfo.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for _, s := range f.Sections() {
		if s.Name == ".debug_line" {
			return s.Size, nil
		}
	}
	return 0, nil
}

// try runs the contender once.
func (c *contender) try() error {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	if c.stdin != "" {
		in, err := os.Open(c.stdin)
		if err != nil {
			return err
		}
		defer in.Close()
		cmd.Stdin = in
		// Without a home there is no cache.
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	}
	var stdout strings.Builder
	if c.stdin == "" {
		cmd.Stdout = &stdout
	}
	start := time.Now()
	var exit *exec.ExitError
	// elfutils exits with 1 if it does not know an address.
	if err := cmd.Run(); err != nil && !(c.stdin != "" && errors.As(err, &exit)) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	f := figure{wall: time.Since(start), process: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = usage.Maxrss << 10 // Linux counts in KiB
	}
	if c.stdin == "" {
		var known, frames int
		if _, err := fmt.Sscan(stdout.String(), &known, &frames, &f.own, &f.wall); err != nil {
			return fmt.Errorf("%s printed %q: %w", c.name, stdout.String(), err)
		}
	}
	c.trials = append(c.trials, f)
	return nil
}

// writeAddresses writes n sorted random addresses inside of functions of a file:
// numbers in the byte order of this machine, and lines of hexadecimal digits. A process
// of its own does that: the kernel counts the memory of this process as that of those
// that it starts.
func (b *bench) writeAddresses(file string, n int) (binaryPCs, textPCs string, err error) {
	binaryPCs = filepath.Join(b.work, "addresses")
	err = command("", b.self, "-child", "addresses", "-count", strconv.Itoa(n), file, binaryPCs)
	return binaryPCs, binaryPCs + textSuffix, err
}
