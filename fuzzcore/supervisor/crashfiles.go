package supervisor

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/crash"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
)

// This file defines how crashes are kept: in the state, and those of Go where plain `go
// test` finds their inputs.

// CrashMeta is what is stored with a crash, for those who read the state without a
// campaign.
type CrashMeta struct {
	crash.Report
	Package string `json:"package"`
	Func    string `json:"func"`
	// Location is that of the top frame, Reproducer and Replay say how to see the
	// crash again; paths are relative to the workspace's root.
	Location   string `json:"location"`
	Reproducer string `json:"reproducer"`
	Replay     string `json:"replay"`
}

// CrashContent is what is to be kept of a crash.
type CrashContent struct {
	crash.Report
	Input        []byte // a Smith stream
	Text, Output string // what the target said of it, and what it printed
}

// CrashFiles keeps the crashes of a workspace. The caller sets all fields.
type CrashFiles struct {
	State *store.State
	Root  string
	// ReplayFlags are the build flags that a replay command must repeat, Timeout ends the
	// replay of an input that would go on for ever.
	ReplayFlags []string
	Timeout     time.Duration
}

// The names of the input, of what the target said, and of the input as rows of
// hexadecimal numbers among a crash's files in the state. Only inputs that are bytes have
// the latter.
const (
	inputFile  = "input"
	reportFile = "report.txt"
	hexFile    = "input.hex"
)

// HexOf returns the file beside a reproducer in the state that shows its bytes as rows of
// hexadecimal numbers. Only inputs that are bytes have one.
func HexOf(reproducer string) string { return filepath.Join(filepath.Dir(reproducer), hexFile) }

// ReplayCommand is the command of ours that builds a fuzz test and runs the input of a
// crash; its signature follows.
const ReplayCommand = "fuzzls replay"

// maxHex is how many bytes of an input are written as rows of numbers: a screenful a
// hundred times over.
const maxHex = 64 << 10

// Save writes a crash into the state, and a Go input where plain `go test` finds it.
// superseded is the reproducer that an earlier Save of the same crash has written, which
// is removed; "" if there was none.
func (f *CrashFiles) Save(t *target.Test, c *CrashContent, superseded string) (CrashMeta, error) {
	data, err := t.MarshalInput(c.Input)
	if err != nil {
		return CrashMeta{}, err
	}
	meta := CrashMeta{Report: c.Report, Package: t.Package, Func: t.Func, Location: f.location(t, &c.Report)}
	if meta.Reproducer, meta.Replay, err = f.placeReproducer(t, &c.Report, data); err != nil {
		return CrashMeta{}, err
	}
	files := map[string][]byte{inputFile: data, reportFile: []byte(c.said())}
	if t.IsRaw() {
		files[hexFile] = []byte(hex.Dump(data[:min(len(data), maxHex)]))
	}
	if t.IsZig() {
		files[valuesFile] = nil // those of another input; Describe tells this one's
	}
	crashes := f.State.FuzzTest(t.Package, t.Func).Crashes()
	if superseded == "" {
		saved, err := crashes.Save(c.Signature, files, meta)
		if err != nil || saved.Count == 1 {
			return meta, err
		}
		// Known, but its reproducer is gone or of no use any more.
	}
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		failed = append(failed, crashes.Put(c.Signature, name, files[name]))
	}
	err = errors.Join(append(failed, crashes.SetMeta(c.Signature, meta), crashes.Check(c.Signature, true))...)
	// Last, so that the reproducer that the state names is always there.
	if err == nil && superseded != "" && superseded != meta.Reproducer {
		os.Remove(f.absolute(superseded)) // one too many does no harm
	}
	return meta, err
}

// said is what the target said of the crash and printed.
func (c *CrashContent) said() string {
	if c.Output == "" {
		return c.Text
	}
	return c.Text + "\n--- standard output ---\n" + c.Output
}

// SeenAgain notes that a crash that was saved with meta has happened again, as report
// says, whose lines may differ since the source has changed. It counts it, and returns
// what is stored now.
func (f *CrashFiles) SeenAgain(t *target.Test, report *crash.Report, meta CrashMeta) (CrashMeta, error) {
	meta.Report, meta.Location = *report, f.location(t, report)
	crashes := f.State.FuzzTest(t.Package, t.Func).Crashes()
	_, err := crashes.Save(report.Signature, nil, meta)
	return meta, errors.Join(err, crashes.SetMeta(report.Signature, meta), crashes.Check(report.Signature, true))
}

// NotSeen notes that the reproducer of a crash no longer crashes.
func (f *CrashFiles) NotSeen(t *target.Test, signature string) error {
	return f.State.FuzzTest(t.Package, t.Func).Crashes().Check(signature, false)
}

// Load returns the input of a crash that was saved, a Smith stream, and what is known of
// it. The error is fs.ErrNotExist if there is no such crash or its reproducer is gone,
// or says that the reproducer does not fit the fuzz test any more.
func (f *CrashFiles) Load(t *target.Test, signature string) ([]byte, CrashMeta, error) {
	saved, err := f.State.FuzzTest(t.Package, t.Func).Crashes().List()
	for _, c := range saved {
		if c.Signature != signature {
			continue
		}
		var meta CrashMeta
		if err := json.Unmarshal(c.Meta, &meta); err != nil {
			return nil, meta, fmt.Errorf("crash %s: %w: delete the folder to be rid of it", c.Dir, err)
		}
		path := f.absolute(meta.Reproducer)
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, meta, fmt.Errorf("reading a reproducer: %w", err)
		}
		input, err := t.UnmarshalInput(data)
		if err != nil {
			return nil, meta, fmt.Errorf("reproducer %s: %w", path, err)
		}
		return input, meta, nil
	}
	if err == nil {
		err = fs.ErrNotExist
	}
	return nil, CrashMeta{}, fmt.Errorf("crash %s of %s: %w", signature, t.Name, err)
}

// location returns file:line of the top frame, relative to the root.
func (f *CrashFiles) location(t *target.Test, r *crash.Report) string {
	if r.Top.File == "" && t.File == "" { // an executable without its source
		return f.relative(t.LatestExe())
	}
	if r.Top.File == "" {
		return fmt.Sprintf("%s:%d", f.relative(t.File), t.Line)
	}
	file := r.Top.File
	if !filepath.IsAbs(file) {
		file = filepath.Join(t.Dir, file)
	}
	return fmt.Sprintf("%s:%d", f.relative(file), r.Top.Line)
}

func (f *CrashFiles) relative(path string) string {
	rel, err := filepath.Rel(f.Root, path)
	if err != nil || strings.HasPrefix(rel, "..") {
		return path
	}
	return rel
}

// absolute is the opposite of relative.
func (f *CrashFiles) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.Root, path)
}

// placeReproducer says where the input of a crash is and how it is run. In C and Rust
// that is the file in the state, which the executable takes: nothing else looks for
// inputs in the source tree. Executables of Zig take no files, so that our own command
// runs it. In Go it is the package's testdata.
func (f *CrashFiles) placeReproducer(t *target.Test, c *crash.Report, data []byte) (reproducer, replay string, err error) {
	if !t.IsRaw() {
		return f.placeInTestdata(t, c.Kind, data)
	}
	path := filepath.Join(f.State.FuzzTest(t.Package, t.Func).Crashes().Dir(c.Signature), inputFile)
	if t.IsZig() {
		return f.relative(path), ReplayCommand + " " + c.Signature, nil
	}
	return f.relative(path), crash.RawReplayCommand(crash.RawReplay{
		Root: f.Root, Dir: t.Dir, Exe: t.LatestExe(), File: path, Env: t.Env, Timeout: f.replayTimeout(c.Kind),
	}), nil
}

// placeInTestdata writes a crash's input into the package's testdata, where plain
// `go test` runs it, as `go test -fuzz` does. Where that cannot be written, such as
// in a module cache, the command says how to get it there.
func (f *CrashFiles) placeInTestdata(t *target.Test, kind crash.Kind, data []byte) (reproducer, replay string, err error) {
	path := crash.ReproducerPath(t.Dir, t.Func, data)
	replay = crash.ReplayCommand(crash.Replay{
		Root: f.Root, Dir: t.Dir, Test: t.Func, Name: filepath.Base(path), Flags: f.ReplayFlags, Timeout: f.replayTimeout(kind),
	})
	err = os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err == nil {
		return f.relative(path), replay, nil
	}
	fallback := filepath.Join(f.State.FuzzTest(t.Package, t.Func).Dir(), filepath.Base(path))
	if writeErr := os.WriteFile(fallback, data, 0o644); writeErr != nil {
		return "", "", fmt.Errorf("writing the reproducer: %w; %w", err, writeErr)
	}
	replay = fmt.Sprintf("mkdir -p %s && cp %s %s && %s", filepath.Dir(path), fallback, path, replay)
	return f.relative(fallback), replay, nil
}

// replayTimeout returns the time limit of a replay that would not end by itself, and
// 0 for others.
func (f *CrashFiles) replayTimeout(kind crash.Kind) time.Duration {
	switch kind {
	case crash.Hang, crash.Deadlock:
		return f.Timeout
	}
	return 0
}
