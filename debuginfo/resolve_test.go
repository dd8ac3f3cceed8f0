package debuginfo

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// This file tests Resolve and Rows at the level of their callers; oracle_test.go
// compares all rows and many addresses.

func TestResolveArguments(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	main, ok := f.Symbol("main.main")
	if !ok {
		t.Fatal("no main.main")
	}
	tests := []struct {
		name    string
		pcs     []uint64
		room    int
		problem string
	}{
		{"none", nil, 0, ""},
		{"repeated", []uint64{main.Addr, main.Addr, main.Addr}, 3, ""},
		{"not sorted", []uint64{2, 3, 1}, 3, "addresses are not sorted: 0x1, number 2, comes after 0x3"},
		{"no room", []uint64{1, 2}, 1, "2 addresses to resolve, but room for 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := make([]Location, test.room)
			err := f.Resolve(test.pcs, out)
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Fatalf("error %v, want %q", err, test.problem)
			}
			for i := range out {
				if err == nil && (out[i].Line == 0 || path.Base(f.Path(out[i].File)) != "main.go") {
					t.Errorf("%d: %s", i, f.place(out[i]))
				}
			}
		})
	}
}

func TestResolveClearsOut(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	out := []Location{{1, 2, 3}}
	if err := f.Resolve([]uint64{1}, out); err != nil || out[0] != (Location{}) {
		t.Errorf("got %v, %v", out[0], err)
	}
}

func TestStripped(t *testing.T) {
	f := mustOpen(t, buildC(t, "-g0"))
	err := f.Resolve([]uint64{1}, make([]Location, 1))
	if !errors.Is(err, ErrNoLines) || !strings.HasPrefix(err.Error(), f.path+": ") {
		t.Errorf("got %v", err)
	}
	if got := f.Path(1); got != "" {
		t.Errorf("path %q", got)
	}
}

// TestNoAllocationPerAddress compares batches that differ ten times in size.
func TestNoAllocationPerAddress(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	allocations := func(n int) float64 {
		pcs := sampleAddresses(t, f, n)
		out := make([]Location, n)
		return testing.AllocsPerRun(3, func() {
			if err := f.Resolve(pcs, out); err != nil {
				t.Error(err)
			}
		})
	}
	few, many := allocations(5_000), allocations(50_000)
	if many > few+10 {
		t.Errorf("%v allocations for 5,000 addresses, %v for 50,000", few, many)
	}
}

func TestConcurrentUse(t *testing.T) {
	file := buildGo(t, goSource, nil)
	reference := mustOpen(t, file)
	pcs := sampleAddresses(t, reference, 2000)
	want := make([]Location, len(pcs))
	if err := reference.Resolve(pcs, want); err != nil {
		t.Fatal(err)
	}
	f := mustOpen(t, file)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			out := make([]Location, len(pcs))
			if err := f.Resolve(pcs, out); err != nil {
				t.Error(err)
				return
			}
			for i := range out {
				if f.place(out[i]) != reference.place(want[i]) {
					t.Errorf("%#x: %s, want %s", pcs[i], f.place(out[i]), reference.place(want[i]))
					return
				}
			}
			if err := f.Rows(pcs[0], pcs[0]+100, func(Row) bool { return true }); err != nil {
				t.Error(err)
			}
			f.Function(pcs[0])
		})
	}
	wg.Wait()
}

// TestAddr2line compares with GNU addr2line, which takes rows as they stand.
func TestAddr2line(t *testing.T) {
	need(t, "addr2line")
	for _, version := range []string{"2", "3", "4", "5"} {
		t.Run("dwarf"+version, func(t *testing.T) {
			t.Parallel()
			file := buildC(t, "-O2", "-gdwarf-"+version)
			f := mustOpen(t, file)
			var pcs []uint64
			args := []string{"-e", file}
			for _, name := range []string{"classify", "main"} {
				s, ok := f.Symbol(name)
				if !ok {
					t.Fatal("no symbol ", name)
				}
				for pc := s.Addr; pc < s.Addr+s.Size; pc++ {
					pcs = append(pcs, pc)
				}
			}
			slices.Sort(pcs)
			for _, pc := range pcs {
				args = append(args, fmt.Sprintf("%#x", pc))
			}
			out := make([]Location, len(pcs))
			if err := f.ResolveLiteral(pcs, out); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(run(t, ".", nil, "addr2line", args...)), "\n")
			if len(lines) != len(pcs) {
				t.Fatalf("addr2line printed %d lines for %d addresses", len(lines), len(pcs))
			}
			for i, line := range lines {
				line, _, _ = strings.Cut(line, " (discriminator")
				name, number, _ := strings.Cut(line, ":")
				want := path.Clean(name) + ":" + number
				if got := fmt.Sprintf("%s:%d", f.Path(out[i].File), out[i].Line); got != want {
					t.Errorf("%#x: %s, want %s", pcs[i], got, want)
				}
			}
		})
	}
}

// TestRowsIn asks for the rows of all functions of a package at once and compares
// with asking for each.
func TestRowsIn(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	functions, err := f.Functions()
	if err != nil {
		t.Fatal(err)
	}
	var ranges []Range
	for _, fn := range functions {
		if strings.HasPrefix(fn.Name, "main.") || strings.HasPrefix(fn.Name, "strings.") {
			ranges = append(ranges, Range{fn.Lo, fn.Hi})
		}
	}
	together := make([][]Row, len(ranges))
	err = f.RowsIn(ranges, func(i int, r Row) bool {
		together[i] = append(together[i], r)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range ranges {
		var alone []Row
		if err := f.Rows(r.Lo, r.Hi, func(row Row) bool { alone = append(alone, row); return true }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(alone, together[i]) {
			t.Errorf("rows of %#x to %#x:\n%v\nwant:\n%v", r.Lo, r.Hi, together[i], alone)
		}
		if len(alone) == 0 {
			t.Errorf("no rows of %#x to %#x", r.Lo, r.Hi)
		}
	}
}

func TestRowsOfPart(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	fn, ok := f.Symbol("main.classify")
	if !ok {
		t.Fatal("no main.classify")
	}
	var all []Row
	if err := f.Rows(fn.Addr, fn.Addr+fn.Size, func(r Row) bool { all = append(all, r); return true }); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(r Row) bool { return r.Addr > fn.Addr+1 })
	if i < 0 || all[len(all)-1].Addr <= all[i].Addr {
		t.Fatalf("too few rows: %v", all)
	}
	var part []Row
	lo := all[i].Addr - 1 // in the row before
	if err := f.Rows(lo, all[i].Addr+1, func(r Row) bool { part = append(part, r); return true }); err != nil {
		t.Fatal(err)
	}
	if len(part) < 2 || part[0] != all[i-1] || part[1] != all[i] {
		t.Errorf("got %v, want it to start with %v", part, all[i-1:i+1])
	}
	calls := 0
	if err := f.Rows(0, ^uint64(0), func(Row) bool { calls++; return false }); err != nil || calls != 1 {
		t.Errorf("%d rows after stopping at the first, %v", calls, err)
	}
}

func TestRowsArguments(t *testing.T) {
	f := mustOpen(t, buildGo(t, goSource, nil))
	for _, ranges := range [][]Range{{{2, 1}}, {{1, 3}, {2, 4}}, {{5, 6}, {1, 2}}} {
		if err := f.RowsIn(ranges, func(int, Row) bool { return true }); err == nil {
			t.Errorf("no error for %v", ranges)
		}
	}
}

// TestCutShort truncates an executable while it is open, as a build that writes
// over it does.
func TestCutShort(t *testing.T) {
	data, err := os.ReadFile(buildGo(t, goSource, nil, "-ldflags=-compressdwarf=false"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fixture")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f := mustOpen(t, file)
	if err := os.Truncate(file, 1<<16); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second call must not find half of the first one's work
		err := f.Resolve([]uint64{1 << 22}, make([]Location, 1))
		if !errors.Is(err, errCutShort) {
			t.Errorf("resolving: got %v", err)
		}
		if _, err := f.Functions(); !errors.Is(err, errCutShort) {
			t.Errorf("functions: got %v", err)
		}
	}
}

func TestSort(t *testing.T) {
	pcs := []uint64{30, 10, 20, 10}
	sorted, perm := Sort(pcs)
	if !slices.Equal(sorted, []uint64{10, 10, 20, 30}) || !slices.Equal(perm, []int{1, 3, 2, 0}) {
		t.Errorf("got %v, %v", sorted, perm)
	}
	if !slices.Equal(pcs, []uint64{30, 10, 20, 10}) {
		t.Errorf("changed its argument: %v", pcs)
	}
}
