package debuginfo

import (
	"cmp"
	"debug/dwarf"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file compares rows and locations with what debug/dwarf reads from the same
// executable, on executables of many kinds.

// sequence is the rows of one sequence, as debug/dwarf reads them, and the number
// of its unit.
type sequence struct {
	unit    int
	compDir string
	rows    []dwarf.LineEntry
}

// oracle is the whole line information of an executable, read by debug/dwarf.
type oracle struct {
	sequences []sequence
	ranges    [][][2]uint64 // of the code, by unit
}

func readOracle(tb testing.TB, file string) *oracle {
	tb.Helper()
	d := readDWARF(tb, file)
	o := &oracle{}
	for r := d.Reader(); ; r.SkipChildren() {
		entry, err := r.Next()
		if err != nil {
			tb.Fatal(err)
		}
		if entry == nil {
			return o
		}
		if entry.Tag == dwarf.TagCompileUnit {
			o.readUnit(tb, d, entry)
		}
	}
}

func (o *oracle) readUnit(tb testing.TB, d *dwarf.Data, entry *dwarf.Entry) {
	tb.Helper()
	ranges, err := d.Ranges(entry)
	if err != nil {
		tb.Fatal(err)
	}
	unit := len(o.ranges)
	o.ranges = append(o.ranges, ranges)
	lr, err := d.LineReader(entry)
	if err != nil || lr == nil {
		return
	}
	compDir, _ := entry.Val(dwarf.AttrCompDir).(string)
	var rows []dwarf.LineEntry
	for {
		var row dwarf.LineEntry
		if err := lr.Next(&row); err == io.EOF {
			return
		} else if err != nil {
			tb.Fatal(err)
		}
		if rows = append(rows, row); row.EndSequence {
			o.sequences = append(o.sequences, sequence{unit, compDir, rows})
			rows = nil
		}
	}
}

// resolve applies the rules of Resolve to one address, in the slow and obvious
// way.
func (o *oracle) resolve(pc uint64, literal bool) string {
	unit := slices.IndexFunc(o.ranges, func(ranges [][2]uint64) bool {
		return slices.ContainsFunc(ranges, func(r [2]uint64) bool { return pc >= r[0] && pc < r[1] })
	})
	const unknown = ":0:0"
	answer := unknown
	for _, s := range o.sequences {
		last := s.rows[len(s.rows)-1]
		if unit >= 0 && s.unit != unit || pc < s.rows[0].Address || pc >= last.Address {
			continue
		}
		for i := len(s.rows) - 2; i >= 0; i-- {
			if row := &s.rows[i]; row.Address <= pc && (row.Line != 0 || literal) {
				answer = s.place(row)
				break
			}
		}
		if unit < 0 && answer != unknown {
			return answer // the first table
		}
	}
	return answer
}

// place words the location of a row. debug/dwarf does not join relative directories
// of version 5 with the compilation directory, and joins names that are not paths.
func (s *sequence) place(row *dwarf.LineEntry) string {
	name := ""
	if row.File != nil {
		name = row.File.Name
		if base := path.Base(name); strings.HasPrefix(base, "<") {
			name = base
		} else if !path.IsAbs(name) && !strings.HasPrefix(name, path.Clean(s.compDir)+"/") {
			name = path.Join(s.compDir, name)
		} else {
			name = path.Clean(name)
		}
	}
	return fmt.Sprintf("%s:%d:%d", name, row.Line, row.Column)
}

// kinds are the executables that are compared.
var kinds = []struct {
	name  string
	build func(testing.TB) string
}{
	{"go", func(tb testing.TB) string { return buildGo(tb, goSource, nil) }},
	{"go unoptimized", func(tb testing.TB) string { return buildGo(tb, goSource, nil, "-gcflags=-N -l") }},
	{"go dwarf4", func(tb testing.TB) string { return buildGo(tb, goSource, []string{"GOEXPERIMENT=nodwarf5"}) }},
	{"go uncompressed", func(tb testing.TB) string { return buildGo(tb, goSource, nil, "-ldflags=-compressdwarf=false") }},
	{"go pie", func(tb testing.TB) string { return buildGo(tb, goSource, nil, "-buildmode=pie") }},
	{"go trimpath", func(tb testing.TB) string { return buildGo(tb, goSource, nil, "-trimpath") }},
	{"go arm64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOARCH=arm64", "CGO_ENABLED=0"})
	}},
	{"go race", func(tb testing.TB) string {
		need(tb, "gcc")
		return buildGo(tb, goSource, []string{"CGO_ENABLED=1"}, "-race")
	}},
	{"cgo", func(tb testing.TB) string {
		need(tb, "gcc")
		return buildGo(tb, cgoSource, []string{"CGO_ENABLED=1"})
	}},
	{"gcc dwarf2", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-2", "-gstrict-dwarf") }},
	{"gcc dwarf3", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-3", "-gstrict-dwarf") }},
	{"gcc dwarf4", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-4") }},
	{"gcc dwarf5", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-5") }},
	{"gcc dwarf5 unoptimized", func(tb testing.TB) string { return buildC(tb, "-O0", "-gdwarf-5") }},
	{"gcc dwarf64", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-5", "-gdwarf64") }},
	{"gcc 64-bit dwarf4", func(tb testing.TB) string { return buildC(tb, "-O2", "-gdwarf-4", "-gdwarf64") }},
	{"gcc zlib", func(tb testing.TB) string { return buildC(tb, "-O2", "-g", "-gz=zlib") }},
	{"gcc zdebug", func(tb testing.TB) string { return buildC(tb, "-O2", "-g", "-gz=zlib-gnu") }},
	{"gcc sections", func(tb testing.TB) string {
		return buildC(tb, "-O2", "-g", "-ffunction-sections", "-Wl,--gc-sections", "-static")
	}},
	{"gcc relative", func(tb testing.TB) string { return buildC(tb, "-O2", "-g", "-fdebug-prefix-map=/=relative/") }},
}

func TestAgainstDebugDWARF(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			file := kind.build(t)
			o := readOracle(t, file)
			f := mustOpen(t, file)
			compareRows(t, f, o)
			compareLocations(t, f, o, false)
			compareLocations(t, f, o, true)
		})
	}
}

// TestExtraExecutables compares executables of compilers that are not everywhere:
// DEBUGINFO_FILES names them, separated as in PATH.
func TestExtraExecutables(t *testing.T) {
	for _, file := range filepath.SplitList(os.Getenv("DEBUGINFO_FILES")) {
		t.Run(file, func(t *testing.T) {
			o := readOracle(t, file)
			f := mustOpen(t, file)
			compareRows(t, f, o)
			compareLocations(t, f, o, false)
			compareLocations(t, f, o, true)
		})
	}
}

// compareRows compares all rows of all live sequences.
func compareRows(t *testing.T, f *File, o *oracle) {
	t.Helper()
	var got, want [][]string
	var rows []string
	err := f.Rows(0, ^uint64(0), func(r Row) bool {
		place := f.place(r.Location)
		if r.EndSequence {
			place = ""
		}
		rows = append(rows, fmt.Sprintf("%#016x %s stmt=%t end=%t", r.Addr, place, r.IsStmt, r.EndSequence))
		if r.EndSequence {
			end := len(rows) - 1
			for end > 0 && rows[0][:18] < rows[end][:18] && rows[end-1][:18] == rows[end][:18] {
				rows = slices.Delete(rows, end-1, end) // void, as below
				end--
			}
			got, rows = append(got, rows), nil
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range o.sequences {
		if !f.image.text.contains(s.rows[0].Address) || len(s.rows) == 1 {
			continue
		}
		var rows []string
		last := s.rows[len(s.rows)-1].Address
		for _, r := range s.rows {
			if r.Address == last && !r.EndSequence && s.rows[0].Address < last {
				continue // void, and not in the unit's addresses
			}
			place := s.place(&r)
			if r.EndSequence {
				place = ""
			}
			rows = append(rows, fmt.Sprintf("%#016x %s stmt=%t end=%t", r.Address, place, r.IsStmt, r.EndSequence))
		}
		want = append(want, rows)
	}
	slices.SortFunc(got, slices.Compare)
	slices.SortFunc(want, slices.Compare)
	if len(got) == 0 || len(got) != len(want) {
		t.Errorf("%d sequences, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("sequence %d:\n%s\nwant:\n%s", i, strings.Join(got[i], "\n"), strings.Join(want[i], "\n"))
		}
	}
}

// compareLocations compares the locations of a sample of addresses: of rows, next
// to rows, and random ones.
func compareLocations(t *testing.T, f *File, o *oracle, literal bool) {
	t.Helper()
	const sample = 1000
	random := rand.New(rand.NewPCG(1, 2))
	var addrs []uint64
	for _, s := range o.sequences {
		for _, r := range s.rows {
			addrs = append(addrs, r.Address)
		}
	}
	text := f.image.text
	pcs := []uint64{0, 1, text.lo - 1, text.lo, text.hi - 1, text.hi, ^uint64(0)}
	for range sample {
		pcs = append(pcs,
			addrs[random.IntN(len(addrs))]+random.Uint64N(3)-1,
			text.lo+random.Uint64N(text.hi-text.lo))
	}
	slices.SortFunc(pcs, cmp.Compare)
	out := make([]Location, len(pcs))
	resolve := f.Resolve
	if literal {
		resolve = f.ResolveLiteral
	}
	if err := resolve(pcs, out); err != nil {
		t.Fatal(err)
	}
	known := 0
	for i, pc := range pcs {
		want := ":0:0"
		if text.contains(pc) {
			want = o.resolve(pc, literal)
		}
		if want != ":0:0" {
			known++
		}
		if got := f.place(out[i]); got != want {
			t.Fatalf("%#x (literal %t): got %s, want %s", pc, literal, got, want)
		}
	}
	t.Logf("%d of %d addresses known", known, len(pcs))
}
