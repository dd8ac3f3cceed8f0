package supervisor

import (
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"golang.org/x/sys/unix"
)

func TestProcessors(t *testing.T) {
	free := freeProcessors()
	native, goTest := target.Test{Language: target.C}, target.Test{Language: target.Go}
	for _, test := range []struct {
		name    string
		tests   []target.Test
		workers int
		bound   int
	}{
		{"native", []target.Test{native}, 1, min(1, len(free))},
		{"more workers than processors", []target.Test{native}, len(free) + 3, len(free)},
		{"a Go fuzz test among them", []target.Test{native, goTest}, 2, 0},
	} {
		config := Config{Tests: test.tests}
		got := config.processors(test.workers)
		bound := slices.DeleteFunc(slices.Clone(got), func(p int) bool { return p < 0 })
		slices.Sort(bound)
		if len(got) != test.workers || len(bound) != test.bound || len(slices.Compact(bound)) != test.bound {
			t.Errorf("%s: %d workers are on processors %v of %v", test.name, test.workers, got, free)
		}
	}
}

func TestOnProcessor(t *testing.T) {
	free := freeProcessors()
	if len(free) == 0 {
		t.Log("there is one processor only: nobody is bound")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, processor := range free {
		var out strings.Builder
		cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
		cmd.Stdout = &out
		if err := onProcessor(processor, cmd.Start); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if got, want := strings.TrimSpace(out.String()), fmt.Sprintf("Cpus_allowed_list:\t%d", processor); got != want {
			t.Errorf("a process bound to processor %d: %q, want %q", processor, got, want)
		}
	}
	var now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &now); err != nil || now.Count() < len(free) {
		t.Errorf("the thread may use %d of %d processors afterwards, %v", now.Count(), len(free), err)
	}
}
