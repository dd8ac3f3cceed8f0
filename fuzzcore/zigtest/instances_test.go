package zigtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests several instances on one cache, against real executables.

// pool starts instances of one fuzz test of programs.All on a cache of their own.
type pool struct {
	t      *testing.T
	keeper *proc.Keeper
	exe    string
	id     uint64
	name   string
	cache  *Cache
}

func newPool(t *testing.T, name string) *pool {
	t.Helper()
	exe := programs.ForTest(t, "all", programs.All, programs.ReleaseSafe)
	d, err := Describe(t.Context(), Config{Exe: exe}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{t: t, keeper: proc.NewKeeper(), exe: exe, id: d.ID, name: "all.test." + name}
	t.Cleanup(p.keeper.Close)
	p.cache = NewCache(t.TempDir(), p.name)
	if err := p.cache.Create(); err != nil {
		t.Fatal(err)
	}
	return p
}

// start starts an instance.
func (p *pool) start(instance uint32, names ...string) *Child {
	p.t.Helper()
	dir, err := p.cache.Instance(instance)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(names) == 0 {
		names = []string{p.name}
	}
	c, err := Start(p.keeper, Config{Exe: p.exe, Cache: dir, Seed: 1, Start: abi.StartFuzzing{Amount: uint64(instance), Names: names}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// await takes events until one has the tag.
func (p *pool) await(c *Child, tag abi.Tag) Event {
	p.t.Helper()
	for e := range c.Events() {
		if e.Tag == tag {
			return e
		}
	}
	p.t.Fatalf("the child has ended before it sent tag %d:\n%s", tag, c.Text())
	return Event{}
}

// awaitEnd takes events until the child ends, and returns its crash and its input.
func (p *pool) awaitEnd(c *Child, instance uint32) (*executor.Crash, []byte) {
	p.t.Helper()
	for range c.Events() {
	}
	crash, _, err := CrashOf(c)
	if err != nil || crash == nil {
		p.t.Fatalf("crash %+v, %v:\n%s", crash, err, c.Text())
	}
	current, err := abi.FindCurrentInput(p.cache.CurrentDir(), p.id, instance)
	if err != nil {
		p.t.Fatal(err)
	}
	return crash, current.Data
}

var rare = []byte{0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}

// TestInstanceCrashesWhileAnotherLives: Zig's build runner waits for ever for a lock that
// the living instance holds, and tells of the crash never. The instance starts again on
// the same inputs and coverage meanwhile.
func TestInstanceCrashesWhileAnotherLives(t *testing.T) {
	p := newPool(t, "is rare")
	main, other := p.start(0), p.start(1)
	p.await(main, abi.TagFuzzTestChange)
	p.await(other, abi.TagFuzzTestChange)
	for range 3 {
		before, err := Runs(CoveragePath(p.cache.InstanceDir(1), p.id))
		if err != nil {
			t.Fatal(err)
		}
		other.Send(0, rare)
		crash, input := p.awaitEnd(other, 1)
		if !bytes.Equal(input, rare) || !strings.Contains(crash.Text, "the rare way") {
			t.Errorf("input %x of crash %+v", input, crash)
		}
		other = p.start(1)
		p.await(other, abi.TagFuzzTestChange)
		after, err := Runs(CoveragePath(p.cache.InstanceDir(1), p.id))
		if err != nil || after < before {
			t.Errorf("%d runs before, %d after: %v", before, after, err)
		}
	}
	main.Send(0, rare) // it has lived all the time
	if _, input := p.awaitEnd(main, 0); !bytes.Equal(input, rare) {
		t.Errorf("input %x", input)
	}
}

// TestSeveralTestsInOneProcess: start_fuzzing takes a list, and all instances hop by
// themselves between its fuzz tests.
func TestSeveralTestsInOneProcess(t *testing.T) {
	p := newPool(t, "walks")
	names := []string{"all.test.walks", "all.test.words", "all.test.is rare"}
	main, other := p.start(0, names...), p.start(1, names...)
	id := p.await(main, abi.TagCoverageID).Coverage
	if id.ID != p.id {
		t.Errorf("coverage id %#x, want %#x", id.ID, p.id)
	}
	entries := map[uint64]bool{}
	for range names {
		entries[p.await(main, abi.TagFuzzStartAddr).Addr] = true
	}
	if len(entries) != len(names) {
		t.Errorf("entry points %v", entries)
	}
	turns := map[uint32]bool{}
	for len(turns) < len(names) {
		turns[p.await(main, abi.TagFuzzTestChange).Test] = true
	}
	e := p.await(other, abi.TagBroadcastFuzzInput)
	main.Send(e.Test, e.Input)
	other.Send(2, rare) // by its place in the list, not in the executable
	crash, input := p.awaitEnd(other, 1)
	if !bytes.Equal(input, rare) || !strings.Contains(crash.Text, "the rare way") {
		t.Errorf("input %x of crash %+v", input, crash)
	}
}

// TestStrayLocks starts instances where a process that has gone astray holds the locks.
func TestStrayLocks(t *testing.T) {
	p := newPool(t, "is rare")
	for _, path := range []string{filepath.Join(p.cache.InputsDir(), "synclock"), filepath.Join(p.cache.CurrentDir(), "in0")} {
		file, err := os.Create(path)
		if err == nil {
			err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
	}
	c := p.start(0)
	for range c.Events() {
	}
	if _, _, err := CrashOf(c); err == nil || !strings.Contains(err.Error(), "in use by another fuzzer") {
		t.Errorf("the lock is held: %v", err)
	}
	if err := p.cache.Unlock(); err != nil {
		t.Fatal(err)
	}
	c = p.start(0)
	p.await(c, abi.TagFuzzTestChange)
	c.Send(0, rare)
	if _, input := p.awaitEnd(c, 0); !bytes.Equal(input, rare) { // not in in0
		t.Errorf("input %x", input)
	}
}

// TestCoverageFileOfAnother starts an instance where a file of the same name has other
// points.
func TestCoverageFileOfAnother(t *testing.T) {
	p := newPool(t, "is rare")
	dir, err := p.cache.Instance(0)
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "v"), 0o777)
	}
	if err == nil {
		err = os.WriteFile(CoveragePath(dir, p.id), make([]byte, 100), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := p.start(0)
	for range c.Events() {
	}
	if _, _, err := CrashOf(c); err == nil || !strings.Contains(err.Error(), "incompatible existing coverage file") {
		t.Errorf("%v\n%s", err, c.Text())
	}
}

// TestStopping ends instances in all ways that we do: none makes the process panic.
func TestStopping(t *testing.T) {
	p := newPool(t, "words")
	for _, stop := range []func(*Child){(*Child).Kill, (*Child).Close, func(c *Child) { c.Pause(); c.Close() }} {
		c := p.start(0)
		p.await(c, abi.TagFuzzTestChange)
		stop(c)
		for range c.Events() {
		}
		if crash, finished, err := CrashOf(c); crash != nil || finished || err != nil {
			t.Errorf("%+v, %v, %v", crash, finished, err)
		}
		if text := c.Text(); text != "" {
			t.Errorf("it has printed %q", text)
		}
	}
}

// TestPause looks whether a process that is paused runs.
func TestPause(t *testing.T) {
	p := newPool(t, "words")
	c := p.start(0)
	p.await(c, abi.TagFuzzTestChange)
	path := CoveragePath(p.cache.InstanceDir(0), p.id)
	runs := func() uint64 {
		n, err := Runs(path)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	c.Pause()
	for proc.StateOf(c.PID()).Letter != 'T' {
	}
	before := runs()
	cpu := proc.StateOf(c.PID()).CPU
	c.Resume()
	for runs() == before { // fails by the test's time limit
	}
	if proc.StateOf(c.PID()).CPU < cpu {
		t.Error("time goes backwards")
	}
}
