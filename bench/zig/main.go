// Command zig compares fuzzls with Zig's own build runner, `zig build test --fuzz`: what
// supervising the same executables costs. It prints
//
//   - runs per CPU-second of the executables, of both at the same time, so that whatever
//     else the machine does slows both, and the median of the ratios;
//   - what fuzzls's own processes use meanwhile, in time and in memory;
//   - the time from a crash to its reproducer on disk, and to the instance's next run.
//
// Both build in ReleaseSafe. The build and the first seconds are not measured. Zig 0.16.0
// comes from scripts/setup, fuzzls from bin/fuzzls.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// tools are the programs that are compared.
type tools struct{ zig, fuzzls, work string }

// settle is how long a fuzzer runs before it is measured: for the inputs that are found at
// first.
const settle = 2 * time.Second

func main() {
	log.SetFlags(0)
	seconds := flag.Int("seconds", 10, "wall seconds of each trial")
	trials := flag.Int("trials", 3, "trials of each program")
	jobs := flag.Int("jobs", 1, "instances")
	flag.Parse()
	// Both at the priority that fuzzls gives to targets: on a machine that does something
	// else, too, that decides how often they are interrupted.
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, proc.Nice); err != nil {
		log.Fatal(err)
	}
	t, err := findTools()
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(t.work)
	if err := t.compare(*jobs, *trials, time.Duration(*seconds)*time.Second); err != nil {
		log.Fatal(err)
	}
	if err := t.crash(*trials); err != nil {
		log.Fatal(err)
	}
}

func findTools() (t tools, err error) {
	if t.zig, err = programs.Zig(); err != nil {
		return t, err
	}
	if t.fuzzls, err = filepath.Abs("bin/fuzzls"); err != nil {
		return t, err
	}
	t.work, err = os.MkdirTemp("", "fuzzls-bench-zig-")
	return t, err
}

// figure is what one trial measured.
type figure struct {
	perCPU float64 // runs per CPU-second of the executables
	own    float64 // share of a core that the program's other processes used
	memory []int64 // bytes resident of those: the supervisor, then each wrapper
}

// compare measures both programs at the same time.
func (t *tools) compare(jobs, trials int, wall time.Duration) error {
	var ratios []float64
	for i := range trials {
		zig, own, err := t.trial(jobs, wall)
		if err != nil {
			return err
		}
		ratios = append(ratios, own.perCPU/zig.perCPU)
		fmt.Printf("trial %d: zig build test --fuzz %.0f, fuzzls %.0f runs per CPU-second of the executables, ratio %.3f; fuzzls itself: %.2f %% of a core, supervisor %d MB, wrappers %s MB\n",
			i+1, zig.perCPU, own.perCPU, ratios[i], 100*own.own, own.memory[0]>>20, megabytes(own.memory[1:]))
	}
	fmt.Printf("median ratio %.3f\n", median(ratios))
	return nil
}

// trial measures both programs once.
func (t *tools) trial(jobs int, wall time.Duration) (zig, own figure, err error) {
	z, err := t.begin("zig", jobs, t.zig, "build", "test", "--fuzz", "-Doptimize=ReleaseSafe", "--webui=127.0.0.1:0", "-j"+strconv.Itoa(jobs))
	if err != nil {
		return zig, own, err
	}
	defer z.stop()
	f, err := t.begin("fuzzls", jobs, t.fuzzls, "fuzz", "--zig", t.zig, "-j", strconv.Itoa(jobs))
	if err != nil {
		return zig, own, err
	}
	defer f.stop()
	time.Sleep(settle)
	first, second := z.look(), f.look()
	time.Sleep(wall)
	return z.look().since(first), f.look().since(second), nil
}

// begin starts a program on a package of its own and waits until it fuzzes. The package
// is kept for the next trial, so that it is built once; both begin without inputs.
func (t *tools) begin(name string, jobs int, args ...string) (*fuzzer, error) {
	dir := filepath.Join(t.work, name)
	if err := writePackage(dir, steady); err != nil {
		return nil, err
	}
	for _, name := range []string{".zig-cache/f", ".zig-cache/v", ".fuzzls/tests"} {
		os.RemoveAll(filepath.Join(dir, name))
	}
	f, err := start(dir, args...)
	if err != nil {
		return nil, err
	}
	if err := f.await(jobs); err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

// sight is what a fuzzer had done at one moment.
type sight struct {
	at        time.Time
	runs      uint64
	cpu, own  time.Duration // of the executables, and of all others
	processes []int         // the others
}

func (f *fuzzer) look() sight {
	others := append([]int{f.cmd.Process.Pid}, f.wrappers()...)
	return sight{time.Now(), f.runs(), cpu(f.targets()), cpu(others), others}
}

// since returns what was done between two moments.
func (s sight) since(first sight) figure {
	g := figure{
		perCPU: float64(s.runs-first.runs) / (s.cpu - first.cpu).Seconds(),
		own:    (s.own - first.own).Seconds() / s.at.Sub(first.at).Seconds(),
	}
	for _, pid := range s.processes {
		g.memory = append(g.memory, proc.Resident(pid))
	}
	return g
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func megabytes(sizes []int64) string {
	text := ""
	for i, size := range sizes {
		if i > 0 {
			text += ", "
		}
		text += strconv.FormatInt(size>>20, 10)
	}
	return text
}
