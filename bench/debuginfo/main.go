// Command debuginfo compares package debuginfo with other symbolizers: gimli's
// addr2line, llvm-symbolizer, elfutils, GNU addr2line and Go's debug/dwarf.
//
// Each measurement is a process of its own that opens the file and resolves sorted
// addresses, random ones inside of functions. Its processor time is user and system
// time from the kernel; the least of several trials counts, since what other
// processes of the machine do can only add to it. All programs take turns, so that
// a ratio compares trials of the same minutes. Debug sections should not be
// compressed, else inflating them is most of what is measured.
//
//	go run ./bench/debuginfo                  # the Go compiler, and a Rust program
//	go run ./bench/debuginfo vmlinux libjvm.debug
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	mode := flag.String("child", "", "measure one pass in this process: lines, calls or debug/dwarf")
	workers := flag.Int("workers", 1, "goroutines of -child")
	trials := flag.Int("trials", 5, "trials of each program")
	counts := flag.String("counts", "100,10000,100000,1000000", "numbers of addresses")
	slow := flag.Int("slow", 10_000, "the most addresses that the slow programs get")
	flag.Parse()
	if *mode != "" {
		if err := child(*mode, flag.Arg(0), flag.Arg(1), *workers); err != nil {
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
	self, gimli  string // this executable, and bench/debuginfo/gimli
	work         string // a directory for what is made
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
	if b.gimli, err = buildGimli("target", "CARGO_PROFILE_RELEASE_DEBUG=0"); err != nil {
		return err
	}
	if len(files) == 0 {
		if files, err = b.makeFiles(); err != nil {
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

// buildGimli builds the Rust peer and returns its executable.
func buildGimli(target string, env ...string) (string, error) {
	const dir = "bench/debuginfo/gimli"
	cmd := exec.Command("cargo", "build", "--release", "--locked", "--target-dir", target)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the Rust peer in %s (is this the root of the repository, and cargo installed?): %w\n%s", dir, err, out)
	}
	return filepath.Abs(filepath.Join(dir, target, "release", "gimli-peer"))
}

// makeFiles builds executables of middle size that exist wherever this program
// runs: the Go compiler, and the Rust peer with all debug information.
func (b *bench) makeFiles() ([]string, error) {
	compiler := filepath.Join(b.work, "go-compile")
	cmd := exec.Command("go", "build", "-o", compiler, "-ldflags=-compressdwarf=false", "cmd/compile")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the Go compiler: %w\n%s", err, out)
	}
	peer, err := buildGimli("target/full", "CARGO_PROFILE_RELEASE_DEBUG=2")
	if err != nil {
		return nil, err
	}
	return []string{compiler, peer}, nil
}
