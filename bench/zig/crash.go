package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// This file measures what happens after a crash.

// crash measures how long a crash takes to be kept, and its instance to fuzz again.
func (t *tools) crash(trials int) error {
	var kept, again []float64
	for range trials {
		k, a, err := t.crashOnce()
		if err != nil {
			return err
		}
		kept, again = append(kept, k.Seconds()), append(again, a.Seconds())
	}
	fmt.Printf("from a crash to its reproducer on disk %.0f ms, to the instance's next run %.0f ms (medians of %d)\n",
		1000*median(kept), 1000*median(again), trials)
	return nil
}

// said matches the moment at which the fuzz test says that it fails.
var said = regexp.MustCompile(`AT (\d{19})`)

// crashOnce runs a campaign until its first crash.
func (t *tools) crashOnce() (kept, again time.Duration, err error) {
	dir := filepath.Join(t.work, "crash")
	if err := writePackage(dir, crasher); err != nil {
		return 0, 0, err
	}
	os.RemoveAll(filepath.Join(dir, ".fuzzls/tests"))
	f, err := start(dir, t.fuzzls, "fuzz", "--zig", t.zig, "-j", "1")
	if err != nil {
		return 0, 0, err
	}
	defer f.stop()
	if err := f.await(1); err != nil {
		return 0, 0, err
	}
	// When the number of runs was last seen to stand still for a while, and when it moved.
	var report string
	moved := []time.Time{time.Now()}
	counts := f.counts()
	last := runsIn(counts)
	for end := time.Now().Add(patience); report == "" || time.Since(moved[len(moved)-1]) > time.Second/2; {
		if time.Now().After(end) {
			return 0, 0, fmt.Errorf("no crash:\n%s", f.out.String())
		}
		if runs := runsIn(counts); runs != last {
			last = runs
			moved = append(moved, time.Now())
		}
		if report == "" {
			report, kept, err = t.reported(dir)
			if err != nil {
				return 0, 0, err
			}
		}
		time.Sleep(200 * time.Microsecond)
	}
	at, err := moment(report)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range moved {
		if m.After(at.Add(time.Millisecond)) { // what was noticed late is of before
			return kept, m.Sub(at), nil
		}
	}
	return 0, 0, fmt.Errorf("no run after the crash:\n%s", f.out.String())
}

// reported returns the report of the crash, "" if there is none yet, and how long after
// the crash its reproducer was written.
func (t *tools) reported(dir string) (report string, kept time.Duration, err error) {
	inputs, _ := filepath.Glob(filepath.Join(dir, ".fuzzls/tests/*/*/crashes/*/input"))
	if len(inputs) == 0 {
		return "", 0, nil
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(inputs[0]), "report.txt"))
	if err != nil {
		return "", 0, nil // not yet
	}
	info, err := os.Stat(inputs[0])
	if err != nil {
		return "", 0, err
	}
	at, err := moment(string(text))
	return string(text), info.ModTime().Sub(at), err
}

// moment returns when the fuzz test failed.
func moment(report string) (time.Time, error) {
	found := said.FindStringSubmatch(report)
	if found == nil {
		return time.Time{}, fmt.Errorf("the report does not say when the fuzz test failed:\n%s", report)
	}
	nanos, err := strconv.ParseInt(found[1], 10, 64)
	return time.Unix(0, nanos), err
}
