package live

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// This file defines what the tests share: the real worker, modules made for a test, and
// an observer whose events can be waited for.

// binary is the fuzzls whose workers the tests use; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fuzzls-live-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "fuzzls")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/fuzzls").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building fuzzls: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// module writes a module called example.com/m and returns its directory. Files are
// given as "name", "content" pairs.
func module(t *testing.T, files ...string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", "module example.com/m\n\ngo 1.22\n")
	for i := 0; i < len(files); i += 2 {
		write(t, dir, files[i], files[i+1])
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recorder is an observer that keeps what it was told, for tests that wait.
type recorder struct {
	t       *testing.T
	mu      sync.Mutex
	changed *sync.Cond // on mu: anything was told

	// Guarded by mu.
	told       int // events of any kind
	activities []Activity
	notices    []string
	fresh      []Crash
	lines      map[string]map[uint32]bool // by path: lines told by LinesCovered
	replaced   int
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{t: t, lines: map[string]map[uint32]bool{}}
	r.changed = sync.NewCond(&r.mu)
	return r
}

func (r *recorder) tell(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told++
	if f != nil {
		f()
	}
	r.changed.Broadcast()
}

func (r *recorder) TestsChanged(*Workspace)    { r.tell(nil) }
func (r *recorder) ProblemsChanged(*Workspace) { r.tell(nil) }
func (r *recorder) CoverageReplaced(*Workspace) {
	r.tell(func() { r.replaced++ })
}

func (r *recorder) LinesCovered(_ *Workspace, path string, lines []uint32) {
	r.tell(func() {
		if r.lines[path] == nil {
			r.lines[path] = map[uint32]bool{}
		}
		for _, l := range lines {
			r.lines[path][l] = true
		}
	})
}

func (r *recorder) CrashesChanged(_ *Workspace, fresh []Crash) {
	r.tell(func() { r.fresh = append(r.fresh, fresh...) })
}

func (r *recorder) Progress(_ *Workspace, a Activity) {
	r.tell(func() { r.activities = append(r.activities, a) })
}

func (r *recorder) Notice(_ *Workspace, text string) {
	r.tell(func() { r.notices = append(r.notices, text) })
}

// wait waits until condition is true, which is asked after each event. condition may
// call the workspace.
func (r *recorder) wait(what string, condition func() bool) {
	r.t.Helper()
	stop := make(chan struct{})
	defer close(stop)
	r.t.Log("waiting for", what)
	for {
		r.mu.Lock()
		before := r.told
		r.mu.Unlock()
		if condition() {
			return
		}
		r.mu.Lock()
		for r.told == before {
			r.changed.Wait()
		}
		r.mu.Unlock()
	}
}

// locked calls f with what was told so far.
func (r *recorder) locked(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

// ended reports whether an activity of a kind has ended, and with what message.
func (r *recorder) ended(kind ActivityKind) (message string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.activities {
		if a.Kind == kind && a.Phase == End {
			message, ok = a.Message, true
		}
	}
	return message, ok
}

// checkPairs fails unless every activity began once and ended once.
func (r *recorder) checkPairs() {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	open := map[uint64]bool{}
	for _, a := range r.activities {
		switch a.Phase {
		case Begin:
			if open[a.ID] {
				r.t.Errorf("activity %d begins twice", a.ID)
			}
			open[a.ID] = true
		case Report:
			if !open[a.ID] {
				r.t.Errorf("activity %d %q reports %q outside of its time", a.ID, a.Title, a.Message)
			}
		case End:
			if !open[a.ID] {
				r.t.Errorf("activity %d %q ends without having begun", a.ID, a.Title)
			}
			delete(open, a.ID)
		}
	}
	for id := range open {
		r.t.Errorf("activity %d never ended", id)
	}
}

// open loads a workspace. It is closed, and its activities are checked, when the test
// ends.
func open(t *testing.T, dir string) (*Workspace, *recorder) {
	t.Helper()
	r := newRecorder(t)
	w := New(Config{Dir: dir, Worker: []string{binary, "worker"}, Observer: r, Settings: Settings{Jobs: 1}})
	t.Cleanup(func() {
		w.Close()
		r.checkPairs()
	})
	if err := w.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, r
}

// line returns the 1-based number of the first line of text that contains part.
func line(t *testing.T, text, part string) uint32 {
	t.Helper()
	before, _, ok := bytes.Cut([]byte(text), []byte(part))
	if !ok {
		t.Fatalf("no %q", part)
	}
	return uint32(bytes.Count(before, []byte("\n")) + 1)
}
