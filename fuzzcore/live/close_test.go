package live

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"
)

// This file tests that nothing outlives Close, whatever was going on.

func TestClose(t *testing.T) {
	moments := map[string]func(w *Workspace, r *recorder){
		"nothing": func(*Workspace, *recorder) {},
		"while building": func(w *Workspace, r *recorder) {
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			r.wait("the compiler", func() bool {
				found := false
				r.locked(func() {
					for _, a := range r.activities {
						found = found || a.Kind == Building && strings.Contains(a.Message, "compiling")
					}
				})
				return found
			})
		},
		"while fuzzing": func(w *Workspace, r *recorder) {
			w.Watch(filepath.Join(w.Dir(), "parser.go"))
			if err := w.Start(); err != nil {
				t.Fatal(err)
			}
			r.wait("runs", func() bool { test, _ := w.Test(fuzzOther); return test.Figures.NewRuns > 0 })
			if len(descendants(t)) < 2 {
				t.Error("no worker and no executor")
			}
		},
		"while building again": func(w *Workspace, r *recorder) {
			if err := w.Start(fuzzOther); err != nil {
				t.Fatal(err)
			}
			r.waitState(w, fuzzOther, Running)
			write(t, w.Dir(), "parser.go", strings.Replace(parserGo, "return 2", "return 22", 1))
			w.Saved(filepath.Join(w.Dir(), "parser.go"))
			r.wait("the second build", func() bool {
				builds := 0
				r.locked(func() {
					for _, a := range r.activities {
						if a.Kind == Building && a.Phase == Begin {
							builds++
						}
					}
				})
				return builds == 2
			})
		},
	}
	for name, moment := range moments {
		t.Run(name, func(t *testing.T) {
			w, r := open(t, parserModule(t))
			moment(w, r)
			start := time.Now()
			w.Close()
			t.Log("closed in", time.Since(start))
			if left := descendants(t); len(left) > 0 {
				t.Errorf("processes are left: %q", left)
			}
			if left := ownGoroutines(); left != "" {
				t.Errorf("goroutines are left:\n%s", left)
			}
			r.checkPairs()
			for _, test := range w.Tests() {
				if test.State != Idle {
					t.Errorf("%s is in state %v", test.Name, test.State)
				}
			}
			if err := w.Start(); err == nil {
				t.Error("a closed workspace starts")
			}
			if err := w.Load(t.Context()); err == nil {
				t.Error("a closed workspace loads")
			}
			w.Saved(filepath.Join(w.Dir(), "parser.go"))
			w.Stop()
			w.Close()
		})
	}
}

// ownGoroutines returns the stacks of goroutines, but for the tests', that run code of
// this module.
func ownGoroutines() string {
	var all bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&all, 2)
	var own []string
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		running, _, _ := strings.Cut(stack, "created by ")
		if strings.Contains(running, "fuzzls/fuzzcore/") && !strings.Contains(running, "live.TestClose") && !strings.Contains(running, "live.TestMain") {
			own = append(own, stack)
		}
	}
	return strings.Join(own, "\n\n")
}

// descendants returns the command lines of the processes below this one.
func descendants(t *testing.T) []string {
	t.Helper()
	children := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
		if err != nil || open < 1 || end < open {
			continue // it has ended
		}
		pid, _ := strconv.Atoi(strings.TrimSpace(string(data[:open])))
		if fields := strings.Fields(string(data[end+1:])); len(fields) > 1 && fields[0] != "Z" {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	var commands []string
	for next := children[os.Getpid()]; len(next) > 0; next = next[1:] {
		next = append(next, children[next[0]]...)
		command, _ := os.ReadFile("/proc/" + strconv.Itoa(next[0]) + "/cmdline")
		commands = append(commands, string(bytes.ReplaceAll(command, []byte{0}, []byte{' '})))
	}
	return commands
}
