package debuginfo

import (
	"bytes"
	"debug/elf"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// This file tests what File offers besides lines: build ids, sections, symbols,
// source files, and its errors.

func TestSymbols(t *testing.T) {
	file := buildGo(t, goSource, nil)
	f := mustOpen(t, file)
	functions, err := f.Functions()
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(functions); i++ {
		if functions[i].Lo <= functions[i-1].Lo || functions[i].Hi <= functions[i].Lo {
			t.Fatalf("not sorted, or empty: %v, %v", functions[i-1], functions[i])
		}
	}
	for _, name := range []string{"main.main", "main.classify", "main.(*square).area", "main.sum[go.shape.int]"} {
		s, ok := f.Symbol(name)
		if !ok && name != "main.sum[go.shape.int]" { // may be inlined everywhere
			t.Errorf("no symbol %s", name)
		}
		if !ok {
			continue
		}
		for _, pc := range []uint64{s.Addr, s.Addr + s.Size - 1} {
			fn, ok := f.Function(pc)
			if !ok || fn != (Function{name, s.Addr, s.Addr + s.Size}) {
				t.Errorf("function at %#x: %v, %t, want %v", pc, fn, ok, s)
			}
		}
	}
	if fn, ok := f.Function(1); ok {
		t.Errorf("function at 1: %v", fn)
	}
	if s, ok := f.Symbol("no.such"); ok {
		t.Errorf("no.such is %v", s)
	}
	if s, ok := f.Symbol("runtime.etext"); !ok || s.Addr == 0 {
		t.Errorf("runtime.etext is %v, %t", s, ok)
	}
}

func TestOverlappingFunctions(t *testing.T) {
	img := &image{sections: []*section{{Section: Section{Size: 1000, Exec: true}}}}
	img.finish()
	img.symbols = func() ([]Symbol, error) {
		return []Symbol{
			{Name: "inner", Addr: 20, Size: 10, Func: true},
			{Name: "outer", Addr: 10, Size: 90, Func: true},
			{Name: "alias", Addr: 10, Size: 90, Func: true, Global: true},
			{Name: "label", Addr: 200, Func: true},
			{Name: "next", Addr: 220, Size: 1, Func: true},
			{Name: "last", Addr: 990, Func: true},
			{Name: "data", Addr: 500, Size: 8},
			{Name: "outside", Addr: 5000, Size: 8, Func: true},
		}, nil
	}
	var table symbolTable
	if err := table.load(img); err != nil {
		t.Fatal(err)
	}
	for pc, want := range map[uint64]string{
		9: "", 10: "alias", 19: "alias", 20: "inner", 29: "inner", 30: "alias", 99: "alias", 100: "",
		200: "label", 219: "label", 220: "next", 221: "", 500: "", 999: "last", 1000: "", 5000: "",
	} {
		if fn, _ := table.at(pc); fn.Name != want {
			t.Errorf("%d is in %q, want %q", pc, fn.Name, want)
		}
	}
}

func TestBytes(t *testing.T) {
	file := buildGo(t, goSource, nil)
	f := mustOpen(t, file)
	e, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	text := e.Section(".text")
	want := make([]byte, 64)
	if _, err := text.ReadAt(want, 128); err != nil {
		t.Fatal(err)
	}
	got, err := f.Bytes(text.Addr+128, text.Addr+128+64)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v, want %x", got, err, want)
	}
	bss := e.Section(".bss")
	for _, r := range []Range{{0, 1}, {text.Addr, ^uint64(0)}, {text.Addr + 1, text.Addr}, {bss.Addr, bss.Addr + 8}} {
		if _, err := f.Bytes(r.Lo, r.Hi); err == nil {
			t.Errorf("no error for %#x to %#x", r.Lo, r.Hi)
		}
	}
	if !slices.ContainsFunc(f.Sections(), func(s Section) bool {
		return s == Section{Name: ".text", Addr: text.Addr, Size: text.Size, Exec: true}
	}) {
		t.Errorf("no .text in %v", f.Sections())
	}
}

func TestBuildIDs(t *testing.T) {
	file := buildGo(t, goSource, nil)
	f := mustOpen(t, file)
	if want := strings.TrimSpace(run(t, ".", nil, "go", "tool", "buildid", file)); f.GoBuildID() != want {
		t.Errorf("Go build id %q, want %q", f.GoBuildID(), want)
	}
	c := mustOpen(t, buildC(t, "-g", "-Wl,--build-id=0x0123abcd"))
	if c.BuildID() != "0123abcd" || c.GoBuildID() != "" || c.Arch() != "amd64" {
		t.Errorf("build ids %q and %q, arch %s", c.BuildID(), c.GoBuildID(), c.Arch())
	}
}

func TestSourceFiles(t *testing.T) {
	f := mustOpen(t, buildC(t, "-O2", "-g"))
	s, ok := f.Symbol("classify")
	if !ok {
		t.Fatal("no symbol classify")
	}
	seen := map[string]bool{}
	err := f.Rows(s.Addr, s.Addr+s.Size, func(r Row) bool { seen[f.Path(r.File)] = true; return true })
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(f.path)
	if !seen[dir+"/main.c"] || !seen[dir+"/inner/part.h"] || len(seen) != 2 {
		t.Errorf("files %v", seen)
	}
	files, dirs := f.SourceFiles()
	if len(files) != 3 || files[0] != (SourceFile{}) || dirs[0] != "" {
		t.Errorf("files %v in %v", files, dirs)
	}
	for i, file := range files[1:] {
		if got := dirs[file.Dir] + "/" + file.Base; got != f.Path(FileID(i+1)) {
			t.Errorf("file %d is %s, its path %s", i+1, got, f.Path(FileID(i+1)))
		}
	}
	if got := f.Path(1000); got != "" {
		t.Errorf("path of no file: %q", got)
	}
}

func TestUnits(t *testing.T) {
	c := buildC(t, "-g", "-gdwarf-5")
	for _, test := range []struct {
		file string
		want Unit
	}{
		{buildGo(t, goSource, nil), Unit{Name: "main", CompDir: ".", Producer: "Go cmd/compile "}},
		{c, Unit{Name: "main.c", CompDir: filepath.Dir(c), Producer: "GNU C"}},
	} {
		units, err := mustOpen(t, test.file).Units()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(units, func(u Unit) bool {
			return u.Name == test.want.Name && u.CompDir == test.want.CompDir && strings.HasPrefix(u.Producer, test.want.Producer)
		}) {
			t.Errorf("no %v in %v", test.want, units)
		}
	}
}

func TestJoinPath(t *testing.T) {
	tests := []struct {
		elements []string
		want     string
	}{
		{[]string{"/home/me", "src", "a.c"}, "/home/me/src/a.c"},
		{[]string{"/home/me", "", "../a.c"}, "/home/a.c"},
		{[]string{"/home/me", "/usr/include", "stdio.h"}, "/usr/include/stdio.h"},
		{[]string{"/home/me", "x", "/usr/include/stdio.h"}, "/usr/include/stdio.h"},
		{[]string{".", "", "example.com/mod/a.go"}, "example.com/mod/a.go"},
		{[]string{"/home/me", "", "<autogenerated>"}, "<autogenerated>"},
		{[]string{"", "", ""}, "."},
		{[]string{"/home/me", `C:\src`, "a.c"}, `C:\src\a.c`},
	}
	for _, test := range tests {
		if got := joinPath(slices.Clone(test.elements)...); got != test.want {
			t.Errorf("%q: got %s, want %s", test.elements, got, test.want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good, err := os.ReadFile(buildC(t, "-g"))
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int, b ...byte) []byte {
		data := bytes.Clone(good)
		copy(data[at:], b)
		return data
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "has 0 bytes"},
		{"text", []byte("#!/bin/sh\n"), "file+0x0: not an executable or object file"},
		{"header", good[:40], "file+0x0: 64 bytes expected here"},
		{"truncated", good[:len(good)/2], "it is truncated"},
		{"big-endian", changed(5, 2), "ELFCLASS64 ELFDATA2MSB: only 64-bit little-endian ELF is supported"},
		{"32-bit", changed(4, 1), "ELFCLASS32 ELFDATA2LSB: only 64-bit little-endian ELF is supported"},
		{"core", changed(16, 4), "ET_CORE: only executables"},
		{"machine", changed(18, 8), "EM_MIPS: only x86-64 and AArch64"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "fixture")
			if err := os.WriteFile(file, test.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(file)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("no error for a directory")
	}
}
