package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This file builds with and runs the fuzzers.

// buildMode is what fuzzing builds of libraries look for.
const buildMode = "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"

// compile makes an executable of the project's files.
func (p *project) compile(compiler, exe string, flags, linkFlags []string) error {
	var objects []string
	for i, file := range p.files {
		object := fmt.Sprintf("%s.%d.o", exe, i)
		args := slices.Concat([]string{"-O2", "-g", "-w", buildMode, "-c", file, "-o", object}, p.flags, flags)
		if err := p.command(compiler, args...); err != nil {
			return err
		}
		objects = append(objects, object)
	}
	return p.command(compiler, slices.Concat(linkFlags, objects, p.libs, []string{"-o", exe})...)
}

var (
	libFuzzer = contender{"libFuzzer", func(p *project) error {
		return p.compile(clang, "lf", []string{"-fsanitize=fuzzer"}, []string{"-fsanitize=fuzzer"})
	}, runLibFuzzer("lf")}
	libFuzzerCoverage = contender{"coverage", func(p *project) error {
		return p.compile(clang, "lfcov", []string{"-fsanitize-coverage=inline-8bit-counters,pc-table"}, []string{"-fsanitize=fuzzer"})
	}, runLibFuzzer("lfcov")}
	libFuzzerAddress = contender{"libFuzzer+ASan", func(p *project) error {
		return p.compile(clang, "lfasan", []string{"-fsanitize=fuzzer,address"}, []string{"-fsanitize=fuzzer,address"})
	}, runLibFuzzer("lfasan")}
	aflPlusPlus = contender{"AFL++", func(p *project) error {
		return p.compile("afl-clang-fast", "afl", []string{"-fsanitize=fuzzer"}, []string{"-fsanitize=fuzzer"})
	}, func(p *project, seconds, seed int) (figure, error) { return p.runAFL("afl", seconds, seed) }}
)

func haveAFL() bool {
	_, err := exec.LookPath("afl-fuzz")
	return err == nil
}

// measured runs a command and returns what it wrote, and what it and all that it
// started used.
func measured(cmd *exec.Cmd) (out []byte, f figure, err error) {
	var before, after unix.Rusage
	unix.Getrusage(unix.RUSAGE_CHILDREN, &before)
	start := time.Now()
	out, err = cmd.CombinedOutput()
	f.wall = time.Since(start).Seconds()
	reapRest()
	unix.Getrusage(unix.RUSAGE_CHILDREN, &after)
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	f.cpu = time.Duration(used).Seconds()
	return out, f, err
}

// reapRest ends those that have outlived their parents, which are this process's children
// now, so that what they used is counted.
func reapRest() {
	for {
		lists, _ := filepath.Glob("/proc/self/task/*/children")
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			for _, field := range strings.Fields(string(text)) {
				if pid, err := strconv.Atoi(field); err == nil {
					unix.Kill(pid, unix.SIGKILL)
				}
			}
		}
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && err != unix.EINTR {
			return
		}
	}
}

var unitsPattern = regexp.MustCompile(`number_of_executed_units: (\d+)`)

// freshCorpus returns a new directory with the seeds.
func (p *project) freshCorpus(exe string, seed int) (string, error) {
	dir := p.path(fmt.Sprintf("corpus-%s-%d", exe, seed))
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, os.DirFS(p.path("seeds")))
}

func runLibFuzzer(exe string) func(*project, int, int) (figure, error) {
	return func(p *project, seconds, seed int) (figure, error) {
		corpus, err := p.freshCorpus(exe, seed)
		if err != nil {
			return figure{}, err
		}
		cmd := exec.Command(p.path(exe), "-max_total_time="+strconv.Itoa(seconds), "-seed="+strconv.Itoa(seed), "-close_fd_mask=1",
			"-print_final_stats=1", "-verbosity=0", "-rss_limit_mb=0", "-detect_leaks=0", corpus)
		cmd.Dir = p.dir
		out, f, err := measured(cmd)
		f.corpus = corpus
		found := unitsPattern.FindSubmatch(out)
		if err != nil || found == nil {
			return f, fmt.Errorf("%v: %s", err, tail(out))
		}
		f.runs, err = strconv.ParseFloat(string(found[1]), 64)
		return f, err
	}
}

// tail returns the end of a text, for messages.
func tail(text []byte) []byte { return text[max(0, len(text)-2000):] }

// aflEnv keeps AFL++ from what is for people, and from refusing this machine.
var aflEnv = []string{"AFL_SKIP_CPUFREQ=1", "AFL_NO_AFFINITY=1", "AFL_NO_UI=1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
	"AFL_NO_WARN_INSTABILITY=1", "AFL_QUIET=1"}

var aflRunsPattern = regexp.MustCompile(`execs_done\s*: (\d+)`)

func (p *project) runAFL(exe string, seconds, seed int, args ...string) (figure, error) {
	in, out := p.path("afl-in"), p.path("afl-out")
	if err := os.RemoveAll(out); err != nil {
		return figure{}, err
	}
	if err := os.MkdirAll(in, 0o777); err != nil {
		return figure{}, err
	}
	// It does not begin without an input.
	if len(p.seeds) == 0 {
		if err := os.WriteFile(filepath.Join(in, "0"), []byte("0"), 0o666); err != nil {
			return figure{}, err
		}
	}
	for i, seed := range p.seeds {
		if err := os.WriteFile(filepath.Join(in, strconv.Itoa(i)), []byte(seed), 0o666); err != nil {
			return figure{}, err
		}
	}
	args = slices.Concat([]string{"-i", in, "-o", out, "-V", strconv.Itoa(seconds), "-s", strconv.Itoa(seed)}, args, []string{"--", p.path(exe)})
	cmd := exec.Command("afl-fuzz", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), aflEnv...)
	text, f, err := measured(cmd)
	stats, readErr := os.ReadFile(filepath.Join(out, "default", "fuzzer_stats"))
	found := aflRunsPattern.FindSubmatch(stats)
	if readErr != nil || found == nil {
		return f, fmt.Errorf("%v: %v: %s", err, readErr, tail(text))
	}
	f.runs, err = strconv.ParseFloat(string(found[1]), 64)
	f.corpus = filepath.Join(out, "default", "queue")
	return f, err
}

// withFuzzls is fuzzls with a sanitizer and a number of workers.
func (b *bench) withFuzzls(name, sanitizer string, workers int) contender {
	return contender{name, func(p *project) error {
		if err := p.describe(); err != nil {
			return err
		}
		_, err := b.campaign(p, sanitizer, 1, 1, "--limit=1")
		return err
	}, func(p *project, seconds, seed int) (figure, error) {
		c, err := b.campaign(p, sanitizer, workers, seed, fmt.Sprintf("--time=%ds", seconds))
		return c.figure, err
	}}
}

// describe writes the project's fuzzls.toml.
func (p *project) describe() error {
	quote := func(words []string) string {
		var quoted []string
		for _, word := range words {
			quoted = append(quoted, strconv.Quote(word))
		}
		return strings.Join(quoted, ", ")
	}
	text := fmt.Sprintf("[[target]]\nname = %q\nsources = [%s]\nflags = [%s]\nlibs = [%s]\ncorpus = [\"seeds\"]\n",
		p.name, quote(p.files), quote(slices.Concat([]string{"-w", buildMode}, p.flags)), quote(p.libs))
	return os.WriteFile(p.path("fuzzls.toml"), []byte(text), 0o666)
}

// campaign is what fuzzls has reported.
type campaign struct {
	figure
	// crashRuns and crashTime are how long the first crash took; 0 if there was none.
	crashRuns uint64
	crashTime time.Duration
}

func (b *bench) campaign(p *project, sanitizer string, workers, seed int, args ...string) (campaign, error) {
	var c campaign
	tests := p.path(".fuzzls/tests")
	if err := os.RemoveAll(tests); err != nil {
		return c, err
	}
	args = append([]string{"fuzz", "--json", "--run=^" + p.name + "$", "--clang=" + clang, "--sanitizer=" + sanitizer,
		fmt.Sprintf("-j=%d", workers), fmt.Sprintf("--seed=%d", seed)}, args...)
	cmd := exec.Command(b.fuzzls, args...)
	cmd.Dir = p.dir
	out, f, err := measured(cmd)
	c.figure = f
	var report struct {
		Elapsed time.Duration `json:"elapsed_ns"`
		Tests   []struct {
			Runs    struct{ Before, After float64 }
			Crashes []struct {
				FirstRun  uint64        `json:"first_run"`
				FirstTime time.Duration `json:"first_time_ns"`
			}
		}
	}
	// What comes before the report is progress.
	start := strings.Index(string(out), "{\n")
	if start < 0 {
		return c, fmt.Errorf("fuzzls: %v: %s", err, tail(out))
	}
	if jsonErr := json.Unmarshal(out[start:], &report); jsonErr != nil || len(report.Tests) != 1 {
		return c, fmt.Errorf("fuzzls: %v: %v: %s", err, jsonErr, tail(out))
	}
	test := report.Tests[0]
	c.runs, c.wall = test.Runs.After-test.Runs.Before, report.Elapsed.Seconds()
	if len(test.Crashes) > 0 {
		c.crashRuns, c.crashTime = test.Crashes[0].FirstRun, test.Crashes[0].FirstTime
	}
	found, _ := filepath.Glob(filepath.Join(tests, "*", p.name, "corpus"))
	if len(found) > 0 {
		c.corpus = p.path(fmt.Sprintf("corpus-fuzzls-%d", seed))
		os.RemoveAll(c.corpus)
		return c, os.CopyFS(c.corpus, os.DirFS(found[0]))
	}
	return c, nil
}

var coveredPattern = regexp.MustCompile(`INITED cov: (\d+)`)

// countEdges returns how many edges the inputs of a directory cover, as libFuzzer's
// coverage-only executable counts them.
func (p *project) countEdges(corpus string) (int, error) {
	cmd := exec.Command(p.path("lfcov"), "-runs=0", "-rss_limit_mb=0", "-close_fd_mask=1", corpus)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	found := coveredPattern.FindSubmatch(out)
	if err != nil || found == nil {
		return 0, fmt.Errorf("counting the edges of %s: %v: %s", corpus, err, tail(out))
	}
	return strconv.Atoi(string(found[1]))
}
