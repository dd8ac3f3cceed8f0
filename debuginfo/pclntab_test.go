package debuginfo

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file tests what is known of a Go executable without DWARF: every function's
// instructions are compared with the same program's DWARF.

// strippedGo are Go programs, and how their DWARF (-w) or also their symbols (-s) are
// left out.
var strippedGo = []struct {
	name   string
	env    []string
	flags  []string
	strip  string
	source string
}{
	{"linux", nil, []string{"-trimpath"}, "-w", goSource},
	{"linux without symbols", nil, nil, "-s -w", goSource},
	{"pie", nil, []string{"-buildmode=pie"}, "-s -w", goSource},
	{"cgo", []string{"CGO_ENABLED=1"}, nil, "-s -w", cgoSource},
	{"cgo pie", []string{"CGO_ENABLED=1"}, []string{"-buildmode=pie"}, "-s -w", cgoSource},
	{"go1.22", []string{"GOTOOLCHAIN=go1.22.12"}, []string{"-buildmode=pie"}, "-s -w", goSource},
	{"go1.23", []string{"GOTOOLCHAIN=go1.23.12"}, nil, "-w", goSource},
	{"go1.24", []string{"GOTOOLCHAIN=go1.24.13"}, nil, "-s -w", goSource},
	{"go1.25", []string{"GOTOOLCHAIN=go1.25.7"}, nil, "-s -w", goSource},
	{"darwin arm64", []string{"GOOS=darwin", "GOARCH=arm64"}, nil, "-s -w", goSource},
	{"windows", []string{"GOOS=windows", "GOARCH=amd64"}, nil, "-s -w", goSource},
}

func TestStrippedGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it compares answers, on one goroutine")
	}
	for _, kind := range strippedGo {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			if kind.source == cgoSource {
				need(t, "gcc")
			}
			whole := mustOpen(t, buildGo(t, kind.source, kind.env, kind.flags...))
			stripped := mustOpen(t, rebuildGo(t, whole.path, kind.env, append(kind.flags, "-ldflags="+kind.strip)...))
			compareStripped(t, whole, stripped)
		})
	}
}

// rebuildGo builds the program of an executable again with other flags.
func rebuildGo(tb testing.TB, executable string, env []string, flags ...string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "stripped")
	env = append([]string{"GOFLAGS=", "GOWORK=off"}, env...)
	run(tb, filepath.Dir(executable), env, "go", append(append([]string{"build", "-o", out}, flags...), ".")...)
	if _, err := os.Stat(out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// compareStripped compares the locations of all functions of both builds, whose code
// is the same except for its addresses.
func compareStripped(t *testing.T, whole, stripped *File) {
	t.Helper()
	functions, err := stripped.Functions()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, fn := range functions {
		count[fn.Name]++
	}
	var names []string
	var wholePCs, strippedPCs []uint64
	for _, fn := range functions {
		symbol, ok := whole.Symbol(fn.Name)
		if !ok || count[fn.Name] > 1 {
			continue // the symbol table tells "f" from "f.abi0"
		}
		size := fn.Hi - fn.Lo
		if symbol.Size != 0 {
			size = min(size, symbol.Size)
		}
		for at := uint64(0); at < size; at += 4 {
			names = append(names, fmt.Sprintf("%s+%#x", fn.Name, at))
			wholePCs, strippedPCs = append(wholePCs, symbol.Addr+at), append(strippedPCs, fn.Lo+at)
		}
	}
	wants, gots := whole.linesOf(t, wholePCs), stripped.linesOf(t, strippedPCs)
	differ, same, unknown := 0, 0, 0
	for i, want := range wants {
		switch {
		case want == ":0":
			unknown++ // code without DWARF
		case !strings.Contains(want, ".go:") && !strings.Contains(want, ".s:") && gots[i] == ":0":
			unknown++ // C code
		case gots[i] == want:
			same++
		default:
			if differ++; differ < 10 {
				t.Errorf("%s: got %s, want %s", names[i], gots[i], want)
			}
		}
	}
	t.Logf("%d functions; %d places agree, %d differ, %d are only in Go's table", len(functions), same, differ, unknown)
	if same < 50_000 {
		t.Errorf("only %d places agree", same)
	}
}

// linesOf words the files and lines of addresses.
func (f *File) linesOf(t *testing.T, pcs []uint64) []string {
	t.Helper()
	sorted, perm := Sort(pcs)
	out := make([]Location, len(pcs))
	if err := f.Resolve(sorted, out); err != nil {
		t.Fatal(err)
	}
	lines := make([]string, len(pcs))
	for i, l := range out {
		lines[perm[i]] = fmt.Sprintf("%s:%d", f.Path(l.File), l.Line)
	}
	return lines
}

// smallGoTable returns a table with two functions of one package, whose code starts
// at text: f, of 8 instructions in a.go with lines 10 and 12 and in b.go with line 3,
// and g, of 4 instructions without a file.
func smallGoTable() []byte {
	le := binary.LittleEndian
	names := []byte("\x00main.f\x00main.g\x00")
	files := []byte("/src/a.go\x00/src/b.go\x00")
	unitFiles := le.AppendUint32(le.AppendUint32(nil, 0), uint32(len("/src/a.go")+1))
	step := func(p []byte, change int32, quanta uint64) []byte {
		return binary.AppendUvarint(binary.AppendUvarint(p, uint64(uint32(change)<<1^uint32(change>>31))), quanta)
	}
	steps := []byte{0}
	fFiles := len(steps)
	steps = append(step(step(steps, 1, 6), 1, 2), 0) // 0, then 1
	fLines := len(steps)
	steps = append(step(step(step(steps, 11, 4), 2, 2), -9, 2), 0) // 10, 12, 3
	gFiles := len(steps)
	steps = append(step(steps, 0, 4), 0) // -1
	gLines := len(steps)
	steps = append(step(steps, 21, 4), 0) // 20
	function := func(entry, name, files, lines int) []byte {
		b := le.AppendUint32(nil, uint32(entry))
		b = le.AppendUint32(b, uint32(name))
		b = append(b, make([]byte, 12)...)
		b = le.AppendUint32(b, uint32(files))
		b = le.AppendUint32(b, uint32(lines))
		return append(b, make([]byte, 16)...) // npcdata, unit, and what follows
	}
	const pairs = 8 + 8 + 4
	f, g := function(0, 1, fFiles, fLines), function(32, 8, gFiles, gLines)
	var funcs []byte
	for _, n := range []int{0, pairs, 32, pairs + len(f), 48} {
		funcs = le.AppendUint32(funcs, uint32(n))
	}
	funcs = append(append(funcs, f...), g...)

	table := append(le.AppendUint32(nil, goMagic120), 0, 0, 4, 8)
	at := uint64(goHeaderSize)
	for _, n := range []uint64{2, 2, testText.lo} {
		table = le.AppendUint64(table, n)
	}
	for _, part := range [][]byte{names, unitFiles, files, steps, funcs} {
		table = le.AppendUint64(table, at)
		at += uint64(len(part))
	}
	return slices.Concat(table, names, unitFiles, files, steps, funcs)
}

// goTableFile returns a File with that table and nothing else.
func goTableFile(table []byte) *File {
	s := newDebugSection("test", ".gopclntab", table)
	s.debugName = ""
	img := &image{path: "test", text: testText, sections: []*section{s}}
	img.symbols = func() ([]Symbol, error) { return nil, nil }
	return &File{path: "test", files: &files{}, image: img, sources: newSources()}
}

func TestGoTable(t *testing.T) {
	f := goTableFile(smallGoTable())
	lo := testText.lo
	want := []string{"/src/a.go:10", "/src/a.go:12", "/src/b.go:3", ":20", ":0"}
	got := f.linesOf(t, []uint64{lo, lo + 16, lo + 31, lo + 32, lo + 48})
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	functions, err := f.Functions()
	if err != nil || !slices.Equal(functions, []Function{{"main.f", lo, lo + 32}, {"main.g", lo + 32, lo + 48}}) {
		t.Errorf("functions %v, %v", functions, err)
	}
}

// FuzzGoTable checks that no table makes this package panic, hang or take memory
// beyond a multiple of the table's size.
func FuzzGoTable(f *testing.F) {
	f.Add(smallGoTable())
	f.Fuzz(func(t *testing.T, table []byte) {
		file := goTableFile(table)
		pcs := make([]uint64, 100)
		for i := range pcs {
			pcs[i] = testText.lo + uint64(i)
		}
		_ = file.Resolve(pcs, make([]Location, len(pcs)))
		_, _ = file.Functions()
		if lines := file.image.goLines(); lines != nil {
			if n, limit := len(lines.ownDebugSection(".debug_line").raw.data), 16*(goShare*len(table)+workSlack); n > limit {
				t.Errorf("%d bytes of lines from %d bytes", n, len(table))
			}
		}
	})
}
