// Command puzzles measures how many runs, and how much time, a campaign of one
// worker takes to get through guards of comparisons (bench/targets/puzzles), and
// lets `go test -fuzz` try the same for comparison.
//
// Each puzzle is tried with several seeds from an empty corpus; the table shows
// the median and the largest number of runs to the crash.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// puzzle is one fuzz test of bench/targets/puzzles.
type puzzle struct {
	test string
	// best is the fewest runs that another fuzzer was measured to take on the same
	// guard written in C, and which; 0 when none was measured or solved it.
	best int
	by   string
}

var puzzles = []puzzle{
	{"FuzzFind", 25, "AFL++ cmplog"},
	{"FuzzMagics", 0, ""},
	{"FuzzChecksum", 2070, "AFL++ cmplog"},
	{"FuzzBehind", 0, ""},
	{"FuzzSteps", 97000, "AFL++ cmplog"},
	{"FuzzTyped", 0, ""},
}

// solution is one campaign's way to the crash; runs is 0 if there was none.
type solution struct {
	runs uint64
	time time.Duration
}

func main() {
	log.SetFlags(0)
	seeds := flag.Int("seeds", 5, "campaigns for each puzzle")
	limit := flag.String("limit", "1M", "runs after which a campaign gives up")
	stock := flag.Int("stock", 10, "seconds that `go test -fuzz` may try each puzzle; 0 to leave it out")
	flag.Parse()
	fuzzls, err := filepath.Abs("bin/fuzzls")
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "fuzzls-puzzles-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS("bench/targets")); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%-14s %8s %12s %12s %12s  %-24s %s\n", "puzzle", "solved", "median runs", "most runs", "median time",
		"best peer measured (C)", "go test -fuzz")
	for _, p := range puzzles {
		var solutions []solution
		for seed := 1; seed <= *seeds; seed++ {
			s, err := solve(dir, fuzzls, p.test, *limit, seed)
			if err != nil {
				log.Fatalf("%s: %v", p.test, err)
			}
			solutions = append(solutions, s)
		}
		printRow(p, solutions, tryStock(dir, p.test, *stock))
	}
}

func printRow(p puzzle, solutions []solution, stock string) {
	solutions = slices.DeleteFunc(slices.Clone(solutions), func(s solution) bool { return s.runs == 0 })
	best := "-"
	if p.best > 0 {
		best = fmt.Sprintf("%d (%s)", p.best, p.by)
	}
	if len(solutions) == 0 {
		fmt.Printf("%-14s %8d %12s %12s %12s  %-24s %s\n", p.test, 0, "-", "-", "-", best, stock)
		return
	}
	slices.SortFunc(solutions, func(a, b solution) int { return int(a.runs) - int(b.runs) })
	middle, last := solutions[len(solutions)/2], solutions[len(solutions)-1]
	fmt.Printf("%-14s %8d %12d %12d %12s  %-24s %s\n", p.test, len(solutions), middle.runs, last.runs,
		middle.time.Round(100*time.Microsecond), best, stock)
}

func solve(dir, fuzzls, test, limit string, seed int) (solution, error) {
	if err := os.RemoveAll(filepath.Join(dir, ".fuzzls", "tests")); err != nil {
		return solution{}, err
	}
	if err := os.RemoveAll(filepath.Join(dir, "puzzles", "testdata")); err != nil {
		return solution{}, err
	}
	cmd := exec.Command(fuzzls, "fuzz", "--json", "--run=^"+test+"$", "--limit="+limit, "-j=1",
		fmt.Sprintf("--seed=%d", seed), "./puzzles")
	cmd.Dir = dir
	out, err := cmd.Output()
	var report struct {
		Tests []struct {
			Crashes []struct {
				FirstRun  uint64        `json:"first_run"`
				FirstTime time.Duration `json:"first_time_ns"`
			}
		}
	}
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil || len(report.Tests) != 1 {
		return solution{}, fmt.Errorf("fuzzls: %v: %v: %s", err, jsonErr, out)
	}
	if len(report.Tests[0].Crashes) == 0 {
		return solution{}, nil
	}
	c := report.Tests[0].Crashes[0]
	return solution{c.FirstRun, c.FirstTime}, nil
}

// tryStock lets the stock fuzzer try a puzzle from an empty cache. The executable is
// built by the first call and found in the build cache by the others.
func tryStock(dir, test string, seconds int) string {
	if seconds == 0 {
		return "not tried"
	}
	if err := os.RemoveAll(filepath.Join(dir, "puzzles", "testdata")); err != nil {
		return err.Error()
	}
	exe := filepath.Join(dir, "stock.test")
	build := exec.Command("go", "test", "-c", "-fuzz=.", "-vet=off", "-o", exe, "./puzzles")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Sprintf("not built: %s", out)
	}
	cmd := exec.Command(exe, "-test.run=^$", "-test.fuzz=^"+test+"$", "-test.fuzzcachedir="+filepath.Join(dir, "cache-"+test),
		"-test.parallel=1", "-test.paniconexit0", fmt.Sprintf("-test.fuzztime=%ds", seconds))
	cmd.Dir = filepath.Join(dir, "puzzles")
	start := time.Now()
	out, _ := cmd.CombinedOutput()
	if strings.Contains(string(out), "solved") {
		return fmt.Sprintf("solved within %s", time.Since(start).Round(time.Second))
	}
	return fmt.Sprintf("not in %d s", seconds)
}
