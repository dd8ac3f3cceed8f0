package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	s := open(t, t.TempDir())
	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir(), "campaign.lock")
	if got, want := readFile(t, path), fmt.Sprintln(os.Getpid()); got != want {
		t.Errorf("the lock file holds %q, want %q", got, want)
	}
	_, err = open(t, s.Root()).Lock()
	checkLocked(t, err, os.Getpid())
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	if got := readFile(t, path); got != "" {
		t.Errorf("after unlocking the lock file holds %q", got)
	}
	lock, err = s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

func holdLock(root string) error {
	s, err := Open(root)
	if err != nil {
		return err
	}
	lock, err := s.Lock()
	if err != nil {
		return err
	}
	reached(os.Getpid())
	return lock.Unlock()
}

func TestLockOfAnotherProcess(t *testing.T) {
	s := open(t, t.TempDir())
	other := start(t, "hold the lock", s.Root())
	if got := other.line(); got != fmt.Sprint(other.Process.Pid) {
		t.Fatalf("the other process says %q", got)
	}
	_, err := s.Lock()
	checkLocked(t, err, other.Process.Pid)
	want := fmt.Sprintf("another campaign, process %d, is using %s: wait for its end or stop it with `kill -INT %[1]d`", other.Process.Pid, s.Dir())
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	other.finish()
	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestLockOfDeadProcess takes over from a campaign that was killed.
func TestLockOfDeadProcess(t *testing.T) {
	s := open(t, t.TempDir())
	other := start(t, "hold the lock", s.Root())
	other.line()
	other.kill()
	if got, want := readFile(t, filepath.Join(s.Dir(), "campaign.lock")), fmt.Sprintln(other.Process.Pid); got != want {
		t.Errorf("the dead process left %q, want %q", got, want)
	}
	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestLockedByUnknown(t *testing.T) {
	for _, content := range []string{"", "x", "12345678901234567890123456789012345678901234567890"} {
		path := filepath.Join(t.TempDir(), "lock")
		makeFile(t, path, []byte(content))
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if pid := readPID(file); pid != 0 {
			t.Errorf("process id in %q: %d", content, pid)
		}
	}
	err := &LockedError{Dir: "/w/.fuzzls"}
	if got, want := err.Error(), "another campaign is using /w/.fuzzls: wait for its end"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func checkLocked(t *testing.T, err error, pid int) {
	t.Helper()
	locked, ok := errors.AsType[*LockedError](err)
	if !ok || locked.PID != pid {
		t.Fatalf("error %v, want process %d", err, pid)
	}
}

// stopInAdd and stopInSave stop when everything is written under the temporary
// name.
func stopInAdd(root string) error {
	s, err := stopping(root)
	if err != nil {
		return err
	}
	_, _, err = s.FuzzTest("example.com/p", "FuzzX").Corpus().Add([]byte("killed"))
	return err
}

func stopInSave(root string) error {
	s, err := stopping(root)
	if err != nil {
		return err
	}
	_, err = s.FuzzTest("example.com/p", "FuzzX").Crashes().Save("sig", map[string][]byte{"input": []byte("killed")}, nil)
	return err
}

func stopping(root string) (*State, error) {
	s, err := Open(root)
	if err != nil {
		return nil, err
	}
	s.beforeRename = func(temp string) error {
		reached(temp)
		return nil
	}
	return s, nil
}

// TestKilledWriter kills writers between the writing and the renaming: nothing
// half-written is seen, and the next campaign removes what they left, but not
// what a living writer is busy with.
func TestKilledWriter(t *testing.T) {
	s := open(t, t.TempDir())
	test := s.FuzzTest("example.com/p", "FuzzX")
	var left []string
	for _, role := range []string{"stop in Add", "stop in Save"} {
		killed := start(t, role, s.Root())
		left = append(left, killed.line())
		killed.kill()
	}
	living := []*process{start(t, "stop in Add", s.Root()), start(t, "stop in Save", s.Root())}
	var busy []string
	for _, p := range living {
		busy = append(busy, p.line())
	}
	for _, path := range append(left, busy...) {
		if _, err := os.Lstat(path); err != nil {
			t.Fatal(err)
		}
	}
	checkEntries(t, test.Corpus())
	if crashes, err := test.Crashes().List(); err != nil || len(crashes) != 0 {
		t.Errorf("crashes %v, %v", crashes, err)
	}

	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	for _, path := range left {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	for _, p := range living {
		p.finish()
	}
	checkEntries(t, test.Corpus(), "killed")
	crashes, err := test.Crashes().List()
	if err != nil || len(crashes) != 1 || crashes[0].Count != 1 {
		t.Errorf("crashes %v, %v", crashes, err)
	}
}
