package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// This file tests the file formats: executables and object files of each, universal
// files, and reading through an io.ReaderAt.

// readDWARF reads a file's DWARF with the standard library.
func readDWARF(tb testing.TB, file string) *dwarf.Data {
	tb.Helper()
	var readers []func() (interface{ DWARF() (*dwarf.Data, error) }, error)
	readers = append(readers,
		func() (interface{ DWARF() (*dwarf.Data, error) }, error) { return elf.Open(file) },
		func() (interface{ DWARF() (*dwarf.Data, error) }, error) { return macho.Open(file) },
		func() (interface{ DWARF() (*dwarf.Data, error) }, error) { return pe.Open(file) })
	for _, open := range readers {
		f, err := open()
		if err != nil {
			continue
		}
		d, err := f.DWARF()
		if err := f.(io.Closer).Close(); err != nil {
			tb.Error(err)
		}
		if err != nil {
			tb.Fatal(err)
		}
		return d
	}
	tb.Fatalf("%s is neither ELF nor Mach-O nor PE", file)
	return nil
}

// buildBare builds the program without a library with clang, for any system.
func buildBare(tb testing.TB, triple string, flags ...string) string {
	tb.Helper()
	clang := llvmTool(tb, "clang")
	llvmTool(tb, "ld.lld")
	dir := writeFiles(tb, "a.c", bareSource)
	run(tb, dir, nil, clang, append(append([]string{"--target=" + triple, "-ffreestanding", "-o", "a.bin"}, flags...), "a.c")...)
	return filepath.Join(dir, "a.bin")
}

// buildDropped builds the C program, a function of which is dropped by the linker lld.
func buildDropped(tb testing.TB, flags ...string) string {
	tb.Helper()
	clang := llvmTool(tb, "clang")
	llvmTool(tb, "ld.lld")
	dir := writeFiles(tb, "main.c", cSource+"int dropped(int x) { return square(x) + 1; }\n", "inner/part.h", cHeader)
	flags = append([]string{"-O1", "-ffunction-sections", "-fuse-ld=lld", "-Wl,--gc-sections", "-o", "fixture"}, flags...)
	run(tb, dir, nil, clang, append(flags, "main.c")...)
	return filepath.Join(dir, "fixture")
}

const (
	linuxAMD   = "x86_64-linux-gnu"
	linuxARM   = "aarch64-linux-gnu"
	macAMD     = "x86_64-apple-macos13"
	macARM     = "arm64-apple-macos13"
	windowsAMD = "x86_64-w64-mingw32"
	windowsARM = "aarch64-w64-mingw32"
)

// containers are executables and object files of all formats.
var containers = []struct {
	name, arch string
	build      func(testing.TB) string
}{
	{"go darwin amd64", "amd64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOOS=darwin", "GOARCH=amd64"})
	}},
	{"go darwin arm64 uncompressed", "arm64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOOS=darwin", "GOARCH=arm64"}, "-ldflags=-compressdwarf=false")
	}},
	{"go windows amd64", "amd64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOOS=windows", "GOARCH=amd64"})
	}},
	{"go windows arm64 uncompressed", "arm64", func(tb testing.TB) string {
		return buildGo(tb, goSource, []string{"GOOS=windows", "GOARCH=arm64"}, "-ldflags=-compressdwarf=false")
	}},
	{"elf arm64", "arm64", func(tb testing.TB) string {
		return buildBare(tb, linuxARM, "-g", "-O1", "-nostdlib", "-fuse-ld=lld")
	}},
	{"elf object", "amd64", func(tb testing.TB) string { return buildC(tb, "-c", "-O1", "-g") }},
	{"elf object dwarf4", "amd64", func(tb testing.TB) string { return buildC(tb, "-c", "-O1", "-gdwarf-4") }},
	{"elf object compressed", "amd64", func(tb testing.TB) string { return buildC(tb, "-c", "-O1", "-g", "-gz") }},
	// Sections that the linker drops leave tombstones: 0, or 1 in .debug_ranges, or what
	// it is told. Relocations that it keeps must not be applied again.
	{"dropped dwarf4", "amd64", func(tb testing.TB) string { return buildDropped(tb, "-gdwarf-4") }},
	{"dropped dwarf5", "amd64", func(tb testing.TB) string { return buildDropped(tb, "-gdwarf-5") }},
	{"dropped -1", "amd64", func(tb testing.TB) string {
		return buildDropped(tb, "-gdwarf-4", "-Wl,-z,dead-reloc-in-nonalloc=.debug_*=0xffffffffffffffff")
	}},
	{"dropped -2", "amd64", func(tb testing.TB) string {
		return buildDropped(tb, "-gdwarf-5", "-Wl,-z,dead-reloc-in-nonalloc=.debug_*=0xfffffffffffffffe")
	}},
	{"dropped by bfd", "amd64", func(tb testing.TB) string { return buildDropped(tb, "-gdwarf-4", "-fuse-ld=bfd") }},
	{"relocations kept", "amd64", func(tb testing.TB) string { return buildDropped(tb, "-g", "-Wl,--emit-relocs") }},
	{"pe amd64", "amd64", func(tb testing.TB) string {
		return buildBare(tb, windowsAMD, "-g", "-O1", "-nostdlib", "-fuse-ld=lld", "-Wl,-e,_start")
	}},
	{"pe arm64 dwarf4", "arm64", func(tb testing.TB) string {
		return buildBare(tb, windowsARM, "-gdwarf-4", "-O1", "-nostdlib", "-fuse-ld=lld", "-Wl,-e,_start")
	}},
	{"mach-o object amd64", "amd64", func(tb testing.TB) string { return buildBare(tb, macAMD, "-c", "-g", "-O1") }},
	{"mach-o object arm64", "arm64", func(tb testing.TB) string { return buildBare(tb, macARM, "-c", "-gdwarf-5", "-O1") }},
}

func TestContainers(t *testing.T) {
	for _, c := range containers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := c.build(t)
			f := mustOpen(t, file)
			o := readOracle(t, file)
			compareRows(t, f, o)
			compareLocations(t, f, o, false)
			if f.Arch() != c.arch {
				t.Errorf("arch %s, want %s", f.Arch(), c.arch)
			}
			if strings.HasPrefix(c.name, "go") && f.GoBuildID() != strings.TrimSpace(run(t, ".", nil, "go", "tool", "buildid", file)) {
				t.Errorf("Go build id %q", f.GoBuildID())
			}
			units, err := f.Units()
			if err != nil || len(units) == 0 {
				t.Errorf("units %v, %v", units, err)
			}
			sameThroughReader(t, f)
		})
	}
}

// countingReader counts the bytes that are read.
type countingReader struct {
	r     io.ReaderAt
	bytes atomic.Int64
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(b, at)
	c.bytes.Add(int64(n))
	return n, err
}

// sameThroughReader opens f's file through a reader, where it lies within something
// larger, and compares all locations.
func sameThroughReader(t *testing.T, f *File) {
	t.Helper()
	data, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.NewReader(append([]byte("front"), data...))
	counter := &countingReader{r: io.NewSectionReader(whole, 5, int64(len(data)))}
	r, err := OpenReader(f.path, counter, int64(len(data)), OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := counter.bytes.Load(); n > int64(len(data))/2 && len(data) > 1<<20 {
		t.Errorf("%d of %d bytes were read only to open it", n, len(data))
	}
	pcs := sampleAddresses(t, f, 1000)
	want, got := f.linesOf(t, pcs), r.linesOf(t, pcs)
	for i := range pcs {
		if got[i] != want[i] {
			t.Fatalf("%#x through a reader is %s, want %s", pcs[i], got[i], want[i])
		}
	}
	fn, ok := f.Function(pcs[0])
	code, err := f.Bytes(fn.Lo, fn.Hi)
	again, errAgain := r.Bytes(fn.Lo, fn.Hi)
	if !ok || err != nil || errAgain != nil || !bytes.Equal(code, again) {
		t.Errorf("code of %v: %d bytes, %v; through a reader %d, %v", fn, len(code), err, len(again), errAgain)
	}
}

// callsOf words the files, lines and inlined calls of addresses.
func (f *File) callsOf(t *testing.T, pcs []uint64) []string {
	t.Helper()
	lines := f.linesOf(t, pcs)
	sorted, perm := Sort(pcs)
	out := make([]Location, len(pcs))
	calls, err := f.ResolveCalls(t.Context(), sorted, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var frames []Frame
	for i := range sorted {
		frames = calls.AppendFrames(frames[:0], i)
		for _, frame := range frames {
			fn := f.Func(frame.Func)
			lines[perm[i]] += fmt.Sprintf(" %s (%s:%d) %s", fn.Name, f.Path(fn.Declared.File), fn.Declared.Line, f.place(frame.Location))
		}
	}
	return lines
}

// sameFunctions compares the locations and inlined calls in functions that two files of one program
// share, and returns how many places agree.
func sameFunctions(t *testing.T, got, want *File) int {
	t.Helper()
	functions, err := got.Functions()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	var gotPCs, wantPCs []uint64
	for _, fn := range functions {
		s, ok := want.Symbol(fn.Name)
		if !ok {
			continue
		}
		other, _ := want.Function(s.Addr)
		for at := range min(fn.Hi-fn.Lo, other.Hi-other.Lo) {
			names = append(names, fmt.Sprintf("%s+%#x", fn.Name, at))
			gotPCs, wantPCs = append(gotPCs, fn.Lo+at), append(wantPCs, s.Addr+at)
		}
	}
	gots, wants := got.callsOf(t, gotPCs), want.callsOf(t, wantPCs)
	same := 0
	for i, want := range wants {
		if strings.HasPrefix(want, ":0") {
			continue
		}
		if gots[i] != want {
			t.Fatalf("%s: got %s, want %s", names[i], gots[i], want)
		}
		same++
	}
	return same
}

// TestObjectSections compares object files with several code sections with the
// executables that are linked from them.
func TestObjectSections(t *testing.T) {
	for _, flags := range [][]string{
		{"-g", "-O1", "-ffunction-sections"},
		{"-gdwarf-4", "-O1", "-ffunction-sections"},
		{"-gdwarf-5", "-O1", "-ffunction-sections", "-gz=zlib"},
		{"-g", "-O2", "-gdwarf64", "-gdwarf-5", "-ffunction-sections"},
	} {
		executable := mustOpen(t, buildC(t, flags...))
		object := filepath.Join(t.TempDir(), "main.o")
		run(t, filepath.Dir(executable.path), nil, "gcc", append(flags, "-c", "-o", object, "main.c")...)
		if n := sameFunctions(t, mustOpen(t, object), executable); n < 90 {
			t.Errorf("%v: %d places agree", flags, n)
		}
	}
	for _, triple := range []string{linuxARM, windowsAMD, windowsARM} {
		flags := []string{"-g", "-O1", "-ffunction-sections"}
		executable := mustOpen(t, buildBare(t, triple, append(flags, "-nostdlib", "-fuse-ld=lld", "-Wl,-e,_start")...))
		object := filepath.Join(t.TempDir(), "a.o")
		run(t, filepath.Dir(executable.path), nil, llvmTool(t, "clang"), append(flags, "--target="+triple, "-ffreestanding", "-c", "-o", object, "a.c")...)
		if n := sameFunctions(t, mustOpen(t, object), executable); n < 20 {
			t.Errorf("%s: %d places agree", triple, n)
		}
	}
}

// universal makes a universal file.
func universal(tb testing.TB, files ...string) string {
	tb.Helper()
	const align = 1 << 14
	header := binary.BigEndian.AppendUint32([]byte{0xca, 0xfe, 0xba, 0xbe}, uint32(len(files)))
	var body []byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		header = binary.BigEndian.AppendUint32(header, binary.LittleEndian.Uint32(data[4:]))
		header = binary.BigEndian.AppendUint32(header, 0)
		header = binary.BigEndian.AppendUint32(header, uint32(align+len(body)))
		header = binary.BigEndian.AppendUint32(header, uint32(len(data)))
		header = binary.BigEndian.AppendUint32(header, 14)
		body = append(body, data...)
		body = append(body, make([]byte, -len(body)&(align-1))...)
	}
	out := filepath.Join(tb.TempDir(), "universal")
	if err := os.WriteFile(out, append(append(header, make([]byte, align-len(header))...), body...), 0o644); err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestUniversal(t *testing.T) {
	amd, arm := buildBare(t, macAMD, "-c", "-g", "-O1"), buildBare(t, macARM, "-c", "-g", "-O1")
	fat := universal(t, amd, arm)
	for arch, single := range map[string]string{"amd64": amd, "arm64": arm} {
		f, err := OpenWith(fat, OpenOptions{Arch: arch})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if f.Arch() != arch {
			t.Errorf("arch %s, want %s", f.Arch(), arch)
		}
		want := mustOpen(t, single)
		pcs := sampleAddresses(t, want, 100)
		for i, line := range f.linesOf(t, pcs) {
			// The files were built in different directories.
			if _, line, _ := strings.Cut(line, "/a.c:"); !strings.HasSuffix(want.linesOf(t, pcs[i:i+1])[0], "/a.c:"+line) {
				t.Fatalf("%#x is %s", pcs[i], line)
			}
		}
	}
	if _, err := OpenWith(fat, OpenOptions{Arch: "riscv64"}); err == nil || !strings.Contains(err.Error(), "none of its 2 files is for riscv64") {
		t.Errorf("riscv64: %v", err)
	}
	mustOpen(t, universal(t, arm)) // whatever this machine is
}

// TestKnownFormats checks what is said about files that cannot be read.
func TestKnownFormats(t *testing.T) {
	for start, want := range map[string]string{
		"Microsoft C/C++ MSF 7.00\r\n\x1aDS": "PDB files are not supported yet",
		"!<arch>\nmain.o/":                   "extract its members",
		"\xca\xfe\xba\xbe\x00\x00\x00\x37":   "Java class",
		"\xce\xfa\xed\xfe\x00\x00\x00\x00":   "32-bit Mach-O",
		"BC\xc0\xde\x35\x14\x00\x00":         "LLVM bitcode",
		"MZ":                                 "truncated",
		"MZ" + strings.Repeat("\x00", 100):   "no PE header",
		"":                                   "not an executable",
	} {
		_, err := OpenReader("some.file", strings.NewReader(start), int64(len(start)), OpenOptions{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "some.file: ") {
			t.Errorf("%q: %v, want %q", start, err, want)
		}
	}
}

// TestPDB checks that an executable whose debug information is in a PDB file says so.
func TestPDB(t *testing.T) {
	clang, linker := llvmTool(t, "clang"), llvmTool(t, "lld-link")
	dir := writeFiles(t, "a.c", bareSource)
	run(t, dir, nil, clang, "--target=x86_64-pc-windows-msvc", "-g", "-gcodeview", "-ffreestanding", "-c", "-o", "a.obj", "a.c")
	run(t, dir, nil, linker, "/debug", "/entry:_start", "/nodefaultlib", "/subsystem:console", "/out:a.exe", "a.obj")
	f := mustOpen(t, filepath.Join(dir, "a.exe"))
	err := f.Resolve([]uint64{1}, make([]Location, 1))
	if err == nil || !strings.Contains(err.Error(), "a.pdb, and PDB files are not supported yet") {
		t.Errorf("got %v", err)
	}
	if len(f.BuildID()) != 2*20 {
		t.Errorf("build id %q", f.BuildID())
	}
	if _, err := Open(filepath.Join(dir, "a.pdb")); err == nil || !strings.Contains(err.Error(), "PDB files are not supported yet") {
		t.Errorf("the PDB file itself: %v", err)
	}
}

// TestManySections checks an object file with so many sections that their numbers
// have no room in its symbol table.
func TestManySections(t *testing.T) {
	if testing.Short() {
		t.Skip("it assembles 66,000 functions")
	}
	need(t, "gcc")
	const count = 66_000
	var source strings.Builder
	for i := range count {
		fmt.Fprintf(&source, ".section .text.f%d,\"ax\"\n.type f%d,@function\nf%d: ret\n.size f%d,1\n", i, i, i, i)
	}
	dir := writeFiles(t, "many.s", source.String())
	run(t, dir, nil, "gcc", "-g", "-c", "-o", "many.o", "many.s")
	f := mustOpen(t, filepath.Join(dir, "many.o"))
	var pcs []uint64
	for _, name := range []string{"f0", fmt.Sprint("f", count-1)} {
		s, ok := f.Symbol(name)
		if !ok {
			t.Fatalf("no symbol %s", name)
		}
		pcs = append(pcs, s.Addr)
	}
	if got := f.linesOf(t, pcs); !strings.HasSuffix(got[0], "many.s:3") || !strings.HasSuffix(got[1], fmt.Sprint("many.s:", 4*count-1)) {
		t.Errorf("got %v", got)
	}
}

// TestSectionNames checks the three ways in which PE files write the names of sections.
func TestSectionNames(t *testing.T) {
	names := make([]byte, 5<<20)
	copy(names[4:], ".debug_line\x00")
	copy(names[4<<20:], ".debug_info\x00")
	f := &coffFile{in: mappedInput("test", nil), names: string(names)}
	for field, want := range map[string]string{
		".text\x00\x00\x00":  ".text",
		".eightch":           ".eightch",
		"/4\x00\x00\x00\x00": ".debug_line",
		"/4194304":           ".debug_info",
		"//AAQAAA":           ".debug_info", // 4 << 20 in base 64
		"/x\x00\x00\x00\x00": "/x",
	} {
		if got, err := f.sectionName([]byte(field), 0); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", field, got, err, want)
		}
	}
	if got, err := f.sectionName([]byte("/9999999"), 0); err == nil {
		t.Errorf("a place beyond the names: %q", got)
	}
}

// TestObjectsLikePlainOnes checks object files that say the same in another way:
// compact relocations, type units in sections of their own.
func TestObjectsLikePlainOnes(t *testing.T) {
	object := func(flags ...string) *File {
		dir := "-fdebug-compilation-dir=/src"
		return mustOpen(t, buildBare(t, linuxAMD, append(flags, dir, "-c", "-O1", "-g", "-ffunction-sections")...))
	}
	compact := object("-Wa,--crel,--allow-experimental-crel")
	if n := sameFunctions(t, compact, object()); n < 20 {
		t.Errorf("compact relocations: %d places agree", n)
	}
	for _, version := range []string{"-gdwarf-4", "-gdwarf-5"} {
		plain := buildCXX(t, "g++", "-c", "-O1", version)
		dir := filepath.Dir(plain)
		typed := filepath.Join(dir, "typed.o")
		run(t, dir, nil, "g++", "-c", "-O1", version, "-fdebug-types-section", "-o", typed, "main.cc")
		if n := sameFunctions(t, mustOpen(t, typed), mustOpen(t, plain)); n < 500 {
			t.Errorf("type units, %s: %d places agree", version, n)
		}
	}
}

// TestEntry checks that execution starts where the linker was told to start it.
func TestEntry(t *testing.T) {
	for _, triple := range []string{linuxAMD, windowsAMD} {
		f := mustOpen(t, buildBare(t, triple, "-O1", "-g", "-nostdlib", "-fuse-ld=lld", "-Wl,-e,half"))
		if s, ok := f.Symbol("half"); !ok || f.Entry() != s.Addr {
			t.Errorf("%s: entered at %#x, half is at %#x", triple, f.Entry(), s.Addr)
		}
	}
}
