package zigtest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
	"github.com/fuzzls/fuzzls/fuzzcore/executor"
	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// This file tests what runs given inputs, against real executables.

// modes are the modes in which fuzz executables can be built.
var modes = []string{programs.Debug, programs.ReleaseSafe}

// newReplayer returns a Replayer of a fuzz test in programs.All.
func newReplayer(t *testing.T, mode, name string, change func(*ReplayConfig)) *Replayer {
	t.Helper()
	exe := programs.ForTest(t, "all", programs.All, mode)
	d, err := Describe(t.Context(), Config{Exe: exe}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config := ReplayConfig{Exe: exe, Name: "all.test." + name, ID: d.ID, Scratch: t.TempDir(), Timeout: time.Minute, MemoryLimit: 1 << 30}
	if change != nil {
		change(&config)
	}
	r, err := NewReplayer(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestDescribe(t *testing.T) {
	for _, mode := range modes {
		exe := programs.ForTest(t, "all", programs.All, mode)
		d, err := Describe(t.Context(), Config{Exe: exe}, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if d.Version != programs.Version || len(d.Tests) < 15 || d.Tests[0] != "all.test.panics" {
			t.Errorf("%s: version %s, tests %q", mode, d.Version, d.Tests)
		}
		if len(d.PCs) < 5000 || d.ID != abi.CoverageID(d.PCs) {
			t.Errorf("%s: %d points, id %#x", mode, len(d.PCs), d.ID)
		}
	}
}

func TestProbe(t *testing.T) {
	for name, want := range map[string]Kind{
		"panics": FuzzTest, "no fuzz test": Plain, "is skipped": Skipped, "gone": Missing, "asks nothing": FuzzTest, "bad seed": FuzzTest,
	} {
		kind, entry, err := newReplayer(t, programs.ReleaseSafe, name, nil).Probe(t.Context())
		if err != nil || kind != want || (entry == 0) != (kind == Missing) {
			t.Errorf("%s is of kind %d with entry %#x, %v", name, kind, entry, err)
		}
	}
}

// value returns the bytes of values that a test asks for one by one.
func value(values ...byte) []byte {
	var b []byte
	for _, v := range values {
		b = append(b, v, 0, 0, 0, 0, 0, 0, 0)
	}
	return b
}

func TestReplay(t *testing.T) {
	for _, mode := range modes {
		for _, test := range []struct {
			name  string
			input []byte
			how   executor.How
			says  string
		}{
			{"panics", []byte("\x03\x00\x00\x00PAN"), executor.Exited, "panic: boom in parse"},
			{"two ways", value(201, 1), executor.Exited, "the first way"},
			{"two ways", value(201, 0), executor.Exited, "the second way"},
			{"leaks", value(0x42, 201), executor.Exited, "leaked"},
			{"returns error", value(0, 0)[:1:1], 0, ""},
			{"returns error", []byte{0, 0xf1, 0, 0, 0, 0, 0, 0}, executor.Exited, "failed with error.BadValue"},
			{"logs error", value(9), executor.Exited, "bad nine"},
			{"segfaults", value(7), executor.Exited, "Segmentation fault at address 0x0"},
			{"recurses", value(7), executor.Exited, ""},
			{"words", []byte("\x03\x00\x00\x00can"), 0, ""},
		} {
			r := newReplayer(t, mode, test.name, nil)
			passing := []byte{}
			crashes, err := r.Run(t.Context(), [][]byte{passing, test.input, passing, test.input})
			if err != nil {
				t.Errorf("%s %s: %v", mode, test.name, err)
				continue
			}
			if crashes[0] != nil || crashes[2] != nil {
				t.Errorf("%s %s: the empty input crashes", mode, test.name)
			}
			for _, c := range []*executor.Crash{crashes[1], crashes[3]} {
				if test.how == 0 && c != nil || test.how != 0 && (c == nil || c.How != test.how || !strings.Contains(c.Text, test.says)) {
					t.Errorf("%s %s: crash %+v, want %v: %s", mode, test.name, c, test.how, test.says)
				}
			}
		}
	}
}

func TestReplayOfWhatDoesNotEnd(t *testing.T) {
	for name, input := range map[string][]byte{"hangs": value(7, 200), "sleeps": value(7)} {
		r := newReplayer(t, programs.ReleaseSafe, name, func(c *ReplayConfig) { c.Timeout = time.Second / 2 })
		crashes, err := r.Run(t.Context(), [][]byte{{}, input})
		if err != nil || crashes[0] != nil || crashes[1] == nil || crashes[1].How != executor.TimedOut {
			t.Errorf("%s: %+v, %v", name, crashes, err)
		} else if !strings.Contains(crashes[1].Text, "all.zig:") {
			t.Errorf("%s: no stack:\n%s", name, crashes[1].Text)
		}
	}
	r := newReplayer(t, programs.ReleaseSafe, "grows", func(c *ReplayConfig) { c.MemoryLimit = 200 << 20 })
	crashes, err := r.Run(t.Context(), [][]byte{value(7)})
	if err != nil || crashes[0] == nil || crashes[0].How != executor.OverMemory {
		t.Errorf("%+v, %v", crashes, err)
	}
}

func TestReplayWithSeeds(t *testing.T) {
	if n, err := newReplayer(t, programs.ReleaseSafe, "words", nil).Compiled(t.Context()); n != 2 || err != nil {
		t.Errorf("%d inputs in the executable, %v, want 2", n, err)
	}
	_, err := newReplayer(t, programs.ReleaseSafe, "bad seed", nil).Run(t.Context(), [][]byte{{}})
	if err == nil || !strings.Contains(err.Error(), "options.corpus crashes") {
		t.Errorf("a seed that crashes: %v", err)
	}
}

// TestReplayOfMany runs more inputs than a process may have files open by default.
func TestReplayOfMany(t *testing.T) {
	inputs := make([][]byte, 3000)
	for i := range inputs {
		inputs[i] = bytes.Repeat([]byte{byte(i)}, i%16)
	}
	inputs[2990] = []byte("\x03\x00\x00\x00PAN")
	crashes, err := newReplayer(t, programs.ReleaseSafe, "panics", nil).Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range crashes {
		if (c != nil) != (i == 2990) {
			t.Errorf("input %d: %+v", i, c)
		}
	}
}
