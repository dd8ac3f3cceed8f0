package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines the live display where there is no terminal.

// linesEvery is how often the plain display prints: often enough to see life in a
// CI log, seldom enough not to fill it.
const linesEvery = 5 * time.Second

// lines prints a line for each fuzz test that ran, every few seconds.
type lines struct {
	out io.Writer

	mu      sync.Mutex    // guards what follows, and the order of what is written
	printed time.Duration // Elapsed when lines were last printed
	last    supervisor.Snapshot
	runs    []uint64 // NewRuns of each test when it was last printed
}

func (l *lines) show(s supervisor.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = s
	if s.Elapsed-l.printed < linesEvery {
		return
	}
	l.printed = s.Elapsed
	l.print()
}

// print writes a line for each fuzz test that ran since its last line. The caller
// holds l.mu.
func (l *lines) print() {
	if len(l.runs) != len(l.last.Tests) {
		l.runs = make([]uint64, len(l.last.Tests))
	}
	for i := range l.last.Tests {
		t := &l.last.Tests[i]
		if t.NewRuns == l.runs[i] {
			continue
		}
		l.runs[i] = t.NewRuns
		fmt.Fprintf(l.out, "%s %s: %d runs (%s/s), %d unique, %d of %d points, last find %s ago, %s\n",
			clock(l.last.Elapsed), target.FullName(t.Package, t.Func), t.Runs, supervisor.Short(t.RunsPerSecond), t.Unique,
			t.Points, t.TotalPoints, clock(t.SinceFind), supervisor.Count(t.Crashes, "crash", "crashes"))
	}
}

func (l *lines) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.out, text)
}

func (l *lines) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.print()
}
