package supervisor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines Campaign: from one start to one stop.

// Config is what a campaign is told. The caller sets it before New.
type Config struct {
	// State is the workspace's state, locked by the caller.
	State *store.State
	// Root is the workspace's directory.
	Root string
	// Tests are the fuzz tests to run, grouped by executable.
	Tests []target.Test
	// Jobs is the number of workers, at least 1.
	Jobs int
	// Limit is the number of cycles for each fuzz test; 0 runs without end.
	Limit uint64
	// OnlyCorpus: seeds and corpus run once and nothing is mutated; Limit is 0 then.
	OnlyCorpus bool
	// Seed is the campaign's random seed. Each instance derives its own.
	Seed uint32
	// Timeout is how long one run may take, MemoryLimit how many bytes of resident
	// memory an executor may use.
	Timeout     time.Duration
	MemoryLimit int64
	// Processors is how many threads may run user code at once in one executor.
	Processors int
	// Worker is the command that starts a worker process; arguments are appended.
	Worker []string
	// Modules are the user's own modules.
	Modules []target.Module
	// ReplayFlags are the build flags that a replay command must repeat.
	ReplayFlags []string
	// Observe, if set, is called about five times a second from one goroutine.
	Observe func(Snapshot)
	// Notice, if set, is called with sentences for the user, from several goroutines.
	Notice func(string)
	// Crashed, if set, is called when the crash with this signature of Tests[test] was
	// seen or what is kept of it has changed. It must return at once.
	Crashed func(test int, signature string)
}

// limited: each fuzz test is given to one worker and has an end.
func (c *Config) limited() bool { return c.Limit > 0 || c.OnlyCorpus }

// tick is how often the coverage files are looked at: often enough for a display
// that feels live, seldom enough to cost next to nothing.
const tick = 200 * time.Millisecond

// stopGrace is how long workers may take to end after they were asked to, before
// they are killed: they only have to kill their executors.
const stopGrace = time.Second

// Campaign is one campaign. Make one with New, then call Run once.
type Campaign struct {
	config  Config
	started time.Time
	cpu     time.Duration // this process's processor time when Run started
	tests   []*testState
	crashes *crashKeeper
	workers []*instance

	mu    sync.Mutex
	alive int // guarded by mu; running workers

	// looking guards what the tests know of their coverage files, and final, the report
	// of a campaign that has ended.
	looking sync.Mutex
	final   *Report
}

// New prepares a campaign: it opens the coverage files and notes where earlier
// campaigns had left them.
func New(config Config) (*Campaign, error) {
	if len(config.Tests) == 0 {
		return nil, errors.New("starting a campaign: no fuzz tests")
	}
	if config.Jobs < 1 {
		return nil, fmt.Errorf("starting a campaign: %d workers: expected at least 1", config.Jobs)
	}
	c := &Campaign{config: config, started: time.Now()}
	for i := range config.Tests {
		t, err := openTest(config.State, &config.Tests[i], c.started)
		if err != nil {
			c.close()
			return nil, err
		}
		c.tests = append(c.tests, t)
	}
	c.crashes = newCrashKeeper(c)
	return c, nil
}

// RandomSeed returns a seed for a campaign whose user gave none.
func RandomSeed() uint32 { return rand.Uint32() }

// Run fuzzes until ctx ends or, in limited mode, every fuzz test has had its
// cycles, and returns the report. It returns an error if no worker could run.
func (c *Campaign) Run(ctx context.Context) (*Report, error) {
	defer c.end()
	c.cpu = ownCPU()
	manifest, err := c.writeManifest()
	if err != nil {
		return nil, err
	}
	defer os.Remove(manifest)
	finish, err := c.prepareZig()
	if err != nil {
		return nil, err
	}
	defer finish()
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.crashes.start()
	var group sync.WaitGroup
	shares := c.shares()
	processors := c.config.processors(len(shares))
	for i, share := range shares {
		w := newInstance(c, share, manifest)
		w.processor = processors[i]
		c.workers = append(c.workers, w)
	}
	for _, w := range c.workers {
		group.Go(func() {
			if err := w.supervise(running); err != nil {
				stop(err)
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	c.watch(ended)
	c.crashes.stop(running)
	if cause := context.Cause(running); cause != nil && ctx.Err() == nil {
		return c.conclude(), cause
	}
	return c.conclude(), nil
}

// conclude makes the last report.
func (c *Campaign) conclude() *Report {
	c.looking.Lock()
	defer c.looking.Unlock()
	c.final = c.report()
	return c.final
}

// watch shows the campaign's progress until all workers have ended.
func (c *Campaign) watch(ended <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			c.observe()
			return
		case <-ticker.C:
			c.observe()
		}
	}
}

func (c *Campaign) observe() {
	now := time.Now()
	c.looking.Lock()
	for _, t := range c.tests {
		t.look(now)
	}
	snapshot := c.snapshot(now)
	c.looking.Unlock()
	if c.config.Observe != nil {
		c.config.Observe(snapshot)
	}
}

func (c *Campaign) snapshot(now time.Time) Snapshot {
	c.mu.Lock()
	s := Snapshot{Elapsed: now.Sub(c.started), Workers: c.alive}
	c.mu.Unlock()
	for i, t := range c.tests {
		s.Tests = append(s.Tests, t.snapshot(now, c.crashes.count(i)))
	}
	return s
}

func (c *Campaign) notice(format string, args ...any) {
	if c.config.Notice != nil {
		c.config.Notice(fmt.Sprintf(format, args...))
	}
}

// share is what one worker is given.
type share struct {
	instance uint64
	tests    []int // indexes of Config.Tests
}

// shares deals the fuzz tests out: all to everyone without a limit, each to one
// worker with a limit.
func (c *Campaign) shares() []share {
	all := make([]int, len(c.tests))
	for i := range all {
		all[i] = i
	}
	if !c.config.limited() {
		shares := make([]share, c.config.Jobs)
		for i := range shares {
			shares[i] = share{uint64(i), all}
		}
		return shares
	}
	shares := make([]share, min(c.config.Jobs, len(all)))
	for i := range all {
		s := &shares[i%len(shares)]
		s.tests = append(s.tests, i)
	}
	for i := range shares {
		shares[i].instance = uint64(i)
	}
	return shares
}

func (c *Campaign) writeManifest() (string, error) {
	file, err := os.CreateTemp(c.config.State.Dir(), "manifest-*.json")
	if err != nil {
		return "", fmt.Errorf("writing the workers' manifest: %w", err)
	}
	file.Close()
	manifest := target.Manifest{
		Root: c.config.Root, Modules: c.config.Modules, Tests: c.config.Tests, Timeout: c.config.Timeout,
		MemoryLimit: c.config.MemoryLimit, Processors: c.config.Processors,
	}
	return file.Name(), manifest.Save(file.Name())
}

// end closes the coverage files; a campaign that could not start gets its report here.
func (c *Campaign) end() {
	c.looking.Lock()
	defer c.looking.Unlock()
	if c.final == nil {
		c.final = c.report()
	}
	c.close()
}

func (c *Campaign) close() {
	for _, t := range c.tests {
		t.close()
	}
}
