package worker

import (
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file turns the message about a crash into a report.

// Analyze tells what kind of crash a worker has reported of t.
func Analyze(t *target.Test, modules []target.Module, c *abi.Crash) crash.Report {
	raw := crash.Raw{
		How: crash.Exited, ExitCode: int(c.ExitCode), Signal: int(c.Signal), Text: c.Text, Output: c.Output,
		Package: t.Package, Dir: t.Dir, Test: t.Func,
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
