package live

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines what a workspace is told: its folder, the worker's command, the user's settings.

// Config is what a workspace is told. The caller sets it before New.
type Config struct {
	// Dir is the folder whose fuzz tests are wanted, absolute. The state is kept in the
	// root that project.Load finds for it.
	Dir string
	// Worker is the command that starts a worker process.
	Worker []string
	// Observer is told what changed.
	Observer Observer
	Settings Settings
	Log      *slog.Logger
}

// Settings are the user's choices. They hold for campaigns started after they were set.
type Settings struct {
	Tools target.Tools
	// Jobs is the number of workers of a campaign; 0 means half of the processors.
	Jobs        int
	Timeout     time.Duration // of one run; 0 means 10 s
	MemoryLimit int64         // of one executor, bytes; 0 means 2 GiB
}

// jobs returns the number of workers of a campaign.
func (s *Settings) jobs() int {
	if s.Jobs > 0 {
		return s.Jobs
	}
	return max(1, runtime.NumCPU()/2)
}

// The limits of a run if the user gives none: those of `fuzzls fuzz`.
const (
	defaultTimeout     = 10 * time.Second
	defaultMemoryLimit = 2 << 30
)

func (s *Settings) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return defaultTimeout
}

func (s *Settings) memoryLimit() int64 {
	if s.MemoryLimit > 0 {
		return s.MemoryLimit
	}
	return defaultMemoryLimit
}

// processors is how many threads may run user code at once in one executor: at least
// two, because with one goroutines that get into each other's way seldom do.
func (s *Settings) processors() int { return max(2, runtime.NumCPU()/s.jobs()) }
