package zig

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file compares what is shown of lines with what a debugger sees: breakpoints at all
// code of all lines.

// gdbScript runs the executable with a breakpoint at each address, which is taken away when
// it was hit, and writes the addresses that were.
const gdbScript = `import gdb
hits = []
class Once(gdb.Breakpoint):
    def stop(self):
        hits.append(self.location)
        self.enabled = False
        return False
gdb.execute('set pagination off')
gdb.execute('set confirm off')
for address in open('addresses').read().split():
    Once('*' + address)
gdb.execute('run --listen=- --cache-dir=%s --seed=0x0 < stdin > stdout')
open('hits', 'w').write('\n'.join(hits))
`

// debuggerPatience is how long the debugger may take, which runs a second's work.
const debuggerPatience = 2 * time.Minute

// runInDebugger runs the inputs in the cache directory and returns which of the addresses
// were executed.
func runInDebugger(t *testing.T, exe, name, cache string, addresses []uint64) map[uint64]bool {
	t.Helper()
	if _, err := exec.LookPath("gdb"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("gdb is missing, and CI=true: scripts/setup installs it")
		}
		t.Skip("NOT TESTED: gdb is missing: scripts/setup installs it")
	}
	dir := t.TempDir()
	var list strings.Builder
	for _, a := range addresses {
		fmt.Fprintf(&list, "%#x\n", a)
	}
	write(t, filepath.Join(dir, "addresses"), list.String())
	write(t, filepath.Join(dir, "script.py"), fmt.Sprintf(gdbScript, cache))
	// A pipe that stays open: at the end of its input the executable panics.
	pipe := filepath.Join(dir, "stdin")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	stdin, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	start := abi.StartFuzzing{Kind: abi.LimitIterations, Amount: 0, Names: []string{name}}
	if err := abi.WriteMessage(stdin, abi.TagStartFuzzing, start.Append(nil)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), debuggerPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "gdb", "-q", "-nx", "-batch", "-x", "script.py", exe)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("gdb: %v\n%s", err, out)
	}
	hits, err := os.ReadFile(filepath.Join(dir, "hits"))
	if err != nil {
		t.Fatalf("gdb: %v\n%s", err, out)
	}
	executed := map[uint64]bool{}
	for _, word := range strings.Fields(string(hits)) {
		var a uint64
		if _, err := fmt.Sscanf(word, "*0x%x", &a); err != nil {
			t.Fatalf("gdb's %q: %v", word, err)
		}
		executed[a] = true
	}
	return executed
}

// lineStarts returns the addresses at which rows of a file begin, with their lines.
func lineStarts(t *testing.T, exe, path string) map[uint64]uint32 {
	t.Helper()
	file, err := debuginfo.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	functions, err := file.Functions()
	if err != nil {
		t.Fatal(err)
	}
	var ranges []debuginfo.Range
	for _, f := range functions {
		ranges = append(ranges, debuginfo.Range{Lo: f.Lo, Hi: f.Hi})
	}
	lines := map[uint64]uint32{}
	err = file.RowsIn(ranges, func(i int, r debuginfo.Row) bool {
		if r.Line > 0 && !r.EndSequence && file.Path(r.File) == path {
			lines[r.Addr] = r.Line
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// texts are inputs of the example's tokenizer, none of which is one of its faults.
var texts = []string{"x1 = 20 + \"a\\n\\t\\\"\";", "99999999999999999999999", "a_b @", "(1)/\t2", "\"\\\\\" -", ""}

func TestLinesAgainstDebugger(t *testing.T) {
	source, err := os.ReadFile("../../../examples/script/src/tokenizer.zig")
	if err != nil {
		t.Fatal(err)
	}
	const name = "tokenizer.test.reads anything"
	var inputs []string
	for _, text := range texts {
		inputs = append(inputs, string(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))+text)
	}
	for _, mode := range []string{programs.Debug, programs.ReleaseSafe} {
		exe := programs.ForTest(t, "tokenizer", string(source), mode)
		path := filepath.Join(filepath.Dir(exe), "tokenizer.zig")
		covered := ran(t, exe, name, inputs...)
		pcs, hit := bits(t, covered)
		told, err := zigtest.Describe(t.Context(), zigtest.Config{Exe: exe}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		points, err := readPoints(t.Context(), pointsConfig{Exe: exe, PCs: pcs, Unoptimized: mode == programs.Debug, Tests: told.Tests, Own: filepath.Dir(exe)})
		if err != nil {
			t.Fatal(err)
		}
		starts := lineStarts(t, exe, path)
		var addresses []uint64
		hasCode := map[uint32]bool{}
		for a, line := range starts {
			addresses = append(addresses, a)
			hasCode[line] = true
		}
		executed := map[uint32]bool{}
		for a := range runInDebugger(t, exe, name, filepath.Dir(filepath.Dir(covered)), addresses) {
			executed[starts[a]] = true
		}
		states := coverage.States(points, hit).Lines(0)
		shown := 0
		for i, line := range states {
			n := uint32(i + 1)
			switch {
			case line.State == coverage.NotCovered && executed[n]:
				t.Errorf("%s: line %d ran and is shown as %v", mode, n, line.State)
			// A line of which all is calls that are inlined has no code of its own. Neither may
			// optimized code where it is inlined.
			case line.State == coverage.Covered && hasCode[n] && !executed[n] && mode == programs.Debug:
				t.Errorf("%s: line %d did not run and is shown as %v", mode, n, line.State)
			case line.State == coverage.Covered:
				shown++
			}
		}
		if shown < len(executed)/2 {
			t.Errorf("%s: %d lines are shown of %d that ran", mode, shown, len(executed))
		}
		t.Logf("%s: %d lines are shown of %d that ran", mode, shown, len(executed))
	}
}
