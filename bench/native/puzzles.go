package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file lets the fuzzers solve puzzles.

// solution is one campaign's way to the crash; runs is 0 if there was none.
type solution struct {
	runs uint64
	time time.Duration
}

// puzzles prints how many runs and how much time it takes to the crash.
func (b *bench) puzzles(puzzles []subject) error {
	fmt.Printf("%-10s  %-36s %-36s %-36s\n", "puzzle", "libFuzzer", "AFL++ cmplog", "fuzzls")
	for _, s := range puzzles {
		p, err := b.checkout(s)
		if err != nil {
			return err
		}
		ways, err := b.solvers(p)
		if err != nil {
			return err
		}
		fmt.Printf("%-10s ", s.name)
		for _, solve := range ways {
			var solutions []solution
			for seed := 1; seed <= b.trials; seed++ {
				one, err := solve(seed)
				if err != nil {
					return fmt.Errorf("%s: %w", s.name, err)
				}
				solutions = append(solutions, one)
			}
			fmt.Printf(" %-36s", summary(solutions))
		}
		fmt.Println()
	}
	return nil
}

// summary says how many campaigns came to the crash, and the median of their runs and
// times.
func summary(all []solution) string {
	solved := slices.DeleteFunc(slices.Clone(all), func(s solution) bool { return s.runs == 0 })
	if len(solved) == 0 {
		return fmt.Sprintf("0 of %d", len(all))
	}
	return fmt.Sprintf("%d of %d, %d runs, %v", len(solved), len(all), median(solved, func(s solution) uint64 { return s.runs }),
		median(solved, func(s solution) time.Duration { return s.time }).Round(time.Millisecond))
}

// solvers builds the puzzle and returns what solves it: libFuzzer, AFL++, fuzzls.
func (b *bench) solvers(p *project) ([]func(seed int) (solution, error), error) {
	if err := libFuzzer.build(p); err != nil {
		return nil, err
	}
	ours := b.withFuzzls("fuzzls", "none", 1)
	if err := ours.build(p); err != nil {
		return nil, err
	}
	withAFL := func(int) (solution, error) { return solution{}, nil }
	if haveAFL() {
		os.Setenv("AFL_LLVM_CMPLOG", "1")
		defer os.Unsetenv("AFL_LLVM_CMPLOG")
		if err := aflPlusPlus.build(p); err != nil {
			return nil, err
		}
		withAFL = func(seed int) (solution, error) { return p.solveAFL(b.seconds, seed) }
	}
	return []func(int) (solution, error){
		func(seed int) (solution, error) { return p.solveLibFuzzer(b.seconds, seed) },
		withAFL,
		func(seed int) (solution, error) {
			c, err := b.campaign(p, "none", 1, seed, "--limit=400K", fmt.Sprintf("--time=%ds", b.seconds))
			return solution{c.crashRuns, c.crashTime}, err
		},
	}, nil
}

func (p *project) solveLibFuzzer(seconds, seed int) (solution, error) {
	corpus, err := p.freshCorpus("lf", seed)
	if err != nil {
		return solution{}, err
	}
	cmd := exec.Command(p.path("lf"), "-max_total_time="+strconv.Itoa(seconds), "-seed="+strconv.Itoa(seed),
		"-print_final_stats=1", "-verbosity=0", corpus)
	cmd.Dir = p.dir
	start := time.Now()
	out, _ := cmd.CombinedOutput()
	found := unitsPattern.FindSubmatch(out)
	if found == nil {
		return solution{}, fmt.Errorf("libFuzzer: %s", tail(out))
	}
	if !strings.Contains(string(out), "deadly signal") {
		return solution{}, nil
	}
	runs, err := strconv.ParseUint(string(found[1]), 10, 64)
	return solution{runs, time.Since(start)}, err
}

var aflCrashPattern = regexp.MustCompile(`time:(\d+),execs:(\d+)`)

func (p *project) solveAFL(seconds, seed int) (solution, error) {
	os.Setenv("AFL_BENCH_UNTIL_CRASH", "1")
	defer os.Unsetenv("AFL_BENCH_UNTIL_CRASH")
	if _, err := p.runAFL("afl", seconds, seed, "-c", "0"); err != nil {
		return solution{}, err
	}
	crashes, _ := filepath.Glob(p.path("afl-out/default/crashes/id*"))
	for _, crash := range crashes {
		if found := aflCrashPattern.FindStringSubmatch(crash); found != nil {
			ms, _ := strconv.Atoi(found[1])
			runs, err := strconv.ParseUint(found[2], 10, 64)
			return solution{runs, time.Duration(ms) * time.Millisecond}, err
		}
	}
	return solution{}, nil
}
