package golang

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/fuzzls/fuzzls/fuzzcore/executor/goruntime"
)

// This file connects builds with the runtime that goes into targets, and defines
// when a target is built without it.

// isUnknownGo reports whether err, from goruntime.Overlay, means that a Go
// installation is not one the runtime knows: its files are not as expected or are
// not there.
func isUnknownGo(err error) bool {
	var anchor *goruntime.AnchorError
	return errors.As(err, &anchor) || errors.Is(err, fs.ErrNotExist)
}

// isRuntimesFault reports whether err is a compile error in the runtime's files or
// elsewhere in the standard library: the runtime could be laid over it, but does
// not fit.
func (b *builder) isRuntimesFault(err error, goroot string) bool {
	var compile *CompileError
	return errors.As(err, &compile) && slices.ContainsFunc(compile.Diagnostics, func(d Diagnostic) bool {
		file := d.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(b.Root, file)
		}
		return isBelow(b.BuildDir, file) || isBelow(filepath.Join(goroot, "src"), file)
	})
}

// makeStock turns t into a stock target for the reason why.
func (t *Target) makeStock(why error) {
	t.Stock = true
	t.Notices = append(t.Notices, fmt.Sprintf(
		"%s is built for the stock protocol of `go test -fuzz`, which costs 28–88 µs a run: the fuzzing runtime does not fit %s (%v); a newer fuzzls may know it",
		t.ImportPath, t.GoVersion, why))
}

// dropBlocks leaves cover blocks out: the stock protocol reports edge counters only,
// and blocks that nobody reads would be shown as never run.
func (t *Target) dropBlocks() {
	for i := range t.Packages {
		t.Packages[i].Blocks = false
	}
}
