package debuginfo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// This file tests the rules for rows on hand-made line programs, and fuzzes the
// two interpreters of line programs against each other.

// testText is the executable's code in these tests.
var testText = addressRange{0x1000, 0x9000}

// assembler writes line programs.
type assembler struct{ code []byte }

func (a *assembler) op(code ...byte) *assembler {
	a.code = append(a.code, code...)
	return a
}

func (a *assembler) setAddress(addr uint64) *assembler {
	a.op(lnsExtended, 9, lneSetAddress)
	a.code = binary.LittleEndian.AppendUint64(a.code, addr)
	return a
}

func (a *assembler) advancePC(by uint64) *assembler {
	a.code = binary.AppendUvarint(append(a.code, lnsAdvancePC), by)
	return a
}

// row adds a row. line is the advance of the line, between -64 and 63.
func (a *assembler) row(line int8) *assembler {
	return a.op(lnsAdvanceLine, byte(line)&0x7f, lnsCopy)
}

func (a *assembler) end() *assembler { return a.op(lnsExtended, 1, lneEndSequence) }

// table wraps the program into a line table of version 4 with the files "a.c" and
// "b.c". Special opcodes are those of GNU as: line base -5, range 14, first 13.
func (a *assembler) table() []byte {
	header := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}
	header = append(header, "\x00a.c\x00\x00\x00\x00b.c\x00\x00\x00\x00\x00"...)
	var table []byte
	table = binary.LittleEndian.AppendUint32(table, uint32(2+4+len(header)+len(a.code)))
	table = binary.LittleEndian.AppendUint16(table, 4)
	table = binary.LittleEndian.AppendUint32(table, uint32(len(header)))
	return append(append(table, header...), a.code...)
}

// testLines returns the lines of a .debug_line section that no unit claims
// anything of.
func testLines(debugLine []byte) (*lines, error) {
	img := &image{path: "test", text: testText, sections: []*section{newDebugSection("test", ".debug_line", debugLine)}}
	return loadLines(img, &debugSections{img: img}, nil, newSources())
}

// testFile returns a File with that .debug_line.
func testFile(tb testing.TB, debugLine []byte) *File {
	tb.Helper()
	l, err := testLines(debugLine)
	if err != nil {
		tb.Fatal(err)
	}
	f := &File{path: "test", files: &files{}, image: l.img, sources: l.sources}
	f.linesOnce.Do(func() { f.lines = l })
	return f
}

func TestRules(t *testing.T) {
	var (
		zeros = new(assembler).setAddress(0x1000).row(4).advancePC(4).row(-5).advancePC(4).row(6).advancePC(4).end()
		first = new(assembler).setAddress(0x1000).row(-1).advancePC(4).row(5).advancePC(4).end()
		twice = new(assembler).setAddress(0x1000).row(4).row(1).advancePC(4).row(1).row(-7).advancePC(4).end()
		gap   = new(assembler).setAddress(0x1000).row(4).advancePC(4).end().setAddress(0x1010).row(8).advancePC(4).end()
		dead  = new(assembler).setAddress(0).row(4).advancePC(0x1100).end().setAddress(0x1000).row(8).advancePC(8).end().
			setAddress(^uint64(0)).row(4).advancePC(0x1100).end().setAddress(^uint64(1)).row(4).advancePC(0x1100).end()
		over   = new(assembler).setAddress(0x1000).row(4).advancePC(16).end().setAddress(0x1004).row(8).advancePC(4).end()
		others = new(assembler).setAddress(0x1000).op(lnsSetFile, 2, lnsSetColumn, 7, lnsNegateStmt).row(4).
			op(lnsConstAddPC).row(1).op(lnsFixedAdvancePC, 3, 0).row(1).op(13+5+14*2).op(lnsSetISA, 1).advancePC(1).end()
	)
	tests := []struct {
		name    string
		program *assembler
		pc      uint64
		want    string // by Resolve
		literal string // by ResolveLiteral
	}{
		{"below", zeros, 0xfff, ":0:0", ":0:0"},
		{"line 0", zeros, 0x1004, "a.c:5:0", "a.c:0:0"},
		{"after line 0", zeros, 0x1008, "a.c:6:0", "a.c:6:0"},
		{"last byte", zeros, 0x100b, "a.c:6:0", "a.c:6:0"},
		{"end of sequence", zeros, 0x100c, ":0:0", ":0:0"},
		{"line 0 first", first, 0x1003, ":0:0", "a.c:0:0"},
		{"after line 0 first", first, 0x1004, "a.c:5:0", "a.c:5:0"},
		{"last row of an address", twice, 0x1000, "a.c:6:0", "a.c:6:0"},
		{"line 0 last of an address", twice, 0x1004, "a.c:7:0", "a.c:0:0"},
		{"gap", gap, 0x1008, ":0:0", ":0:0"},
		{"behind a gap", gap, 0x1010, "a.c:9:0", "a.c:9:0"},
		{"dropped code", dead, 0x1004, "a.c:9:0", "a.c:9:0"},
		{"only dropped code", dead, 0x1010, ":0:0", ":0:0"},
		{"last of several sequences", over, 0x1004, "a.c:9:0", "a.c:9:0"},
		{"around it", over, 0x1008, "a.c:5:0", "a.c:5:0"},
		{"file and column", others, 0x1000, "b.c:5:7", "b.c:5:7"},
		{"const_add_pc", others, 0x1011, "b.c:6:7", "b.c:6:7"},
		{"fixed_advance_pc", others, 0x1014, "b.c:7:7", "b.c:7:7"},
		{"special opcode", others, 0x1016, "b.c:7:7", "b.c:7:7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := testFile(t, test.program.table())
			out := make([]Location, 1)
			if err := f.Resolve([]uint64{test.pc}, out); err != nil || f.place(out[0]) != test.want {
				t.Errorf("got %s, %v, want %s", f.place(out[0]), err, test.want)
			}
			if err := f.ResolveLiteral([]uint64{test.pc}, out); err != nil || f.place(out[0]) != test.literal {
				t.Errorf("literal: got %s, %v, want %s", f.place(out[0]), err, test.literal)
			}
		})
	}
}

// TestProgramErrors checks that unsound programs end in an error that says where,
// and leave other tables alone.
func TestProgramErrors(t *testing.T) {
	long := slices.Repeat([]byte{0xff}, 10)
	sound := new(assembler).setAddress(0x2000).row(4).advancePC(4).end().table()
	many := new(assembler).setAddress(0x1000).row(1).advancePC(0x8000).end()
	many.code = slices.Repeat(many.code, 5000)
	tests := []struct {
		name string
		bad  *assembler
		want string
	}{
		{"truncated number", new(assembler).setAddress(0x1000).row(1).op(lnsAdvancePC, 0x80), "test: .debug_line+0x%x: truncated LEB128 number"},
		{"number too large", new(assembler).setAddress(0x1000).row(1).op(lnsAdvancePC).op(long...).op(1), "test: .debug_line+0x%x: LEB128 number of more than 64 bits"},
		{"signed too large", new(assembler).setAddress(0x1000).row(1).op(lnsAdvanceLine).op(long...).op(1), "test: .debug_line+0x%x: LEB128 number of more than 64 bits"},
		{"truncated opcode", new(assembler).setAddress(0x1000).row(1).op(lnsExtended, 100), "test: .debug_line+0x%x: truncated"},
		{"address size", new(assembler).setAddress(0x1000).row(1).op(lnsExtended, 3, lneSetAddress, 1, 1), "test: .debug_line+0x%x: address of 2 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := testFile(t, append(test.bad.table(), sound...))
			out := make([]Location, 1)
			l, err := f.loadLines()
			if err != nil {
				t.Fatal(err)
			}
			b := batch{pcs: []uint64{0x1000}, out: out}
			problem := b.resolve(l, l.tables[0])
			if problem == nil || problem.Error() != fmt.Sprintf(test.want, problem.Offset) || problem.Offset < int64(l.tables[0].program) {
				t.Errorf("got %v, want %s", problem, test.want)
			}
			if rowProblem := l.tables[0].rows(l.line, func(*row) bool { return true }); rowProblem == nil || rowProblem.Problem != problem.Problem {
				t.Errorf("rows: got %v", rowProblem)
			}
			// No unit claims the address, so the unsound table could have held it.
			if err := f.Resolve([]uint64{0x2000}, out); err == nil || err.Error() != problem.Error() || f.place(out[0]) != "a.c:5:0" {
				t.Errorf("sound table: got %s, %v", f.place(out[0]), err)
			}
		})
	}
	t.Run("too many sequences", func(t *testing.T) {
		f := testFile(t, many.table())
		var pcs []uint64
		for pc := testText.lo; pc < testText.hi; pc++ {
			pcs = append(pcs, pc)
		}
		err := f.Resolve(pcs, make([]Location, len(pcs)))
		if e, ok := err.(*FormatError); !ok || e.Problem != tooManySequences {
			t.Errorf("got %v", err)
		}
	})
}

// FuzzLineProgram holds the hot loop against the plain interpreter on any
// .debug_line, and checks that both end.
func FuzzLineProgram(f *testing.F) {
	f.Add(new(assembler).setAddress(0x1000).row(4).advancePC(4).row(-5).advancePC(4).end().table())
	f.Add(new(assembler).setAddress(0x1000).row(4).advancePC(16).end().setAddress(0x1004).row(8).op(13, 100, 200).end().table())
	for _, flags := range [][]string{{"-gdwarf-2"}, {"-gdwarf-5"}} {
		image := mustOpen(f, buildC(f, append(flags, "-O2")...)).image
		line, err := image.debugSection(".debug_line", true)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line.data)
	}
	f.Fuzz(func(t *testing.T, debugLine []byte) {
		l, err := testLines(debugLine)
		if err != nil {
			return
		}
		var pcs []uint64
		for pc := testText.lo - 2; pc < testText.hi+2; pc += 3 {
			pcs = append(pcs, pc)
		}
		for i, table := range l.tables {
			for _, literal := range []bool{false, true} {
				b := batch{pcs: pcs, out: make([]Location, len(pcs)), literal: literal}
				problem := b.resolve(l, table)
				if problem != nil && problem.Problem == tooManySequences {
					continue
				}
				want, rowProblem := plainLocations(l, table, pcs, literal)
				if (problem == nil) != (rowProblem == nil) {
					t.Fatalf("table %d: %v, plainly %v", i, problem, rowProblem)
				}
				for k := range pcs {
					if problem == nil && b.out[k] != want[k] {
						t.Fatalf("table %d, %#x: %v, plainly %v", i, pcs[k], b.out[k], want[k])
					}
				}
			}
		}
		file := &File{path: "test", files: &files{}, image: l.img, sources: l.sources}
		file.linesOnce.Do(func() { file.lines = l })
		_ = file.Resolve(pcs, make([]Location, len(pcs)))
		_ = file.Rows(0, ^uint64(0), func(Row) bool { return true })
	})
}

// plainLocations resolves addresses with lineTable.rows.
func plainLocations(l *lines, t *lineTable, pcs []uint64, literal bool) ([]Location, *FormatError) {
	out := make([]Location, len(pcs))
	var last row
	inForce := false
	var reach uint64 // addresses of a sequence are answered once
	problem := t.rows(l.line, func(r *row) bool {
		if r.first {
			inForce, reach = false, r.start
		}
		if !testText.contains(r.start) {
			return true
		}
		k := sort.Search(len(pcs), func(i int) bool { return pcs[i] >= reach })
		for ; k < len(pcs) && pcs[k] < r.addr; k++ {
			if inForce {
				id, _ := l.fileID(t, last.file)
				if where := (Location{id, last.line, last.column}); where != (Location{}) {
					out[k] = where
				}
			}
		}
		reach = max(reach, r.addr)
		if r.line != 0 || literal {
			last, inForce = *r, true
		}
		return true
	})
	return out, problem
}

func TestGallop(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		pcs := make([]uint64, random.IntN(40))
		for i := range pcs {
			pcs[i] = random.Uint64N(30)
		}
		slices.Sort(pcs)
		hint, addr := random.IntN(45)-2, random.Uint64N(32)
		want := sort.Search(len(pcs), func(i int) bool { return pcs[i] >= addr })
		if got := gallop(pcs, hint, addr); got != want {
			t.Fatalf("gallop(%v, %d, %d) = %d, want %d", pcs, hint, addr, got, want)
		}
	}
}

// TestSettle compares with asking every claim for every address.
func TestSettle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		claims := make([]claim, random.IntN(12))
		for i := range claims {
			lo := random.Uint64N(50)
			claims[i] = claim{addressRange{lo, lo + 1 + random.Uint64N(20)}, int32(i), int32(random.IntN(4))}
		}
		owners := settle(slices.Clone(claims))
		for i := 1; i < len(owners); i++ {
			if owners[i].lo < owners[i-1].hi {
				t.Fatalf("overlap: %v", owners)
			}
		}
		for addr := range uint64(80) {
			want := int32(-1)
			for _, c := range claims { // by rank
				if c.contains(addr) {
					want = c.table
					break
				}
			}
			got := int32(-1)
			start := 0
			if len(owners) > 0 {
				start = random.IntN(len(owners))
				if owners[start].lo > addr {
					start = 0
				}
			}
			if i := find(owners, start, addr); i < len(owners) && owners[i].contains(addr) {
				got = owners[i].table
			}
			if got != want {
				t.Fatalf("%v own %d as %v: got %d, want %d", claims, addr, owners, got, want)
			}
		}
	}
}

func TestLEB128(t *testing.T) {
	tests := []struct {
		bytes    string
		unsigned uint64
		signed   int64
		next     int // of both, if not negative
		signedOK bool
	}{
		{"\x02", 2, 2, 1, true},
		{"\x7f", 127, -1, 1, true},
		{"\x80\x7f", 127 << 7, -128, 2, true},
		{"\x80\x80\x00", 0, 0, 3, true},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", ^uint64(0), 0, 10, false},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x80\x00", 1<<63 - 1, 1<<63 - 1, 11, true},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 0, 0, lebOverflow, false},
		{"\x80", 0, 0, lebTruncated, false},
		{"", 0, 0, lebTruncated, false},
	}
	for _, test := range tests {
		v, next := uleb([]byte(test.bytes), 0)
		if v != test.unsigned || next != test.next {
			t.Errorf("%x: %d, %d, want %d, %d", test.bytes, v, next, test.unsigned, test.next)
		}
		s, next := sleb([]byte(test.bytes), 0)
		if test.signedOK && (s != test.signed || next != test.next) || !test.signedOK && next >= 0 {
			t.Errorf("%x signed: %d, %d, want %d, %d", test.bytes, s, next, test.signed, test.next)
		}
	}
	if v, next := sleb([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), 0); v != -1 || next != 10 {
		t.Errorf("-1 in ten bytes: %d, %d", v, next)
	}
}
