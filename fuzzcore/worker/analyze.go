package worker

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file turns the message about a crash into a report.

// Analyze tells what kind of crash a worker has reported of t.
func Analyze(t *target.Test, modules []target.Module, c *abi.Crash) crash.Report {
	raw := crash.Raw{
		How: crash.Exited, ExitCode: int(c.ExitCode), Signal: int(c.Signal), Text: c.Text, Output: c.Output,
		Package: t.Package, Dir: t.Dir, Test: t.Func, Source: sourceLine,
	}
	if t.IsRaw() {
		raw.Native = &crash.Native{
			Exe: t.Exe, Sources: t.Sources, Foreign: filepath.Join(t.Sources, store.DirName), Symbolize: crash.Symbolize,
		}
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

// sourceLine returns the text of a line of a file, "" if there is none. Crashes are
// analyzed once for each text they print, so the file is simply read.
func sourceLine(file string, line int) string {
	data, err := os.ReadFile(file)
	if err != nil || line < 1 {
		return ""
	}
	for ; line > 1; line-- {
		_, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			return ""
		}
		data = rest
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	return string(text)
}
