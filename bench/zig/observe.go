package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
)

// This file looks at a fuzzer that runs: who its processes are and what they have done.

// fuzzer is a command that fuzzes the package in dir until stop.
type fuzzer struct {
	dir string
	cmd *exec.Cmd
	out bytes.Buffer // read when the command has ended
}

// start starts a command in a process group of its own.
func start(dir string, args ...string) (*fuzzer, error) {
	f := &fuzzer{dir: dir, cmd: exec.Command(args[0], args[1:]...)}
	f.cmd.Dir, f.cmd.Stdout, f.cmd.Stderr = dir, &f.out, &f.out
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return f, f.cmd.Start()
}

// stop ends the command and what it has started.
func (f *fuzzer) stop() {
	syscall.Kill(-f.cmd.Process.Pid, syscall.SIGTERM)
	done := time.AfterFunc(5*time.Second, func() { syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL) })
	f.cmd.Wait()
	done.Stop()
	for _, pid := range f.processes("--listen=-") {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// processes returns the processes whose command line holds all parts and that work in
// the fuzzer's directory, or whose arguments name it.
func (f *fuzzer) processes(parts ...string) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(path), "cwd"))
		line := string(data)
		if err != nil || !strings.HasPrefix(cwd, f.dir) && !strings.Contains(line, f.dir) {
			continue
		}
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// targets returns the processes of fuzz executables, wrappers those of `fuzzls worker`.
func (f *fuzzer) targets() (pids []int) {
	for _, pid := range f.processes("--listen=-", "--cache-dir=") {
		if line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); !bytes.Contains(line, []byte("--manifest=")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (f *fuzzer) wrappers() []int { return f.processes("--listen=-", "--manifest=") }

// cpu returns the processor time that processes have used.
func cpu(pids []int) (total time.Duration) {
	for _, pid := range pids {
		total += proc.StateOf(pid).CPU
	}
	return total
}

// runs returns how many runs the fuzz executables have counted.
func (f *fuzzer) runs() uint64 { return runsIn(f.counts()) }

// counts returns the coverage files, in which runs are counted.
func (f *fuzzer) counts() (paths []string) {
	for _, pattern := range []string{".zig-cache/v/*", ".fuzzls/tests/*/*/zig/*/*/v/*"} {
		found, _ := filepath.Glob(filepath.Join(f.dir, pattern))
		paths = append(paths, found...)
	}
	return paths
}

func runsIn(paths []string) (total uint64) {
	for _, path := range paths {
		n, _ := zigtest.Runs(path)
		total += n
	}
	return total
}

// patience is how long a fuzzer may take to build and start.
const patience = 5 * time.Minute

// await waits until so many processes run and have made runs.
func (f *fuzzer) await(targets int) error {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if f.runs() > 0 && len(f.targets()) >= targets {
			return nil
		}
	}
	return fmt.Errorf("%v does not fuzz:\n%s", f.cmd.Args, f.out.String())
}
