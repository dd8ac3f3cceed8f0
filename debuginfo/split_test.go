package debuginfo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This file tests split units: in files of their own and in packages.

// splitCompilers are the ways to build a program with split units, with the tool
// that packs them.
var splitCompilers = []struct {
	name, compiler, packer string
	flags                  []string
}{
	{"gcc dwarf4", "gcc", "dwp", []string{"-gdwarf-4", "-gsplit-dwarf"}},
	{"gcc dwarf5", "gcc", "llvm-dwp", []string{"-gdwarf-5", "-gsplit-dwarf"}},
	{"clang dwarf4", "clang", "llvm-dwp", []string{"-gdwarf-4", "-gsplit-dwarf"}},
	{"clang dwarf5", "clang", "llvm-dwp", []string{"-gdwarf-5", "-gsplit-dwarf"}},
	{"clang single", "clang", "", []string{"-gdwarf-5", "-gsplit-dwarf=single"}},
}

func TestSplitUnits(t *testing.T) {
	for _, c := range splitCompilers {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compiler := splitTool(t, c.compiler)
			dir := writeFiles(t, "main.c", cSource, "inner/part.h", cHeader)
			// Compiled and linked apart, as clang names the files after the executable
			// otherwise.
			build := func(out string, flags ...string) string {
				run(t, dir, nil, compiler, append(flags, "-O1", "-c", "-o", out+".o", "main.c")...)
				run(t, dir, nil, compiler, "-o", out, out+".o")
				return filepath.Join(dir, out)
			}
			whole, program := build("whole", "-g", "-gno-column-info"), build("program", append(c.flags, "-gno-column-info")...)
			names := func(f *File) string {
				units, err := f.Units()
				if err != nil || len(units) != 1 {
					t.Fatalf("units %v, %v", units, err)
				}
				return units[0].Name + " " + units[0].CompDir
			}
			f := mustOpen(t, program)
			if n := sameFunctions(t, f, mustOpen(t, whole)); n < 90 {
				t.Errorf("%d places agree", n)
			}
			if got := names(f); got != "main.c "+dir {
				t.Errorf("unit %s", got)
			}
			if c.packer == "" {
				return
			}
			packUnits(t, c.packer, program)
			if err := os.Remove(filepath.Join(dir, "program.dwo")); err != nil {
				t.Fatal(err)
			}
			if got := names(mustOpen(t, program)); got != "main.c "+dir {
				t.Errorf("unit %s of the package", got)
			}

			if err := os.Remove(program + ".dwp"); err != nil {
				t.Fatal(err)
			}
			units, err := mustOpen(t, program).Units()
			if err == nil || !strings.Contains(err.Error(), "program.dwo does not exist") || !strings.Contains(err.Error(), "program.dwp does not exist") {
				t.Errorf("nothing there: %v, %v", units, err)
			}
			other := strings.Replace(cSource, "int classify(", "long classify(", 1)
			if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(other), 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, dir, nil, compiler, append(c.flags, "-O1", "-c", "-o", "program.o", "main.c")...)
			if units, err = mustOpen(t, program).Units(); err == nil || !strings.Contains(err.Error(), "is of another build") {
				t.Errorf("another build's: %v, %v", units, err)
			}
		})
	}
}

// splitTool returns a compiler or packer: those of GNU have the name, those of LLVM
// the version behind it.
func splitTool(tb testing.TB, name string) string {
	tb.Helper()
	if name == "clang" || name == "llvm-dwp" {
		return llvmTool(tb, name)
	}
	need(tb, name)
	return name
}

// packUnits makes the package of a program's split units.
func packUnits(tb testing.TB, packer, program string) {
	tb.Helper()
	run(tb, filepath.Dir(program), nil, splitTool(tb, packer), "-e", program, "-o", program+".dwp")
}

// FuzzSplitPackage checks that no package makes this package panic.
func FuzzSplitPackage(f *testing.F) {
	for _, c := range splitCompilers[1:3] { // index version 5, and 2
		dir := writeFiles(f, "main.c", cSource, "inner/part.h", cHeader)
		compiler := splitTool(f, c.compiler)
		run(f, dir, nil, compiler, append(c.flags, "-O1", "-c", "-o", "program.o", "main.c")...)
		run(f, dir, nil, compiler, "-o", "program", "program.o")
		packUnits(f, c.packer, filepath.Join(dir, "program"))
		data, err := os.ReadFile(filepath.Join(dir, "program.dwp"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := (&files{}).parse(mappedInput("test", data), OpenOptions{})
		if err != nil {
			return
		}
		p, err := openPackage(img)
		if err != nil {
			return
		}
		for at := 0; at+8 <= len(p.hashes); at += 8 {
			sections, ok := p.unit(littleEndian(p.hashes[at:][:8]))
			if !ok {
				continue
			}
			found := &image{path: "test", sections: sections}
			found.debug.once.Do(func() { found.debug.image = found })
			newUnitReader(&debugSections{img: found}).each(func(*unit) {}, func(error) {})
		}
	})
}
