// Package target describes a fuzz test that is ready to run, whatever language
// it was written in, and what is known of one before it is built. The languages'
// builders (golang, …) make these descriptions, package project puts those of all
// languages together, and workers and the supervisor use them.
package target

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/engine"
)

// Test is one fuzz test in a built executable.
type Test struct {
	// Language is Go, C, Rust or Zig.
	Language string `json:"language,omitempty"`
	// Name identifies the fuzz test in worker messages: package, dot, function.
	Name string `json:"name"`
	// Package and Func are Package and Name of its FuzzTest.
	Package string `json:"package"`
	Func    string `json:"func"`
	// File and Line are where it is declared; File is absolute.
	File string `json:"file"`
	Line int    `json:"line"`
	// Sources is the directory whose files are the user's own, absolute. Its builder sets
	// it, but for Go, where the manifest's modules tell.
	Sources string `json:"sources,omitempty"`

	// Exe is the executable, Args its arguments, Dir the directory it runs in.
	Exe  string   `json:"exe"`
	Args []string `json:"args"`
	Dir  string   `json:"dir"`
	// Built is where the latest build of the fuzz test puts its executable, for commands
	// that a person runs; "" if that is Exe. Who runs an older build sets it.
	Built string `json:"built,omitempty"`
	// Env is what is added to the environment, as "key=value".
	Env []string `json:"env,omitempty"`
	// Stock: the executable holds no runtime of ours and is driven by the stock
	// protocol of `go test -fuzz`.
	Stock bool `json:"stock,omitempty"`

	// Types are the names of the argument types in Go, Schema what the engine makes of
	// them. Fuzz tests of other languages have no Types, and RawSchema.
	Types  []string      `json:"types"`
	Schema engine.Schema `json:"schema"`
	// Entry is the address of the fuzz test's own function, unslid.
	Entry uint64 `json:"entry"`
	// Seeds are the inputs that come with the source, as Smith streams. It is nil where
	// inputs are files, of which there may be many: then they are read from SeedFiles.
	Seeds [][]byte `json:"seeds,omitempty"`
	// SeedFiles are the files that hold the seeds, absolute; "" for a seed that stands in
	// the source. It is as long as Seeds, if there are any.
	SeedFiles []string `json:"seed_files,omitempty"`
	// MaxInput is the number of bytes of the longest input, 0 if the fuzz test sets no
	// limit.
	MaxInput int `json:"max_input,omitempty"`

	// Zig is what only Zig's own fuzz executables need; nil in other languages.
	Zig *ZigTest `json:"zig,omitempty"`

	// CoverageID names the executable's points and coverage files in the state.
	CoverageID uint64 `json:"coverage_id"`
	// Dictionary is a file of constants of the instrumented packages, JSON; "" if none.
	Dictionary string `json:"dictionary,omitempty"`
}

// ZigTest is what running a fuzz test of Zig takes. Its builder sets all of it.
//
// A Zig executable holds all fuzz tests of a module and runs them in turn: those with the
// same Exe are one executable. It speaks Zig's own protocol; Test.Args are empty, since
// whoever starts it chooses the arguments.
type ZigTest struct {
	// Name is the fuzz test's name in the executable, for instance "ring.test.push": what
	// start_fuzzing takes, and whose hash names its directory of inputs.
	Name string `json:"name"`
	// Version is that of the compiler ("0.16.0"), Optimize one of ZigOptimize: what it was
	// built with.
	Version  string `json:"version"`
	Optimize string `json:"optimize"`
}

// Module is one of the user's own modules.
type Module struct {
	Path string `json:"path"`
	Dir  string `json:"dir"` // absolute
}

// Manifest is all that a worker process needs to know. The supervisor writes it,
// workers read it.
type Manifest struct {
	// Root is the workspace, whose state holds corpora and coverage files.
	Root string `json:"root"`
	// Modules are the user's own modules.
	Modules []Module `json:"modules"`
	// Tests are grouped by executable.
	Tests []Test `json:"tests"`
	// Timeout is how long one run may take; MemoryLimit how many bytes of resident
	// memory an executor may use.
	Timeout     time.Duration `json:"timeout"`
	MemoryLimit int64         `json:"memory_limit"`
	// Processors is how many threads may run user code at once in one executor.
	Processors int `json:"processors"`
}

// Save writes m to path.
func (m *Manifest) Save(path string) error {
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return fmt.Errorf("encoding the manifest: %w", err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("writing the manifest: %w", err)
	}
	return nil
}

// LoadManifest reads what Save wrote.
func LoadManifest(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("manifest %s: %w: start the campaign again to rewrite it", path, err)
	}
	return m, nil
}

// Find returns the index of the fuzz test called name, or -1.
func (m *Manifest) Find(name string) int {
	for i := range m.Tests {
		if m.Tests[i].Name == name {
			return i
		}
	}
	return -1
}

// Environ returns the environment to run the fuzz test in; nil means that of this
// process.
func (t *Test) Environ() []string {
	if len(t.Env) == 0 {
		return nil
	}
	return append(os.Environ(), t.Env...)
}

// LatestExe returns where the latest build of the fuzz test puts its executable.
func (t *Test) LatestExe() string {
	if t.Built != "" {
		return t.Built
	}
	return t.Exe
}

// StockTypes returns the argument types for an executor that is to use the stock
// protocol, and nil for others.
func (t *Test) StockTypes() []string {
	if !t.Stock {
		return nil
	}
	return t.Types
}
