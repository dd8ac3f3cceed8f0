// Command native compares fuzzls on C targets with clang's libFuzzer, as shipped and
// with coverage only, and with AFL++: runs per CPU-second of one worker, everything
// included; what AddressSanitizer costs; what a second worker brings; the edges found;
// and how many runs and how much time puzzles of comparisons take.
//
// The subjects are small harnesses (bench/targets/native) of libraries in Debian's
// sources. All programs get the same harness, compiled with -O2 by the same clang
// (AFL++ by its own), the same seed inputs, and the same wall time, in turns, several
// times. Medians are printed, with ratios. CPU time is that of all processes that a
// fuzzer has started, from the kernel. It needs apt-get, clang-19, tclsh and afl++;
// without the last, its column is empty.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// clang compiles for libFuzzer and fuzzls.
const clang = "clang-19"

func main() {
	log.SetFlags(0)
	seconds := flag.Int("seconds", 5, "wall seconds of each trial")
	trials := flag.Int("trials", 3, "trials of each program")
	only := flag.String("only", "", "name of the one subject to measure")
	cache := flag.String("sources", filepath.Join(os.TempDir(), "fuzzls-bench-sources"), "where downloaded sources are kept")
	what := flag.String("what", "speed", "what to measure: speed, address, edges or puzzles")
	flag.Parse()
	// Processes that outlive their parents become this one's children, so that what
	// they used is counted.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		log.Fatal(err)
	}
	fuzzls, err := filepath.Abs("bin/fuzzls")
	if err != nil {
		log.Fatal(err)
	}
	work, err := os.MkdirTemp("", "fuzzls-native-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(work)
	b := &bench{fuzzls: fuzzls, work: work, cache: *cache, seconds: *seconds, trials: *trials}
	chosen := slices.Clone(subjects)
	if *what == "puzzles" {
		chosen = slices.Clone(puzzles)
	}
	if *only != "" {
		chosen = slices.DeleteFunc(chosen, func(s subject) bool { return s.name != *only })
	}
	measure := map[string]func([]subject) error{
		"speed": b.speed, "address": b.address, "edges": b.edges, "puzzles": b.puzzles,
	}[*what]
	if measure == nil {
		log.Fatalf("-what=%s: it can be speed, address, edges or puzzles", *what)
	}
	if err := measure(chosen); err != nil {
		log.Fatal(err)
	}
}

// bench is one call of the program.
type bench struct {
	fuzzls, work, cache string
	seconds, trials     int
}

// contender is one way to fuzz a subject.
type contender struct {
	name string
	// build makes its executables once, run fuzzes for some seconds.
	build func(*project) error
	run   func(p *project, seconds, seed int) (figure, error)
}

// figure is what one trial measured.
type figure struct {
	runs      float64
	cpu, wall float64 // seconds
	corpus    string  // directory of the inputs that were kept
}

// table runs all contenders on a subject, in turns, and returns their figures.
func (b *bench) table(s subject, contenders []contender) ([][]figure, *project, error) {
	p, err := b.checkout(s)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range contenders {
		if err := c.build(p); err != nil {
			return nil, nil, fmt.Errorf("%s: %s: %w", s.name, c.name, err)
		}
	}
	figures := make([][]figure, len(contenders))
	for trial := range b.trials {
		for i, c := range contenders {
			f, err := c.run(p, b.seconds, trial+1)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %s: %w", s.name, c.name, err)
			}
			figures[i] = append(figures[i], f)
		}
	}
	return figures, p, nil
}

// median returns the middle of what value says of each.
func median[T any, N cmp.Ordered](all []T, value func(T) N) N {
	var values []N
	for _, one := range all {
		values = append(values, value(one))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func perCPU(f figure) float64  { return f.runs / f.cpu }
func perWall(f figure) float64 { return f.runs / f.wall }

// speed prints runs per CPU-second.
func (b *bench) speed(subjects []subject) error {
	contenders := []contender{libFuzzer, libFuzzerCoverage, b.withFuzzls("fuzzls", "none", 1), b.withFuzzls("two workers", "none", 2)}
	if haveAFL() {
		contenders = append(contenders, aflPlusPlus)
	}
	fmt.Printf("%-10s %12s %12s %12s %12s %9s %10s %10s %9s\n", "runs/CPU-s", "libFuzzer", "coverage", "AFL++", "fuzzls",
		"/libF.", "/coverage", "2 workers", "scaling")
	for _, s := range subjects {
		figures, _, err := b.table(s, contenders)
		if err != nil {
			return err
		}
		stock, coverage, ours := median(figures[0], perCPU), median(figures[1], perCPU), median(figures[2], perCPU)
		afl := "-"
		if len(figures) > 4 {
			afl = fmt.Sprintf("%.0f", median(figures[4], perCPU))
		}
		fmt.Printf("%-10s %12.0f %12.0f %12s %12.0f %8.2fx %9.2fx %10.0f %8.2fx\n", s.name, stock, coverage, afl, ours,
			ours/stock, ours/coverage, median(figures[3], perCPU), median(figures[3], perWall)/median(figures[2], perWall))
	}
	return nil
}

// address prints what AddressSanitizer costs.
func (b *bench) address(subjects []subject) error {
	contenders := []contender{libFuzzerAddress, b.withFuzzls("fuzzls", "none", 1), b.withFuzzls("address", "address", 1)}
	fmt.Printf("%-10s %16s %14s %9s %14s %9s\n", "runs/CPU-s", "libFuzzer+ASan", "fuzzls+ASan", "ratio", "fuzzls", "ASan cost")
	for _, s := range subjects {
		figures, _, err := b.table(s, contenders)
		if err != nil {
			return err
		}
		stock, plain, address := median(figures[0], perCPU), median(figures[1], perCPU), median(figures[2], perCPU)
		fmt.Printf("%-10s %16.0f %14.0f %8.2fx %14.0f %8.2fx\n", s.name, stock, address, address/stock, plain, plain/address)
	}
	return nil
}

// edges prints how many edges the kept inputs of a trial cover, counted by libFuzzer.
func (b *bench) edges(subjects []subject) error {
	contenders := []contender{libFuzzer, libFuzzerCoverage, b.withFuzzls("fuzzls", "none", 1)}
	fmt.Printf("%-10s %12s %12s %12s   all of libFuzzer, of fuzzls\n", "edges", "libFuzzer", "coverage", "fuzzls")
	for _, s := range subjects {
		figures, p, err := b.table(s, contenders)
		if err != nil {
			return err
		}
		counts := make([][]int, len(contenders))
		for i := range figures {
			for _, f := range figures[i] {
				n, err := p.countEdges(f.corpus)
				if err != nil {
					return err
				}
				counts[i] = append(counts[i], n)
			}
		}
		self := func(n int) int { return n }
		fmt.Printf("%-10s %12d %12d %12d   %v %v\n", s.name, median(counts[0], self), median(counts[1], self),
			median(counts[2], self), counts[0], counts[2])
	}
	return nil
}
