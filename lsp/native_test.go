package lsp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.lsp.dev/protocol"

	"github.com/fuzzls/fuzzls/lsp/lsptest"
)

// This file tests what a person does in an editor with a fuzz test in C, from the first
// lens to the fixed bug, with the real server and clang.

// A harness, the library that it tests and its header, without a build system.
const (
	nativeHeader = `#pragma once

#include <stddef.h>
#include <stdint.h>

int parse(const uint8_t *data, size_t size);

static inline int is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}
`
	nativeCode = `#include "parse.h"

#include <stdlib.h>
#include <string.h>

int parse(const uint8_t *data, size_t size) {
  char *copy = malloc(size + 1);
  memcpy(copy, data, size);
  int digits = 0;
  for (size_t i = 0; i < size; i++)
    digits += is_digit(data[i]);
  if (size > 2 && data[0] == 'n' && data[1] == 'o')
    digits += copy[size + 1];
  free(copy);
  return digits;
}
`
	nativeHarness = `#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  parse(data, size);
  return 0;
}
`
	// nativeBug is the line of the bug, 0-based.
	nativeBug = 12
	nativeID  = "fuzz_parse"
)

// openNative makes the C project in a directory of its own and opens it in an editor.
func openNative(t *testing.T) *parserEditor {
	t.Helper()
	if _, err := exec.LookPath("clang-19"); err != nil {
		const missing = "clang-19 is missing: `scripts/setup` installs it"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED: " + missing)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, "parse.h", nativeHeader, "parse.c", nativeCode, "fuzz_parse.c", nativeHarness)
	p := &parserEditor{t: t, dir: dir, code: filepath.Join(dir, "parse.c"), tst: filepath.Join(dir, "fuzz_parse.c")}
	p.Editor = lsptest.Start(t, lsptest.Options{Folders: []string{dir}})
	p.Open(p.code)
	p.Open(p.tst)
	return p
}

func TestNativeInTheEditor(t *testing.T) {
	p := openNative(t)
	header := openViewer(t, p.Editor, filepath.Join(p.dir, "parse.h"))
	first := p.awaitLens("▶ Fuzz")
	if want := lsptest.Range(2, 4, 2, 26); first[0].Range != want {
		t.Errorf("the lenses are at %v, want %v", first[0].Range, want)
	}
	mark := p.Mark()
	p.click("▶ Fuzz")
	if end := p.AwaitProgress(mark, "Building"); !end.Ended {
		t.Errorf("the build: %+v", end)
	}
	d := p.awaitCrash()
	if d.Range.Start.Line != nativeBug {
		t.Errorf("the crash is on line %d, want %d", d.Range.Start.Line, nativeBug)
	}
	// How long the input is depends on when it was looked at: it is being made smaller.
	if message := string(d.Message.(protocol.String)); !strings.HasPrefix(message, "heap-buffer-overflow: read of 1 byte, 0 bytes after ") || !strings.HasSuffix(message, "-byte region (fuzz_parse)") {
		t.Errorf("the crash says %v", message)
	}
	p.Await("covered lines of the header", func(messages []lsptest.Message) bool {
		return strings.ContainsAny(header.shown(messages).drawn(), "+~")
	})

	var r ReproducerResult
	p.must(p.Call(methodReproducer, ReproducerParams{Signature: signatureOf(d)}, &r))
	if len(r.Values) != 1 || r.Values[0].Type != "bytes" || !strings.HasPrefix(string(r.Values[0].Bytes), "no") || r.Size != len(r.Values[0].Bytes) {
		t.Errorf("the reproducer is %+v", r)
	}
	if content, err := os.ReadFile(p.openReproducer(d.Range)); err != nil || !strings.HasPrefix(string(content), "00000000  6e 6f") {
		t.Errorf("shown: %q, %v", content, err)
	}
	p.execute(p.action(p.code, d.Range, "Replay").Command, nil)
	p.AwaitMessage("fuzz_parse: still fails: heap-buffer-overflow")
	var made madeTest
	p.execute(p.action(p.code, d.Range, "Make").Command, &made)
	if !strings.Contains(made.Message, "cp .fuzzls/tests/") || !strings.Contains(made.Message, " fuzz_parse_seed_corpus/crash-") {
		t.Errorf("how to make it a test: %q", made.Message)
	}

	p.Replace(p.code, strings.Replace(nativeCode, "copy[size + 1]", "copy[size - 1]", 1))
	p.Save(p.code)
	p.awaitNoDiagnostics(p.code)

	p.click("■ Stop")
	p.AwaitProgress(mark, "Fuzzing")
	p.awaitLens("▶ Fuzz")
}

// A harness that appears while the editor runs is found, and one that does not compile is
// told of where the compiler says.
func TestNativeBuildFailure(t *testing.T) {
	p := openNative(t)
	p.awaitLens("▶ Fuzz")
	p.Replace(p.code, strings.Replace(nativeCode, "int digits = 0", "int digit = 0", 1))
	p.Save(p.code)
	p.click("▶ Fuzz")
	d := p.AwaitDiagnostics(p.code, func(d []protocol.Diagnostic) bool { return len(d) > 0 })[0]
	if d.Range.Start.Line != 10 || !strings.Contains(string(d.Message.(protocol.String)), "use of undeclared identifier 'digits'") {
		t.Errorf("got %+v", d)
	}
	p.awaitLens("could not be built")
	second := filepath.Join(p.dir, "second.c")
	writeFiles(t, p.dir, "second.c", nativeHarness)
	p.FileChanged(second, protocol.FileChangeTypeCreated)
	p.Open(second)
	p.tst = second
	p.awaitLens("▶ Fuzz")
}
