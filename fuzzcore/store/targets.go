package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// This file defines the records of the latest build of each target.

const recordExtension = ".json"

// Target is the latest build of one target.
type Target struct {
	// Name names the target: for Go its import path, for Zig its package and the file that
	// it is built from, otherwise its package, a dot, and its only fuzz test.
	Name string
	// Package is the package of its fuzz tests; "" means Name.
	Package string
	// Coverage is the coverage id of the build.
	Coverage uint64
	// Exe is the executable's path, absolute.
	Exe string
	// Tests are the names of the fuzz tests in it, Entries their entry points.
	Tests   []string
	Entries []uint64
	// Counted are the points that figures count, ascending; nil means all.
	Counted []uint32
	// Built is when it was built.
	Built time.Time
}

// targetRecord is the layout of a target's file.
type targetRecord struct {
	Name    string `json:"name"`
	Package string `json:"package,omitempty"`
	// Coverage is abi.HexName of the id: the name of the coverage file.
	Coverage string `json:"coverage"`
	// Exe is relative to the state folder if it is in it, so that a workspace can
	// be moved.
	Exe     string    `json:"exe"`
	Tests   []string  `json:"tests"`
	Entries []uint64  `json:"entries,omitempty"`
	Counted []uint32  `json:"counted,omitzero"`
	Built   time.Time `json:"built"`
}

// SaveTarget makes t the latest build of its target.
func (s *State) SaveTarget(t Target) error {
	record := targetRecord{Name: t.Name, Package: t.Package, Coverage: abi.HexName(t.Coverage), Exe: t.Exe, Tests: t.Tests, Entries: t.Entries, Counted: t.Counted, Built: t.Built}
	if inside, err := filepath.Rel(s.dir, t.Exe); err == nil && filepath.IsLocal(inside) {
		record.Exe = filepath.ToSlash(inside)
	}
	content, err := json.MarshalIndent(record, "", "\t")
	if err != nil {
		return fmt.Errorf("saving target %s: %w", t.Name, err)
	}
	return s.write(s.targetPath(t.Name), append(content, '\n'), volatile)
}

// Target returns the latest build of a target. The error is fs.ErrNotExist if
// it was never built.
func (s *State) Target(name string) (Target, error) {
	return s.readTarget(s.targetPath(name))
}

// Targets returns the latest build of every target, sorted by name. If some
// records cannot be read, it returns the others and an error that names them.
func (s *State) Targets() ([]Target, error) {
	found, err := namesIn(filepath.Join(s.dir, targetsDir), recordExtension)
	if err != nil {
		return nil, err
	}
	var targets []Target
	var problems []error
	for _, f := range found {
		target, err := s.readTarget(f.path)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		targets = append(targets, target)
	}
	return targets, errors.Join(problems...)
}

func (s *State) targetPath(name string) string {
	return filepath.Join(s.dir, targetsDir, escape(name)+recordExtension)
}

func (s *State) readTarget(path string) (Target, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Target{}, explain("reading target", path, err)
	}
	var record targetRecord
	if err := json.Unmarshal(content, &record); err != nil {
		return Target{}, damagedTarget(path, err)
	}
	id, err := abi.ParseHexName(record.Coverage)
	if err != nil {
		return Target{}, damagedTarget(path, err)
	}
	exe := filepath.FromSlash(record.Exe)
	if !filepath.IsAbs(exe) {
		exe = filepath.Join(s.dir, exe)
	}
	if record.Package == "" {
		record.Package = record.Name
	}
	return Target{Name: record.Name, Package: record.Package, Coverage: id, Exe: exe, Tests: record.Tests, Entries: record.Entries, Counted: record.Counted, Built: record.Built}, nil
}

func damagedTarget(path string, err error) error {
	// Errors of encoding/json begin with the package's name, which says nothing here.
	text := strings.TrimPrefix(err.Error(), "json: ")
	return fmt.Errorf("%w: %s: %s: delete it and build the target again", ErrDamaged, path, text)
}
