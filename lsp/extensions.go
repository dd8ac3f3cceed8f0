package lsp

import (
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// This file defines the messages of fuzzls that LSP does not have, as they are on the
// wire. docs/lsp-extensions.md describes them; a test holds both together.

// The methods of the extensions. Status and crashes are notifications and requests.
const (
	methodCoverage   = "fuzzls/coverage"
	methodStatus     = "fuzzls/status"
	methodCrashes    = "fuzzls/crashes"
	methodFiles      = "fuzzls/files"
	methodNewest     = "fuzzls/newest"
	methodHistory    = "fuzzls/history"
	methodLines      = "fuzzls/lines"
	methodReproducer = "fuzzls/reproducer"
)

// LineState is what a client shows at a line.
type LineState uint8

// The states of lines.
const (
	LineNone      LineState = iota // holds no instrumented code
	LineUncovered                  // never ran
	LinePartly                     // ran in part, or a condition went one way only
	LineCovered                    // ran
	LineStale                      // replaces instrumented code since the build
)

// CoverageParams are the params of fuzzls/coverage and the result of fuzzls/lines.
type CoverageParams struct {
	TextDocument CoverageDocument `json:"textDocument"`
	// Generation counts the notifications of a document since it was opened, from 1.
	Generation int `json:"generation"`
	// Full: the message replaces what was told before; otherwise it changes it.
	Full bool `json:"full"`
	// Splice comes first: lines moved with the text. Inserted lines are LineNone.
	Splice *CoverageSplice `json:"splice,omitempty"`
	Lines  []LineRun       `json:"lines"`
	// Entries are the lines where fuzzing enters; nil if they are what they were, after
	// the splice.
	Entries []uint32 `json:"entries,omitzero"`
	// Fresh are newly covered lines that were not told before.
	Fresh   []FreshLine     `json:"fresh,omitzero"`
	Summary CoverageSummary `json:"summary"`
}

// CoverageDocument names the version of a document that lines belong to; 0 if it is not
// open.
type CoverageDocument struct {
	URI     uri.URI `json:"uri"`
	Version int32   `json:"version"`
}

// CoverageSplice tells that from line Start, Remove lines gave way to Insert lines.
type CoverageSplice struct {
	Start  int `json:"start"`
	Remove int `json:"remove"`
	Insert int `json:"insert"`
}

// LineRun is [first, last, state]: lines first to last, from 0, have that state.
type LineRun [3]uint32

// FreshLine is [line, age]: the line was newly covered age milliseconds ago.
type FreshLine [2]int64

// CoverageSummary counts lines of the built text.
type CoverageSummary struct {
	Covered      int `json:"covered"`
	Partly       int `json:"partly"`
	Instrumented int `json:"instrumented"`
}

// StatusParams are the params of fuzzls/status.
type StatusParams struct {
	Tests      []TestStatus      `json:"tests"`
	Workspaces []WorkspaceStatus `json:"workspaces"`
}

// WorkspaceStatus is one workspace: a module or a go.work.
type WorkspaceStatus struct {
	Root string `json:"root"`
	Name string `json:"name"`
}

// TestStatus is one fuzz test.
type TestStatus struct {
	// ID is what commands take: the import path, a dot, the function.
	ID      string `json:"id"`
	Name    string `json:"name"`
	Package string `json:"package"`
	// Location is the range of its name.
	Location protocol.Location `json:"location"`
	State    string            `json:"state"`
	Failure  string            `json:"failure,omitempty"`
	Started  int64             `json:"started,omitzero"`
	Workers  int               `json:"workers,omitzero"`
	Figures  *TestFigures      `json:"figures,omitempty"`
}

// TestFigures are the figures of a fuzz test. SinceFind is in milliseconds.
type TestFigures struct {
	Runs          uint64  `json:"runs"`
	NewRuns       uint64  `json:"newRuns"`
	RunsPerSecond float64 `json:"runsPerSecond"`
	UniqueRuns    uint64  `json:"uniqueRuns"`
	Points        uint64  `json:"points"`
	TotalPoints   uint64  `json:"totalPoints"`
	SinceFind     int64   `json:"sinceFind"`
	Crashes       int     `json:"crashes"`
}

// CrashesParams are the params of fuzzls/crashes.
type CrashesParams struct {
	Crashes []CrashEntry `json:"crashes"`
	// Fresh are the signatures of crashes that are told for the first time.
	Fresh []string `json:"fresh"`
}

// CrashEntry is one crash: one signature.
type CrashEntry struct {
	Signature string             `json:"signature"`
	Test      string             `json:"test"`
	Kind      string             `json:"kind"`
	Message   string             `json:"message"`
	Location  *protocol.Location `json:"location,omitempty"`
	Frames    []CrashFrame       `json:"frames"`
	// Reproducer is the file with the input; Replay the shell command that runs it, in
	// ReplayDir.
	Reproducer uri.URI `json:"reproducer"`
	Replay     string  `json:"replay"`
	ReplayDir  string  `json:"replayDir"`
	Status     string  `json:"status"`
	Count      int     `json:"count"`
	// First, Last and Checked are milliseconds since 1970.
	First   int64 `json:"first"`
	Last    int64 `json:"last"`
	Checked int64 `json:"checked,omitzero"`
	Edited  bool  `json:"edited"`
}

// CrashFrame is one call of a crash's stack, innermost first.
type CrashFrame struct {
	Function string             `json:"function"`
	Location *protocol.Location `json:"location,omitempty"`
	Own      bool               `json:"own"`
}

// FilesResult is the result of fuzzls/files.
type FilesResult struct {
	Files []FileEntry `json:"files"`
}

// FileEntry is how much of a file is covered.
type FileEntry struct {
	URI uri.URI `json:"uri"`
	CoverageSummary
}

// NewestResult is the result of fuzzls/newest. Time is milliseconds since 1970.
type NewestResult struct {
	Location protocol.Location `json:"location"`
	Time     int64             `json:"time"`
}

// HistoryParams are the params of fuzzls/history.
type HistoryParams struct {
	Test string `json:"test"`
}

// HistoryResult is the result of fuzzls/history.
type HistoryResult struct {
	Samples []HistorySample `json:"samples"`
}

// HistorySample is [time, points, runs], the time in milliseconds since 1970.
type HistorySample [3]int64

// LinesParams are the params of fuzzls/lines.
type LinesParams struct {
	URI uri.URI `json:"uri"`
}

// ReproducerParams are the params of fuzzls/reproducer.
type ReproducerParams struct {
	Signature string `json:"signature"`
}

// ReproducerResult is the result of fuzzls/reproducer. Size is that of the file in bytes.
type ReproducerResult struct {
	Values []ReproducerValue `json:"values"`
	// Asked are what the fuzz test took from an input that is bytes, where that is known.
	Asked []AskedValue `json:"asked,omitzero"`
	Size  int          `json:"size"`
	URI   uri.URI      `json:"uri"`
}

// AskedValue is a value that a fuzz test asked for.
type AskedValue struct {
	// Name tells where and how ("src/ring.zig:42: value(u8)"), Text the value as source has
	// it.
	Name string `json:"name"`
	Text string `json:"text"`
}

// ReproducerValue is one argument of the fuzz function.
type ReproducerValue struct {
	Type string `json:"type"`
	// Text is a Go expression, shortened if it is very long.
	Text string `json:"text"`
	// Bytes is the value of a []byte or string, base64.
	Bytes []byte `json:"bytes,omitzero"`
}
