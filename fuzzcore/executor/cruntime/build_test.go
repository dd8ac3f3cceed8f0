package cruntime

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fuzzls/fuzzls/fuzzcore/abi"
)

// clangs are the versions that the runtime must compile with; the first is needed.
var clangs = []string{"clang-19", "clang-14", "clang-15", "clang-16", "clang-17", "clang-18"}

// needClang skips the test without a clang; in CI it fails.
func needClang(t *testing.T, clang string) {
	t.Helper()
	if _, err := exec.LookPath(clang); err == nil {
		return
	}
	if os.Getenv("CI") == "true" && clang == clangs[0] {
		t.Fatalf("%s not found: run scripts/setup", clang)
	}
	t.Skipf("%s not found: NOT TESTED with it. Install it with apt", clang)
}

// TestBuild builds the runtime without a warning.
func TestBuild(t *testing.T) {
	for _, clang := range clangs {
		t.Run(clang, func(t *testing.T) {
			t.Parallel()
			needClang(t, clang)
			if err := compile(t.Context(), clang, []string{"-Werror"}, t.TempDir()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestBuildIsCached(t *testing.T) {
	needClang(t, clangs[0])
	dir := t.TempDir()
	compiler := Compiler{Path: clangs[0], Flags: []string{"-O3", "-fsanitize=address", "-march=native"}}
	archive, err := Build(t.Context(), compiler, dir)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(archive)
	if err != nil {
		t.Fatal(err)
	}
	compiler.Flags = []string{"-march=native", "-g"}
	again, err := Build(t.Context(), compiler, dir)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(again); err != nil || again != archive || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("built again: %s, %s, %v", archive, again, err)
	}
	compiler.Flags = nil
	if other, err := Build(t.Context(), compiler, dir); err != nil || other == archive {
		t.Errorf("the same archive for another machine: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "building-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBuildFails(t *testing.T) {
	_, err := Build(t.Context(), Compiler{Path: "no-such-clang"}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), `no-such-clang not found: install clang, or set "fuzzls.clang.path" or --clang`) {
		t.Errorf("%v", err)
	}
	if _, err := Build(t.Context(), Compiler{Path: "false"}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "is it a compiler?") {
		t.Errorf("%v", err)
	}
}

func TestMachineFlags(t *testing.T) {
	flags := []string{"-O2", "-m64", "-mllvm", "x", "-target", "aarch64-linux-gnu", "--sysroot=/s", "-fsanitize=address", "-flto", "-DX"}
	want := []string{"-m64", "-target", "aarch64-linux-gnu", "--sysroot=/s"}
	if got := machineFlags(flags); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// fields are the names in C of the structs in shared memory, in order.
var fields = map[string]struct {
	goType reflect.Type
	names  []string
}{
	"ring_header": {reflect.TypeFor[abi.RingHeader](), []string{"magic", "size", "slots", "input_size", "slots_offset", "slot_stride",
		"texts_offset", "seen_offset", "baseline_offset", "arena_offset", "arena_size", "edges", "cells", "state", "hooks",
		"memory_limit", "early_offset", "head", "wake_at", "unused2", "tail", "sleeping", "unused3", "slow", "unused4"}},
	"ring_slot": {reflect.TypeFor[abi.RingSlot](), []string{"len", "want", "arena", "flags", "edges", "path", "text", "compares", "seed", "donor", "limit", "nanos", "unused"}},
	"compare_record": {reflect.TypeFor[abi.Compare](), []string{"site", "kind", "len_a", "len_b", "unused1", "a", "b", "text_a", "text_b",
		"unused2"}},
}

// TestRingLayout checks that the runtime's copies of the ring's structs and constants
// are those of package abi.
func TestRingLayout(t *testing.T) {
	needClang(t, clangs[0])
	var program bytes.Buffer
	program.WriteString("#include \"fuzzls.h\"\n")
	check := func(expression string, want uint64) {
		fmt.Fprintf(&program, "_Static_assert((%s) == %#xu, \"%s\");\n", expression, want, expression)
	}
	for name, c := range fields {
		check("sizeof(struct "+name+")", uint64(c.goType.Size()))
		if c.goType.NumField() != len(c.names) {
			t.Errorf("%s has %d fields, want %d", name, len(c.names), c.goType.NumField())
			continue
		}
		for i, field := range c.names {
			check("offsetof(struct "+name+", "+field+")", uint64(c.goType.Field(i).Offset))
			check("sizeof(((struct "+name+" *)0)->"+field+")", uint64(c.goType.Field(i).Type.Size()))
		}
	}
	for expression, want := range map[string]uint64{
		"RING_MAGIC": abi.RingMagic, "RING_HEADER_SIZE": abi.RingHeaderSize, "RING_TEXT": abi.RingText,
		"MAX_COMPARES": abi.MaxCompares, "COMPARE_TEXT": abi.CompareText, "sizeof(struct ring_slot)": abi.RingSlotSize,
		"WANT_COUNTERS": abi.RingWantCounters, "WANT_COMPARES": abi.RingWantCompares, "WANT_BLOCKS": abi.RingWantBlocks,
		"WANT_MUTATE": abi.RingWantMutate, "HOOK_MUTATES": abi.RingMutates, "HOOK_CROSSES": abi.RingCrosses,
		"RUN_NEW": abi.RingNew, "RUN_FAILED": abi.RingFailed, "RUN_SKIPPED": abi.RingSkipped,
		"STATE_HELLO": uint64(abi.RingHello), "STATE_READY": uint64(abi.RingReady),
		"COMPARE_STRING": uint64(abi.CompareString), "COMPARE_FOLD": uint64(abi.CompareFold), "COMPARE_CONST": uint64(abi.CompareConst),
	} {
		check(expression, want)
	}
	cmd := exec.Command(clangs[0], "-std=c11", "-fsyntax-only", "-Isrc", "-x", "c", "-")
	cmd.Stdin = &program
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	source, err := sources.ReadFile("src/main.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{abi.RingEnv, abi.DescribeEnv} {
		if !bytes.Contains(source, []byte(`getenv("`+name+`")`)) {
			t.Errorf("main.c does not read %s", name)
		}
	}
}
