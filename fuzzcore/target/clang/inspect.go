package clang

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/ossfuzz"
)

// This file defines Complete: what is learned from a built target. Package rust uses it,
// too.

// inspectVersion changes when the same executable has other points than before, or the
// note another layout.
const inspectVersion = 2

// inspectNote is remembered of an executable whose points were read, in a file beside it.
type inspectNote struct {
	// Key identifies the executable and its shared objects by their content.
	Key string `json:"key"`
	// ID is the coverage id of its points.
	ID uint64 `json:"id"`
	// Sources are the user's own source files, by their paths: their digests.
	Sources map[string]string `json:"sources"`
}

// maxInput is the number of bytes of the longest input that an executor takes: its slots
// have 64 KiB, of which an input's length takes four bytes.
const maxInput = 64<<10 - 4

// Complete adds to a fuzz test, of which all is known that the source tells, what only its
// executable knows: its entry and its points, which are saved in the state. It also adds
// the seeds and the dictionary that seeds names, whose other fields it sets. dir is the
// directory of the build; notes are kept there.
func Complete(ctx context.Context, t *target.Test, dir string, seeds ossfuzz.Config, config target.PrepareConfig) error {
	say := func(format string, args ...any) {
		if config.Progress != nil {
			config.Progress(t.Name + ": " + fmt.Sprintf(format, args...))
		}
	}
	d, err := executor.DescribeNative(ctx, executor.Config{Exe: t.Exe, Args: t.Args, Env: t.Environ(), Dir: t.Dir})
	if err != nil {
		return err
	}
	t.Entry = d.Entry
	i := inspector{state: config.State, say: say}
	if t.CoverageID, err = i.inspect(ctx, t, dir, d); err != nil {
		return err
	}
	seeds.MaxInput, seeds.Unpacked, seeds.DictionaryTo = maxInput, filepath.Join(dir, "seeds"), filepath.Join(dir, "dictionary")
	for _, notice := range ossfuzz.Complete(t, seeds) {
		say("%s", notice)
	}
	kept := config.State.FuzzTest(t.Package, t.Func)
	if err := errors.Join(kept.Create(), provenance.Prune(kept, t.CoverageID), kept.PruneCompares(t.CoverageID)); err != nil {
		return err
	}
	return config.State.SaveTarget(store.Target{
		Name: t.Name, Package: t.Package, Coverage: t.CoverageID, Exe: t.Exe, Built: time.Now(), Tests: []string{t.Func}, Entries: []uint64{t.Entry},
	})
}

// inspector reads the points of built targets.
type inspector struct {
	state *store.State
	say   func(format string, args ...any)
}

// inspect makes sure that the points of a target and the texts that they refer to are in
// the state, and returns the points' id. dir is the directory of the target's build.
func (p *inspector) inspect(ctx context.Context, t *target.Test, dir string, d *executor.NativeDescription) (uint64, error) {
	key := modulesKey(d)
	path := filepath.Join(dir, "points.json")
	if note, ok := readNote(path); ok && note.Key == key && p.state.HasPoints(note.ID) {
		return note.ID, p.saveSources(note.Sources)
	}
	p.say("reading the executable's points")
	points, err := ReadPoints(ctx, d, PointsConfig{Exe: t.Exe, Own: []string{t.Sources}, Foreign: []string{p.state.Dir()}})
	if err != nil {
		return 0, err
	}
	for _, note := range points.Notes {
		p.say("%s", note)
	}
	var data bytes.Buffer
	if err := points.Encode(&data); err != nil {
		return 0, err
	}
	if err := p.state.SavePoints(points.ID, data.Bytes()); err != nil {
		return 0, err
	}
	note := inspectNote{Key: key, ID: points.ID, Sources: ownSources(points)}
	if err := p.saveSources(note.Sources); err != nil {
		return 0, err
	}
	return points.ID, writeNote(path, &note)
}

// modulesKey identifies the modules of a target by their content.
func modulesKey(d *executor.NativeDescription) string {
	known := newDigests()
	text := fmt.Sprint(inspectVersion)
	for _, m := range d.Modules {
		if m.Path != "" {
			text += " " + m.Path + " " + known.of(m.Path)
		}
	}
	return digest([]byte(text))
}

// ownSources returns the user's own files whose text was read, with their digests.
func ownSources(points *coverage.Points) map[string]string {
	own := map[string]string{}
	for _, f := range points.Files {
		if f.Own && f.SHA256 != "" {
			own[f.Path] = f.SHA256
		}
	}
	return own
}

// saveSources keeps the texts of source files that the state does not have yet. A file
// that is no longer what it was is left out: its text is lost.
func (p *inspector) saveSources(sources map[string]string) error {
	state := p.state
	for path, digest := range sources {
		if state.HasSource(digest) {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil || store.SourceDigest(text) != digest {
			continue
		}
		if err := state.SaveSource(digest, text); err != nil {
			return err
		}
	}
	return nil
}

func readNote(path string) (note inspectNote, ok bool) {
	data, err := os.ReadFile(path)
	return note, err == nil && json.Unmarshal(data, &note) == nil
}

func writeNote(path string, note *inspectNote) error {
	data, err := json.Marshal(note)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
