package goruntime

import (
	"fmt"
	"strings"
)

// This file defines the edits of the standard library's files.

// An edit replaces text of a stock file.
type edit struct {
	// file is the stock file's path below GOROOT/src.
	file string
	// since, if not "", is text that the file must hold for the edit to apply: it
	// marks what newer versions of Go have added.
	since string
	// anchor is the text to replace; it must occur exactly once.
	anchor string
	// text replaces the anchor.
	text string
}

// edits lists all edits, in the order in which they are made.
var edits = []edit{
	{file: "internal/fuzz/worker.go",
		anchor: "\nfunc RunFuzzWorker(ctx context.Context, fn func(CorpusEntry) error) error {",
		text:   "\nfunc stockRunFuzzWorker(ctx context.Context, fn func(CorpusEntry) error) error {"},

	{file: "internal/fuzz/fuzz.go",
		anchor: "\nfunc CoordinateFuzzing(ctx context.Context, opts CoordinateFuzzingOpts) (err error) {",
		text:   "\nfunc stockCoordinateFuzzing(ctx context.Context, opts CoordinateFuzzingOpts) (err error) {"},
	{file: "internal/fuzz/fuzz.go",
		anchor: "\nfunc ReadCorpus(dir string, types []reflect.Type) ([]CorpusEntry, error) {",
		text:   "\nfunc stockReadCorpus(dir string, types []reflect.Type) ([]CorpusEntry, error) {"},
	{file: "internal/fuzz/fuzz.go",
		anchor: "\nfunc CheckCorpus(vals []any, types []reflect.Type) error {",
		text:   "\nfunc stockCheckCorpus(vals []any, types []reflect.Type) error {"},
	{file: "internal/fuzz/fuzz.go",
		anchor: "if err = CheckCorpus(vals, types); err != nil {",
		text:   "if err = stockCheckCorpus(vals, types); err != nil {"},

	{file: "internal/fuzz/coverage.go",
		anchor: "\nfunc ResetCoverage() {",
		text:   "\nfunc stockResetCoverage() {"},
	{file: "internal/fuzz/coverage.go",
		anchor: "\nfunc SnapshotCoverage() {",
		text:   "\nfunc stockSnapshotCoverage() {"},

	// The hooks' linknames stay in trace.go; their bodies are in
	// zz_fuzzls_compare.go.
	dropHook("TraceCmp1(arg0, arg1 uint8, fakePC uint)  {}"),
	dropHook("TraceCmp2(arg0, arg1 uint16, fakePC uint) {}"),
	dropHook("TraceCmp4(arg0, arg1 uint32, fakePC uint) {}"),
	dropHook("TraceCmp8(arg0, arg1 uint64, fakePC uint) {}"),
	dropHook("TraceConstCmp1(arg0, arg1 uint8, fakePC uint)  {}"),
	dropHook("TraceConstCmp2(arg0, arg1 uint16, fakePC uint) {}"),
	dropHook("TraceConstCmp4(arg0, arg1 uint32, fakePC uint) {}"),
	dropHook("TraceConstCmp8(arg0, arg1 uint64, fakePC uint) {}"),
	dropHook("HookStrCmp(arg0, arg1 string, fakePC uint)    {}"),
	dropHook("HookEqualFold(arg0, arg1 string, fakePC uint) {}"),

	{file: "testing/fuzz.go",
		anchor: "fn := reflect.ValueOf(ff)",
		text:   "fn := reflect.ValueOf(fuzzlsSetTarget(ff))"},
	{file: "testing/fuzz.go",
		anchor: "fn.Call(args)",
		text:   "fuzzlsCall(t, ff, fn, args)"},

	// The message of a skip is shown only in verbose mode, which an executor is
	// never in; finding its file and line would cost more than many a run.
	{file: "testing/testing.go",
		anchor: `c.checkFuzzFn("Skip")`,
		text:   `c.checkFuzzFn("Skip"); if FuzzlsRun != nil && !c.Failed() { c.SkipNow() }`},
	{file: "testing/testing.go",
		anchor: `c.checkFuzzFn("Skipf")`,
		text:   `c.checkFuzzFn("Skipf"); if FuzzlsRun != nil && !c.Failed() { c.SkipNow() }`},
	// Go 1.24 and 1.25.
	{file: "testing/testing.go",
		since:  "\nfunc (c *common) Context() context.Context {",
		anchor: `c.checkFuzzFn("Context")`,
		text:   `c.checkFuzzFn("Context"); fuzzlsTouched.Store(true)`},
	{file: "testing/testing.go",
		since:  "\nfunc (c *common) Output() io.Writer {",
		anchor: `c.checkFuzzFn("Output")`,
		text:   `c.checkFuzzFn("Output"); fuzzlsTouched.Store(true)`},
}

// dropHook removes a stock comparison hook.
func dropHook(function string) edit {
	return edit{file: "internal/fuzz/trace.go", anchor: "func libfuzzer" + function + "\n"}
}

// AnchorError says that a stock file is not as an edit expects it: the Go version
// is one that this package does not know. Such a target can be run over the stock
// protocol only.
type AnchorError struct {
	// File is the stock file.
	File string
	// Anchor is the text that should occur exactly once, Count how often it does.
	Anchor string
	Count  int
}

func (e *AnchorError) Error() string {
	return fmt.Sprintf("%s: %q occurs %d times, not once: this version of Go is not known to fuzzls", e.File, strings.TrimSpace(e.Anchor), e.Count)
}

// apply makes the edit in the text of its file.
func (e edit) apply(path, text string) (string, error) {
	if e.since != "" && !strings.Contains(text, e.since) {
		return text, nil
	}
	if n := strings.Count(text, e.anchor); n != 1 {
		return "", &AnchorError{File: path, Anchor: e.anchor, Count: n}
	}
	return strings.Replace(text, e.anchor, e.text, 1), nil
}
