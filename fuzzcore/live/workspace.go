package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/supervisor"
	"github.com/fuzzls/fuzzls/fuzzcore/target/project"
)

// This file defines Workspace: its life, and what all its parts share.

// Workspace is the live state. All methods may be called from several goroutines.
//
// Its goroutines are one for each campaign (which owns the supervisor's), one that
// ticks while coverage is watched, and one for each load; Close waits for all.
type Workspace struct {
	config   Config
	observer Observer
	log      *slog.Logger
	coverage model

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	group  sync.WaitGroup
	// building and loading hold a token while there is a build, or a load: there is one
	// at a time.
	building, loading chan struct{}

	// One reads at a time, so that nobody puts what is old over what is new.
	readingCrashes, readingCoverage sync.Mutex

	mu sync.Mutex
	// All below is guarded by mu, which is never held while the observer is called.
	closed       bool
	settings     Settings
	activities   map[uint64]*activity
	lastActivity uint64

	nextLoad *loadCall          // of those who came while another load was running
	loaded   *project.Workspace // what the last load that worked found; nil before
	tests    map[TestID]*testEntry
	order    []TestID // sorted by file and line

	loadProblems  []Problem
	buildProblems map[string][]Problem // by package

	state     *store.State // nil while there is none
	lock      *store.Lock  // held while lockUsers > 0
	lockUsers int

	campaigns  map[*campaign]bool
	lastReport *supervisor.Report // of the campaign that ended last
	crashes    map[crashKey]*Crash
	saved      savedFiles
	held       map[string]int // how many use a linked executable
	ticking    context.CancelFunc
}

// New makes a workspace. It reads nothing yet.
func New(config Config) *Workspace {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Workspace{
		config: config, observer: config.Observer, log: config.Log, settings: config.Settings,
		ctx: ctx, cancel: cancel,
		building: make(chan struct{}, 1), loading: make(chan struct{}, 1),
		activities: map[uint64]*activity{}, tests: map[TestID]*testEntry{},
		buildProblems: map[string][]Problem{}, campaigns: map[*campaign]bool{},
		crashes: map[crashKey]*Crash{}, held: map[string]int{},
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.coverage.init()
	return w
}

// Close stops everything and returns when no goroutine and no process is left.
func (w *Workspace) Close() {
	w.mu.Lock()
	w.closed = true
	w.saved.stop()
	w.mu.Unlock()
	w.cancel()
	w.group.Wait()
	w.coverage.close()
}

// errClosed is the answer to everything after Close.
var errClosed = errors.New("the workspace is closed")

// spawn runs f on a goroutine that Close waits for. It reports false after Close.
func (w *Workspace) spawn(f func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.spawnLocked(f)
}

// spawnLocked is spawn for callers that hold w.mu.
func (w *Workspace) spawnLocked(f func()) bool {
	if w.closed {
		return false
	}
	w.group.Go(f)
	return true
}

// enter counts the caller as one of the workspace's goroutines until leave is called,
// and returns a context that ends with its own or with the workspace.
func (w *Workspace) enter(ctx context.Context) (inside context.Context, leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, nil, errClosed
	}
	w.group.Add(1)
	inside, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(w.ctx, cancel)
	return inside, func() {
		stop()
		cancel()
		w.group.Done()
	}, nil
}

// Root is the directory that holds the state; "" before Load.
func (w *Workspace) Root() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded == nil {
		return ""
	}
	return w.loaded.Root
}

// Dir is Config.Dir.
func (w *Workspace) Dir() string { return w.config.Dir }

// SetSettings replaces the settings.
func (w *Workspace) SetSettings(s Settings) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settings = s
}

// acquireState opens the state for writing and takes the campaign lock, which is given
// up when everyone who acquired it has released it. The error is a
// *store.LockedError if another process has it.
func (w *Workspace) acquireState() (*store.State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lockUsers > 0 {
		w.lockUsers++
		return w.state, nil
	}
	if w.loaded == nil {
		return nil, fmt.Errorf("the fuzz tests in %s are not known yet: wait until they are found", w.config.Dir)
	}
	state, err := store.Open(w.loaded.Root)
	if err != nil {
		return nil, err
	}
	lock, err := state.Lock()
	if err != nil {
		return nil, err
	}
	removeHeldExecutables(state)
	w.state, w.lock, w.lockUsers = state, lock, 1
	return state, nil
}

func (w *Workspace) releaseState() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lockUsers--
	if w.lockUsers > 0 {
		return
	}
	if err := w.lock.Unlock(); err != nil {
		w.log.Warn("giving up the campaign lock", "error", err)
	}
	w.lock = nil
}

// absolute returns a path that is written relative to the root.
func absolute(root, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}
