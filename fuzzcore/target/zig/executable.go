package zig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/provenance"
	"github.com/fuzzls/fuzzls/fuzzcore/store"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/target/clang"
)

// This file makes fuzz tests that are ready to run of an executable that was built.

// describeVersion changes when the same executable has other points than before, or the
// note another layout.
const describeVersion = 4

// described is what is known of an executable. It is remembered in a file beside it.
type described struct {
	// Key identifies the executable by its content, and whose the source is.
	Key string `json:"key"`
	// ID is the coverage id of its points, Counted those that count.
	ID      uint64   `json:"id"`
	Counted []uint32 `json:"counted"`
	// Names are all of its tests, Entries the addresses of those that were asked for.
	Names   []string          `json:"names"`
	Entries map[string]uint64 `json:"entries"`
	// Sources are the user's own source files, by their paths: their digests.
	Sources map[string]string `json:"sources"`
}

// addExecutable adds the fuzz tests that an executable has and returns the others.
func (p *preparer) addExecutable(ctx context.Context, b *builder, e *executable, tests []*fuzzTest) ([]*fuzzTest, error) {
	dir := p.buildDir(e)
	exe, err := clang.Place(e.Exe, dir, "test")
	var d *described
	if err == nil {
		d, err = p.describe(ctx, exe, dir, runDir(b, e), e, tests)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		here, others := split2(tests, func(t *fuzzTest) bool { return nameIn(e.Root, t) != "" })
		p.failGroup(here, nil, err)
		return others, nil
	}
	here, others := split2(tests, func(t *fuzzTest) bool { _, ok := d.Entries[nameIn(e.Root, t)]; return ok })
	if len(here) == 0 {
		return others, nil
	}
	record := store.Target{
		Name: target.FullName(here[0].test.Package, target.Relative(here[0].test.Dir, e.Root)), Package: here[0].test.Package,
		Coverage: d.ID, Exe: exe, Built: time.Now(), Counted: d.Counted,
	}
	for _, t := range here {
		test := p.test(t, e, d, exe, runDir(b, e))
		kept := p.config.State.FuzzTest(test.Package, test.Func)
		if err := errors.Join(kept.Create(), provenance.Prune(kept, d.ID), kept.PruneCompares(d.ID)); err != nil {
			return nil, err
		}
		record.Tests, record.Entries = append(record.Tests, test.Func), append(record.Entries, test.Entry)
		p.prepared.Tests = append(p.prepared.Tests, *test)
	}
	return others, p.config.State.SaveTarget(record)
}

// split2 splits fuzz tests into those for which ok is true and the others.
func split2(tests []*fuzzTest, ok func(*fuzzTest) bool) (yes, no []*fuzzTest) {
	for _, t := range tests {
		if ok(t) {
			yes = append(yes, t)
		} else {
			no = append(no, t)
		}
	}
	return yes, no
}

// buildDir is the directory of an executable's builds: one for each way to build it, so
// that going back to an earlier choice costs nothing.
func (p *preparer) buildDir(e *executable) string {
	key := strings.Join(append([]string{e.Root, e.Name, e.Optimize, p.tools.path, p.tools.version}, p.tools.env...), "\x00")
	name := strings.TrimSuffix(filepath.Base(e.Root), Extension)
	return filepath.Join(p.config.State.BuildsDir(), fmt.Sprintf("%s-%.8x", name, sha256.Sum256([]byte(key))))
}

// runDir is the directory that an executable runs in: that of the project, as `zig build`
// has it, or of the file.
func runDir(b *builder, e *executable) string {
	if len(b.options) > 0 {
		return filepath.Dir(e.Root)
	}
	return b.dir
}

// test describes one fuzz test.
func (p *preparer) test(t *fuzzTest, e *executable, d *described, exe, dir string) *target.Test {
	name := nameIn(e.Root, t)
	return &target.Test{
		Language: target.Zig, Name: target.FullName(t.test.Package, t.test.Name), Package: t.test.Package, Func: t.test.Name,
		File: t.test.File, Line: t.test.Line, Sources: p.workspace.Root, Exe: exe, Args: []string{}, Dir: dir, Env: p.tools.env,
		Schema: target.RawSchema(), Entry: d.Entries[name], CoverageID: d.ID,
		Zig: &target.ZigTest{Name: name, Version: p.tools.version, Optimize: e.Optimize},
	}
}

// describe makes sure that the points of an executable and the texts that they refer to are
// in the state, and returns what is known of it. dir is the directory of its builds, run
// the one that it runs in.
func (p *preparer) describe(ctx context.Context, exe, dir, run string, e *executable, tests []*fuzzTest) (*described, error) {
	var wanted []string
	for _, t := range tests {
		if name := nameIn(e.Root, t); name != "" {
			wanted = append(wanted, name)
		}
	}
	key, err := describeKey(exe, p.workspace.Root, p.tools.library)
	if err != nil {
		return nil, err
	}
	note := filepath.Join(dir, "points.json")
	if d, ok := readNote(note); ok && d.Key == key && p.config.State.HasPoints(d.ID) && d.knows(wanted) {
		return d, p.saveSources(d.Sources)
	}
	p.say("%s: reading the executable's points", where(tests))
	told, err := describe(ctx, exe, run, p.tools.env, func(names []string) []string {
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return !slices.Contains(names, name) })
		return wanted
	})
	if err != nil {
		return nil, err
	}
	points, err := readPoints(ctx, pointsConfig{
		Exe: exe, PCs: told.PCs, Unoptimized: e.Optimize == "Debug", Tests: told.Names, Own: p.workspace.Root, Foreign: []string{p.config.State.Dir(), p.tools.library},
	})
	if err != nil {
		return nil, err
	}
	for _, note := range points.Notes {
		p.say("%s: %s", where(tests), note)
	}
	if err := p.savePoints(points); err != nil {
		return nil, err
	}
	d := &described{Key: key, ID: points.ID, Counted: points.Counted, Names: told.Names, Entries: map[string]uint64{}, Sources: map[string]string{}}
	for i, name := range wanted {
		d.Entries[name] = told.Entries[i]
	}
	for _, f := range points.Files {
		if f.SHA256 != "" {
			d.Sources[f.Path] = f.SHA256
		}
	}
	if err := p.saveSources(d.Sources); err != nil {
		return nil, err
	}
	return d, writeNote(note, d)
}

// knows reports whether the entries of those of its tests that are wanted are known.
func (d *described) knows(wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(name string) bool {
		_, known := d.Entries[name]
		return !known && slices.Contains(d.Names, name)
	})
}

// describeKey identifies an executable by its content, with whose source is the user's.
func describeKey(exe, root, library string) (string, error) {
	f, err := os.Open(exe)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	fmt.Fprintln(h, describeVersion, root, library)
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", exe, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (p *preparer) savePoints(points *coverage.Points) error {
	var data strings.Builder
	if err := points.Encode(&data); err != nil {
		return err
	}
	return p.config.State.SavePoints(points.ID, []byte(data.String()))
}

// saveSources keeps the texts of source files that the state does not have yet. A file
// that is no longer what it was is left out: its text is lost.
func (p *preparer) saveSources(sources map[string]string) error {
	for path, digest := range sources {
		if p.config.State.HasSource(digest) {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil || store.SourceDigest(text) != digest {
			continue
		}
		if err := p.config.State.SaveSource(digest, text); err != nil {
			return err
		}
	}
	return nil
}

func readNote(path string) (*described, bool) {
	data, err := os.ReadFile(path)
	d := new(described)
	return d, err == nil && json.Unmarshal(data, d) == nil
}

func writeNote(path string, d *described) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
