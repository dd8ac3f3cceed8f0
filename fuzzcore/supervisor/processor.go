package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// This file gives each worker a processor of its own.
//
// A worker and its executor pass inputs to and fro in memory, hundreds at a time. On one
// processor these stay in its caches, and neither waits for the other: a run that does
// next to nothing costs half of what it costs on two, in wall time too. Where runs are
// long it makes no difference, and several workers share the processors evenly. Go
// targets are left alone: their garbage collector wants more than one thread.

// processors returns the processor for each of the workers, -1 for those that may run
// anywhere: in campaigns of other than native targets, and workers beyond the number of
// processors. Processors that nobody else has chosen for himself come first.
func (c *Config) processors(workers int) []int {
	chosen := slices.Repeat([]int{-1}, workers)
	for i := range c.Tests {
		if !c.Tests[i].IsNative() {
			return chosen
		}
	}
	copy(chosen, freeProcessors())
	return chosen
}

// freeProcessors returns the processors that this process may use, those first to which
// the fewest other processes are bound. It returns nil if the system does not tell.
func freeProcessors() []int {
	var allowed unix.CPUSet
	if unix.SchedGetaffinity(0, &allowed) != nil || allowed.Count() < 2 {
		return nil
	}
	var free []int
	for i := range len(allowed) * 64 {
		if allowed.IsSet(i) {
			free = append(free, i)
		}
	}
	bound := boundProcesses()
	slices.SortStableFunc(free, func(a, b int) int { return bound[a] - bound[b] })
	return free
}

// boundProcesses returns how many processes may run on one processor only, by processor.
func boundProcesses() map[int]int {
	bound := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, list, _ := strings.Cut(string(status), "\nCpus_allowed_list:\t")
		list, _, _ = strings.Cut(list, "\n")
		var only int
		// Threads of the kernel have no memory, and say nothing of the load.
		if _, err := fmt.Sscanf(list+";", "%d;", &only); err == nil && strings.Contains(string(status), "\nVmRSS:") {
			bound[only]++
		}
	}
	return bound
}

// onProcessor calls start, whose child processes stay on the processor. The caller has
// locked its thread. Where that is not possible they may run anywhere.
func onProcessor(processor int, start func() error) error {
	var before, only unix.CPUSet
	if processor < 0 || unix.SchedGetaffinity(0, &before) != nil {
		return start()
	}
	only.Set(processor)
	if unix.SchedSetaffinity(0, &only) != nil {
		return start()
	}
	defer unix.SchedSetaffinity(0, &before)
	return start()
}
