package worker

import (
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file turns the message about a crash into a report.

// Analyze tells what kind of crash a worker has reported of t, which was built from sources.
func Analyze(t *target.Test, modules []target.Module, sources *target.Sources, c *abi.Crash) crash.Report {
	raw := crash.Raw{
		How: crash.Exited, ExitCode: int(c.ExitCode), Signal: int(c.Signal), Text: c.Text, Output: c.Output,
		Package: t.Package, Dir: t.Dir, Test: t.Func, Source: sources.Line,
	}
	if t.IsNative() {
		raw.Native = &crash.Native{
			Exe: t.Exe, Sources: t.Sources, Foreign: filepath.Join(t.Sources, store.DirName), Symbolize: crash.Symbolize,
		}
	}
	if t.IsZig() {
		raw.Zig = &crash.Zig{Exe: t.Exe, Sources: t.Sources, Foreign: filepath.Join(t.Sources, store.DirName), Symbolize: crash.Symbolize}
	}
	for _, m := range modules {
		raw.Modules = append(raw.Modules, crash.Module{Path: m.Path, Dir: m.Dir})
	}
	switch executor.How(c.How) {
	case executor.Failed:
		raw.How = crash.Failed
	case executor.TimedOut:
		raw.How = crash.TimedOut
	case executor.OverMemory:
		raw.How = crash.OverMemory
	}
	return crash.Analyze(raw)
}
