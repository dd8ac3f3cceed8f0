// Command speed compares fuzzls with `go test -fuzz`: runs per CPU-second of one
// worker, everything included, on the same machine in the same run; and what a
// second worker and the supervisor cost.
//
// Both are given the same fuzz test, the same seeds, an empty cache and the same
// wall time, in turns, three times; medians are printed with the ratio. CPU time
// is user and system time of the whole process tree, from the kernel. Both are
// built before the clock starts: `go test -c -fuzz` for the peer, a campaign of
// one run for fuzzls.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/bench/modules"
)

// subject is one fuzz test to measure.
type subject struct {
	name   string
	module string // to check out; "" for bench/targets
	dir    string // directory of the package in the module
	test   string
	scope  string // what fuzzls instruments beyond the module; "" for nothing
}

var subjects = []subject{
	{"trivial", "", "trivial", "FuzzSum", ""},
	{"encoding/json", "", "decode", "FuzzJSON", "encoding/json"},
	{"toml", modules.TOML, ".", "FuzzDecode", ""},
	{"goldmark", modules.Goldmark, "fuzz", "FuzzDefault", ""},
}

// figure is what one trial measured.
type figure struct {
	runs      float64
	cpu, wall float64 // seconds
	idle      float64 // share of a core that the supervisor used
}

func (f figure) perCPU() float64 { return f.runs / f.cpu }

func main() {
	log.SetFlags(0)
	seconds := flag.Int("seconds", 10, "wall seconds of each trial")
	trials := flag.Int("trials", 3, "trials of each program")
	only := flag.String("only", "", "name of the one subject to measure")
	flag.Parse()
	fuzzls, err := filepath.Abs("bin/fuzzls")
	if err != nil {
		log.Fatal(err)
	}
	work, err := os.MkdirTemp("", "fuzzls-speed-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(work)
	fmt.Printf("%-14s %14s %14s %7s %14s %9s %11s\n", "runs/CPU-s", "go test -fuzz", "fuzzls", "ratio",
		"2 workers", "scaling", "supervisor")
	for _, s := range subjects {
		if *only != "" && s.name != *only {
			continue
		}
		if err := measure(s, work, fuzzls, *seconds, *trials); err != nil {
			log.Fatalf("%s: %v", s.name, err)
		}
	}
}

func measure(s subject, work, fuzzls string, seconds, trials int) error {
	dir, err := checkout(s, filepath.Join(work, regexp.MustCompile(`\W`).ReplaceAllString(s.name, "-")))
	if err != nil {
		return err
	}
	if err := build(s, dir, fuzzls); err != nil {
		return err
	}
	var stock, one, two []figure
	for range trials {
		f, err := runStock(s, dir, seconds)
		if err != nil {
			return err
		}
		stock = append(stock, f)
		if f, err = runFuzzls(s, dir, fuzzls, 1, seconds); err != nil {
			return err
		}
		one = append(one, f)
		if f, err = runFuzzls(s, dir, fuzzls, 2, seconds); err != nil {
			return err
		}
		two = append(two, f)
	}
	theirs, ours := median(stock, figure.perCPU), median(one, figure.perCPU)
	rate := func(f figure) float64 { return f.runs / f.wall }
	fmt.Printf("%-14s %14.0f %14.0f %6.1fx %14.0f %8.2fx %10.2f%%\n", s.name, theirs, ours, ours/theirs,
		median(two, figure.perCPU), median(two, rate)/median(one, rate),
		100*median(two, func(f figure) float64 { return f.idle }))
	return nil
}

func checkout(s subject, dir string) (string, error) {
	if s.module != "" {
		return dir, modules.Checkout(s.module, dir)
	}
	return dir, os.CopyFS(dir, os.DirFS("bench/targets"))
}

// build builds both executables, so that the trials measure fuzzing only.
func build(s subject, dir, fuzzls string) error {
	cmd := exec.Command("go", "test", "-c", "-fuzz=.", "-vet=off", "-o", filepath.Join(dir, "stock.test"), "./"+s.dir)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go test -c: %w: %s", err, out)
	}
	_, err := campaign(s, dir, fuzzls, "-j=1", "--limit=1")
	return err
}

var execsPattern = regexp.MustCompile(`execs: (\d+)`)

func runStock(s subject, dir string, seconds int) (figure, error) {
	cache, err := os.MkdirTemp(dir, "cache-")
	if err != nil {
		return figure{}, err
	}
	defer os.RemoveAll(cache)
	cmd := exec.Command(filepath.Join(dir, "stock.test"), "-test.run=^$", "-test.fuzz=^"+s.test+"$",
		"-test.fuzzcachedir="+cache, "-test.parallel=1", "-test.paniconexit0",
		"-test.fuzztime="+strconv.Itoa(seconds)+"s")
	cmd.Dir = filepath.Join(dir, s.dir)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	start := time.Now()
	out, err := cmd.CombinedOutput()
	f := spent(cmd, start)
	found := execsPattern.FindAllSubmatch(out, -1)
	if err != nil || len(found) == 0 {
		return f, fmt.Errorf("go test -fuzz: %v: %s", err, out)
	}
	f.runs, err = strconv.ParseFloat(string(found[len(found)-1][1]), 64)
	return f, err
}

func runFuzzls(s subject, dir, fuzzls string, jobs, seconds int) (figure, error) {
	if err := os.RemoveAll(filepath.Join(dir, ".fuzzls", "tests")); err != nil {
		return figure{}, err
	}
	return campaign(s, dir, fuzzls, fmt.Sprintf("-j=%d", jobs), fmt.Sprintf("--time=%ds", seconds))
}

func campaign(s subject, dir, fuzzls string, args ...string) (figure, error) {
	args = append([]string{"fuzz", "--json", "--run=^" + s.test + "$"}, args...)
	if s.scope != "" {
		args = append(args, "--scope="+s.scope)
	}
	cmd := exec.Command(fuzzls, append(args, "./"+s.dir)...)
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	start := time.Now()
	out, err := cmd.Output()
	f := spent(cmd, start)
	var report struct {
		Elapsed       time.Duration `json:"elapsed_ns"`
		SupervisorCPU time.Duration `json:"supervisor_cpu_ns"`
		Tests         []struct {
			Runs struct{ Before, After float64 }
		}
	}
	if jsonErr := json.Unmarshal(out, &report); jsonErr != nil || len(report.Tests) != 1 {
		return f, fmt.Errorf("fuzzls: %v: %v: %s", err, jsonErr, out)
	}
	f.runs = report.Tests[0].Runs.After - report.Tests[0].Runs.Before
	f.wall = report.Elapsed.Seconds()
	f.idle = report.SupervisorCPU.Seconds() / f.wall
	return f, nil
}

// spent reads what an ended command and all of its descendants used.
func spent(cmd *exec.Cmd, start time.Time) figure {
	f := figure{wall: time.Since(start).Seconds()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.cpu = time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	}
	return f
}

func median(figures []figure, value func(figure) float64) float64 {
	var values []float64
	for _, f := range figures {
		values = append(values, value(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
