// Command debuginfo compares package debuginfo with other symbolizers: gimli's
// addr2line, llvm-symbolizer, elfutils, GNU addr2line and Go's debug/dwarf.
//
// Each measurement is a process of its own that opens the file and resolves sorted
// addresses, random ones inside of functions. All programs take turns (A B C A B C), so
// that what else the machine does hits all of them. The least and the median of the
// trials are printed.
//
// Programs that are linked with a library (ours, gimli, debug/dwarf) tell the processor
// time from opening the file to the last answer, which leaves out what it takes to start
// a process and to read the addresses. All of them keep one answer for each address
// in memory, except gimli's find_frames, whose frames are only counted. The others are tools that print text; they are compared
// with `fuzzls resolve`, which prints the same.
//
//	go run ./bench/debuginfo                  # makes files of all sizes
//	go run ./bench/debuginfo vmlinux libjvm.debug
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
)

func main() {
	log.SetFlags(0)
	mode := flag.String("child", "", "measure one pass in this process; see child.go")
	workers := flag.Int("workers", 1, "goroutines of -child")
	cache := flag.String("cache", "", "cache directory of -child")
	count := flag.Int("count", 0, "how many addresses -child=addresses makes")
	trials := flag.Int("trials", 5, "trials of each program")
	counts := flag.String("counts", "100,10000,100000,1000000", "numbers of addresses")
	slow := flag.Int("slow", 10_000, "the most addresses that tools get")
	flag.Parse()
	if *mode == "addresses" {
		if err := makeAddresses(flag.Arg(0), flag.Arg(1), *count); err != nil {
			log.Fatal(err)
		}
		return
	}
	if *mode != "" {
		if err := child(*mode, flag.Arg(0), flag.Arg(1), *workers, *cache); err != nil {
			log.Fatal(err)
		}
		return
	}
	b := bench{trials: *trials, slow: *slow}
	for _, n := range strings.Split(*counts, ",") {
		var count int
		if _, err := fmt.Sscan(n, &count); err != nil {
			log.Fatalf("-counts=%s: %v", *counts, err)
		}
		b.counts = append(b.counts, count)
	}
	if err := b.run(flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// bench is one run of this program.
type bench struct {
	trials, slow int
	counts       []int
	// The executables: this one, fuzzls, and bench/debuginfo/gimli.
	self, fuzzls, gimli string
	work                string // a directory for what is made
}

// run measures files, or those that it makes itself if there are none.
func (b *bench) run(files []string) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.work, err = os.MkdirTemp("", "debuginfo-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	if err := b.buildPrograms(); err != nil {
		return err
	}
	if len(files) == 0 {
		if files, err = makeInputs(); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := b.measureFile(file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
