package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// This file defines the tables that are printed.

// report prints the figures of all contenders, with ratios: how many times our
// processor time a peer took, least by least. Programs that tell their own time are
// compared by it, others by the time of the process.
func report(file string, n int, lineBytes uint64, all []*contender) {
	byName := map[string]*contender{}
	for _, c := range all {
		byName[c.name] = c
	}
	load, _ := os.ReadFile("/proc/loadavg") // Linux has it, others print nothing
	fmt.Printf("\n%s, %d addresses, load %s\n%-28s %18s %18s %18s %6s %8s\n%-28s %18s %18s %18s\n", file, n, firstWord(string(load)),
		"", "CPU ms", "process CPU ms", "wall ms", "MiB", "ratio", "", "least    median", "least    median", "least    median")
	for _, c := range all {
		ratio := ""
		if ours := byName[c.against]; ours != nil {
			ratio = fmt.Sprintf("x%.1f", float64(c.least(comparable))/float64(ours.least(comparable)))
		}
		fmt.Printf("%-28s %18s %18s %18s %6d %8s\n", c.name, c.leastAndMedian(ownTime), c.leastAndMedian(processTime), c.leastAndMedian(wallTime), c.memory()>>20, ratio)
	}
	for _, name := range []string{"lines", "calls"} {
		if two := byName[name+", 2 goroutines"]; two != nil {
			fmt.Printf("%s: two goroutines x%.2f wall\n", name, float64(byName[name].least(wallTime))/float64(two.least(wallTime)))
		}
	}
	if warm := byName["lines, warm"]; warm != nil {
		fmt.Printf(".debug_line has %.1f MB: %.0f MB/s if all of it was read\n", float64(lineBytes)/1e6, float64(lineBytes)/1e6/warm.least(ownTime).Seconds())
	}
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

func ownTime(f figure) time.Duration     { return f.own }
func processTime(f figure) time.Duration { return f.process }
func wallTime(f figure) time.Duration    { return f.wall }

// comparable is the time by which programs are compared.
func comparable(f figure) time.Duration {
	if f.own > 0 {
		return f.own
	}
	return f.process
}

// sorted returns one number of each trial, the least first.
func (c *contender) sorted(of func(figure) time.Duration) []time.Duration {
	var all []time.Duration
	for _, f := range c.trials {
		all = append(all, of(f))
	}
	slices.Sort(all)
	return all
}

func (c *contender) least(of func(figure) time.Duration) time.Duration { return c.sorted(of)[0] }

// leastAndMedian words the least and the median.
func (c *contender) leastAndMedian(of func(figure) time.Duration) string {
	all := c.sorted(of)
	if all[len(all)-1] == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %9.1f", milliseconds(all[0]), milliseconds(all[len(all)/2]))
}

// memory returns the least peak.
func (c *contender) memory() int64 {
	least := c.trials[0].memory
	for _, f := range c.trials {
		least = min(least, f.memory)
	}
	return least
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
