package zig

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/debuginfo"
	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/coverage"
	"github.com/fuzzls/fuzzls/fuzzcore/proc"
	"github.com/fuzzls/fuzzls/fuzzcore/target"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests where points are and which lines they prove, against Zig's own source
// index and against what is known to run.

//go:embed testdata/lines.zig
var linesSource string

// oracle builds the program that prints Zig's own source index and returns its path.
// What was built before is not built again.
func oracle(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("testdata/oracle/main.zig")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "fuzzls", "zigtest", fmt.Sprintf("oracle-%.8x", sha256.Sum256(source)))
	exe := filepath.Join(dir, "oracle")
	if _, err := os.Stat(exe); err == nil {
		return exe
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	temp := fmt.Sprintf("%s-%d", exe, os.Getpid())
	if out, err := exec.Command(zigCommand(t), "build-exe", "testdata/oracle/main.zig", "-femit-bin="+temp).CombinedOutput(); err != nil {
		t.Fatalf("building the oracle: %v\n%s", err, out)
	}
	if err := os.Rename(temp, exe); err != nil {
		t.Fatal(err)
	}
	return exe
}

// ran runs inputs of a fuzz test and returns the executable's coverage file.
func ran(t *testing.T, exe, name string, inputs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cache")
	cache := zigtest.NewCache(dir, name)
	if err := cache.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	var data [][]byte
	for _, input := range inputs {
		data = append(data, []byte(input))
	}
	if err := cache.Write(0, data); err != nil {
		t.Fatal(err)
	}
	k := proc.NewKeeper()
	defer k.Close()
	child, err := zigtest.Start(k, zigtest.Config{
		Exe: exe, Cache: dir, Start: abi.StartFuzzing{Kind: abi.LimitIterations, Amount: 0, Names: []string{name}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	for range child.Events() {
	}
	if code, signal, err := child.End(); code != 0 || err != nil {
		t.Fatalf("exit status %d, signal %d, %v:\n%s", code, signal, err, child.Text())
	}
	files, err := filepath.Glob(filepath.Join(dir, "v", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("coverage files %q, %v", files, err)
	}
	return files[0]
}

// bits reads a coverage file.
func bits(t *testing.T, path string) (pcs, hit []uint64) {
	t.Helper()
	file, err := abi.MapCoverage(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return file.PCs(), file.Bits(nil)
}

// TestLocations compares the location of every point with Zig's own source index.
func TestLocations(t *testing.T) {
	for _, mode := range target.ZigOptimize {
		exe := programs.ForTest(t, "lines", linesSource, mode)
		path := ran(t, exe, "lines.test.lines", "")
		out, err := exec.Command(oracle(t), exe, path).Output()
		if err != nil {
			t.Fatalf("the oracle: %v", err)
		}
		want := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		file, err := debuginfo.Open(exe)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		pcs, _ := bits(t, path)
		locations, err := locate(file, pcs)
		if err != nil {
			t.Fatal(err)
		}
		if len(want) != len(locations) {
			t.Fatalf("%s: Zig has %d locations, not %d", mode, len(want), len(locations))
		}
		different, invalid := 0, 0
		for i, l := range locations {
			got := "invalid"
			if l.File != 0 {
				got = fmt.Sprintf("%s:%d:%d", file.Path(l.File), l.Line, l.Column)
			} else {
				invalid++
			}
			if got != want[i] {
				if different++; different < 10 {
					t.Errorf("%s: point %d at %#x is at %s, Zig says %s", mode, i, pcs[i], got, want[i])
				}
			}
		}
		t.Logf("%s: %d points, %d differ, %d without a location", mode, len(pcs), different, invalid)
	}
}

// TestLines compares what is shown of lines with what is known to run.
func TestLines(t *testing.T) {
	for _, mode := range target.ZigOptimize {
		exe := programs.ForTest(t, "lines", linesSource, mode)
		pcs, hit := bits(t, ran(t, exe, "lines.test.lines", "", "\x03\x00\x00\x00\x00\x00\x00\x00"))
		points, err := readPoints(context.Background(), pointsConfig{Exe: exe, PCs: pcs, Unoptimized: mode == programs.Debug, Tests: []string{"lines.test.lines"}, Own: filepath.Dir(exe)})
		if err != nil {
			t.Fatal(err)
		}
		checkPoints(t, points, filepath.Dir(exe))
		path := filepath.Join(filepath.Dir(exe), "lines.zig")
		i := slices.IndexFunc(points.Files, func(f coverage.File) bool { return f.Path == path })
		if i < 0 {
			t.Fatalf("%s is not among %v", path, points.Files)
		}
		lines := coverage.States(points, hit).Lines(i)
		marked, shown := 0, 0
		scanner := bufio.NewScanner(strings.NewReader(linesSource))
		for n := 1; scanner.Scan(); n++ {
			state := coverage.NotInstrumented
			if n <= len(lines) {
				state = lines[n-1].State
			}
			is := state == coverage.Covered || state == coverage.Partly
			text := scanner.Text()
			switch {
			case strings.HasSuffix(text, "// not"):
				if is {
					t.Errorf("%s: line %d is shown as %v and never ran: %s", mode, n, state, text)
				}
			case strings.HasSuffix(text, "// ran"):
				marked++
				if is {
					shown++
				} else {
					t.Logf("%s: line %d ran and is shown as %v: %s", mode, n, state, text)
				}
				if state == coverage.NotCovered {
					t.Errorf("%s: line %d ran and is shown as %v: %s", mode, n, state, text)
				}
			}
		}
		t.Logf("%s: %d of %d lines that ran are shown", mode, shown, marked)
	}
}
