package zigvalues

import (
	_ "embed"
	"encoding/binary"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fuzzls/fuzzls/fuzzcore/zigtest/programs"
)

// asks is the source of the fuzz tests that are read.
//
//go:embed testdata/asks.zig
var asks string

// build builds the fuzz tests and returns the executable, which is kept for the next time.
func build(t *testing.T) string {
	t.Helper()
	return programs.ForTest(t, "asks", asks, programs.Debug)
}

// buildMovable builds them as a position-independent executable.
func buildMovable(t *testing.T) string {
	t.Helper()
	zig, err := programs.Zig() // build has seen to it
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "asks")
	cmd := exec.Command(zig, "test", "-ffuzz", "-ODebug", "-fllvm", "-fno-error-tracing", "-fPIE", "--test-no-exec", "-femit-bin="+exe, "asks.zig")
	cmd.Dir = "testdata"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return exe
}

// stream is the input that answers the fuzz test "asks".
func stream() []byte {
	var b []byte
	number := func(n uint64) { b = binary.LittleEndian.AppendUint64(b, n) }
	number(7)
	number(6)
	number(0xfffe)
	number(97)
	number(1)
	number(513)
	number(1)
	number(70000)
	number(2)
	number(uint64(math.Float32bits(1.5)))
	number(3)
	b = append(b, 0, 0, 1)
	b = append(b, "ab\"c"[:3]...)
	b = binary.LittleEndian.AppendUint32(b, 4)
	b = append(b, "\x00xy\n"...)
	number(1)
	return b
}

var asked = []string{
	"9: value(u8) = 7",
	"10: value(asks.Op) = .peek",
	"11: value(i16) = -2",
	"12: valueRangeAtMost(i8) = -31",
	"13: value(bool) = true",
	"14: value(?) = .{ 513, 1 }",
	"16: value(?) = .{ 70000, 2 }",
	"18: value(f32) = 1.5",
	"19: index() = 3",
	"20: eos() = false",
	"20: eos() = false",
	"20: eos() = true",
	`21: bytes() = "ab\""`,
	`22: slice() = "\x00xy\n"`,
	"24: boolWeighted() = true",
}

// What a fuzz test takes from an input that makes it panic is read with types and places.
func TestRead(t *testing.T) {
	for _, exe := range []string{build(t), buildMovable(t)} {
		calls, err := Read(t.Context(), Config{Exe: exe, Dir: t.TempDir(), Test: "asks.test.asks", Input: stream(), Idle: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		end := 0
		for _, c := range calls {
			_, line, ok := strings.Cut(c.String(), "/asks.zig:")
			if !ok {
				t.Errorf("%s is not in asks.zig", c.String())
			}
			got = append(got, line)
			for _, r := range c.Requests {
				if r.Offset != end {
					t.Errorf("%s begins at byte %d, want %d", line, r.Offset, end)
				}
				end += r.Len
			}
		}
		if !slices.Equal(got, asked) {
			t.Errorf("%s: got\n%s\nwant\n%s", exe, strings.Join(got, "\n"), strings.Join(asked, "\n"))
		}
		if end != len(stream()) {
			t.Errorf("%d bytes were taken, want %d", end, len(stream()))
		}
	}
}

// An input that does not crash is read to the end of its own run, one that is too short as
// far as it goes.
func TestReadEnds(t *testing.T) {
	exe := build(t)
	for _, test := range []struct {
		name  string
		input []byte
		want  []string
	}{
		{"asks.test.ends", binary.LittleEndian.AppendUint64(nil, 3), []string{"32: value(u8) = 3"}},
		{"asks.test.ends", []byte{9, 9}, []string{"32: value(u8) = 0"}},
		{"asks.test.asks", stream()[:9], []string{"9: value(u8) = 7", "10: value(asks.Op) = .push"}},
	} {
		calls, err := Read(t.Context(), Config{Exe: exe, Dir: t.TempDir(), Test: test.name, Input: test.input, Idle: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range calls[:min(len(calls), len(test.want))] {
			_, line, _ := strings.Cut(c.String(), "/asks.zig:")
			got = append(got, line)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s, %q: got %q, want %q", test.name, test.input, got, test.want)
		}
	}
	if _, err := Read(t.Context(), Config{Exe: "/bin/sh", Dir: "/", Test: "x", Idle: time.Minute}); err == nil {
		t.Error("a shell was taken for a fuzz test")
	}
}

// Requests of any stream stay within it and follow each other.
func FuzzTake(f *testing.F) {
	f.Add(stream(), uint64(6), []byte{0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, data []byte, size uint64, kinds []byte) {
		offset := 0
		for _, kind := range kinds {
			w := want{kind: Kind(kind % 4), size: size, allowed: []span{{0, size}}}
			r := w.take(data, offset)
			if r.Offset != offset || r.Len < 0 || offset+r.Len > len(data) || uint64(len(r.Data)) > size {
				t.Fatalf("%+v of %d bytes at %d", r, len(data), offset)
			}
			offset += r.Len
		}
	})
}
