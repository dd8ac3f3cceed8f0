package target

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var highDescriptor = regexp.MustCompile(` 9\d\d -> `)

// FuzzSemantics does with its T what its input says.
func FuzzSemantics(f *testing.F) {
	var state struct {
		cleaned   int
		last      *testing.T
		dir       string
		leaked    chan func(t *testing.T)
		sawFailed bool
	}
	f.Fuzz(func(t *testing.T, s string) {
		if f.Failed() || t.Failed() || t.Skipped() {
			panic("an earlier input's state is left")
		}
		state.last = t
		switch way, arg, _ := strings.Cut(s, " "); way {
		case "skip":
			t.Skip("not", "wanted")
		case "skipf":
			t.Skipf("not %s", "wanted")
		case "skipnow":
			defer Count(3)
			t.SkipNow()
		case "fail-skip":
			t.Error("failed first")
			t.Skip("then skipped")
		case "cleanup-skip":
			t.Cleanup(func() { state.cleaned++ })
			t.Skip()
		case "log":
			t.Log("not to be seen")
		case "log-fail":
			t.Log("to be seen")
			helper(t)
		case "cleanup":
			t.Cleanup(func() { state.cleaned++ })
		case "cleaned":
			if got := fmt.Sprint(state.cleaned); got != arg {
				t.Fatalf("cleaned %s times, not %s", got, arg)
			}
		case "cleanup-panic":
			t.Cleanup(func() { panic("in clean-up") })
		case "cleanup-fail":
			t.Cleanup(func() { t.Error("in clean-up") })
		case "sub":
			t.Run("name", func(t *testing.T) {
				if arg == "fail" {
					t.Fatal("sub failed")
				}
				if arg == "panic" {
					panic("sub panicked")
				}
				if arg == "skip" {
					t.Skip("sub skipped")
				}
			})
		case "sub-parallel":
			for i := 0; i < 3; i++ {
				t.Run("name", func(t *testing.T) {
					t.Parallel()
					if arg == "fail" {
						t.Error("parallel sub failed")
					}
				})
			}
		case "parallel":
			t.Parallel()
		case "tempdir":
			state.dir = t.TempDir()
			if err := os.WriteFile(state.dir+"/file", []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		case "tempdir-gone":
			if _, err := os.Stat(state.dir); state.dir == "" || !os.IsNotExist(err) {
				t.Fatalf("%q is still there", state.dir)
			}
		case "setenv":
			t.Setenv("FUZZ_SEMANTICS", arg)
		case "unset":
			if v, ok := os.LookupEnv("FUZZ_SEMANTICS"); ok {
				t.Fatalf("still set to %s", v)
			}
		case "name":
			if t.Name() != "FuzzSemantics" {
				t.Fatal("name is ", t.Name())
			}
		case "goroutine":
			var group sync.WaitGroup
			for i := 0; i < 4; i++ {
				group.Add(1)
				go func() {
					defer group.Done()
					if arg == "fail" {
						t.Error("failed in a helper goroutine")
					}
				}()
			}
			group.Wait()
		case "leak":
			state.leaked = make(chan func(*testing.T))
			go func() { (<-state.leaked)(t) }()
		case "leaked-fails":
			// The leaked goroutine's T is done: that is a panic.
			done := make(chan bool)
			state.leaked <- func(old *testing.T) {
				defer close(done)
				defer func() {
					if recover() == nil {
						t.Error("the T of an earlier input is not done")
					}
				}()
				old.Error("too late")
			}
			<-done
		case "race":
			n, done := 0, make(chan bool)
			go func() {
				n++
				done <- true
			}()
			n++
			<-done
		case "helper":
			t.Helper()
			t.Error("by a helper")
		case "command":
			out, err := exec.Command("sh", "-c", "echo $FUZZLS_RING; ls -l /proc/self/fd").Output()
			if err != nil {
				t.Fatal(err)
			}
			// The executor keeps its descriptors above 900.
			ring, fds, _ := strings.Cut(string(out), "\n")
			if ring != "" || strings.Contains(fds, "fuzzls") || highDescriptor.MatchString(fds) {
				t.Fatalf("a child sees the ring %q or descriptors %q", ring, fds)
			}
		default:
			more(t, f.Name(), s)
		}
	})
}

// more handles what only newer versions of Go know.
var more = func(t *testing.T, name, s string) {}

func helper(t *testing.T) {
	t.Helper()
	t.Error("failed in a helper")
}
