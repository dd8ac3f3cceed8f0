package debuginfo

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// This file fuzzes everything from the headers on.

// bareSource is a C program without a library: its executable has few bytes.
const bareSource = `
static int clamp(int x) { return x > 9 ? 9 : x; }
int half(int x) { return x < 2 ? clamp(x) : clamp(x / 2); }
__attribute__((cold)) void _start(void) { for (volatile int i = 0; i < half(i); i++); }
`

// bareObjects are the other formats that are fuzzed: a target for clang, and flags.
var bareObjects = [][]string{
	{linuxARM, "-c", "-gdwarf-5", "-ffunction-sections"},
	{linuxARM, "-c", "-gdwarf-4", "-gsplit-dwarf=single"},
	{macARM, "-c", "-gdwarf-4"},
	{macAMD, "-c", "-gdwarf-5"},
	{windowsAMD, "-c", "-gdwarf-5"},
	{windowsARM, "-gdwarf-4", "-nostdlib", "-fuse-ld=lld", "-Wl,-e,_start"},
	{linuxAMD, "-gdwarf-5", "-ffunction-sections", "-gz=zstd", "-nostdlib", "-static", "-fuse-ld=lld", "-Wl,-z,max-page-size=64"},
	{linuxAMD, "-c", "-gdwarf-5", "-gdwarf64", "-xc++", "-fdebug-types-section", "-gpubnames"},
	{linuxAMD, "-c", "-gdwarf-5", "-Wa,--crel,--allow-experimental-crel"},
}

// bareExecutables returns small executables and object files of several kinds.
func bareExecutables(tb testing.TB) [][]byte {
	tb.Helper()
	need(tb, "gcc")
	var all [][]byte
	for _, flags := range bareObjects {
		data, err := os.ReadFile(buildBare(tb, flags[0], append([]string{"-O2"}, flags[1:]...)...))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, data)
	}
	for _, flags := range [][]string{
		{"-gdwarf-2", "-gstrict-dwarf"},
		{"-gdwarf-4", "-ffunction-sections"},
		{"-gdwarf-5", "-ffunction-sections"},
		{"-gdwarf-5", "-gdwarf64"},
		{"-gdwarf-5", "-gz=zlib"},
		{"-gdwarf-4", "-gz=zlib-gnu"},
	} {
		dir := writeFiles(tb, "a.c", bareSource)
		args := append([]string{"-O2", "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-z,max-page-size=64", "-o", "a"}, flags...)
		run(tb, dir, nil, "gcc", append(args, "a.c")...)
		data, err := os.ReadFile(filepath.Join(dir, "a"))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}

// openBytes opens an executable in memory, as it is when it is mapped.
func openBytes(data []byte) (*File, error) {
	f := &File{path: "test", files: &files{options: OpenOptions{DebugDirs: []string{}}}, sources: newSources()}
	img, err := f.files.parse(mappedInput(f.path, data), f.files.options)
	f.image = img
	return f, err
}

// exercise calls everything that File offers on an executable's bytes.
func exercise(data []byte) error {
	f, err := OpenReader("test", bytes.NewReader(data), int64(len(data)), OpenOptions{DebugDirs: []string{}})
	if err != nil {
		return err
	}
	return exerciseFile(f)
}

// exerciseFile is exercise for an open file.
func exerciseFile(f *File) error {
	img := f.image
	var pcs []uint64
	step := max(1, (img.text.hi-img.text.lo)/1000)
	for pc := img.text.lo; len(pcs) < 1000; pc += step {
		pcs = append(pcs, pc)
	}
	pcs, _ = Sort(pcs)
	out := make([]Location, len(pcs))
	err := f.Resolve(pcs, out)
	for _, l := range out {
		f.Path(l.File)
	}
	if rowsErr := f.Rows(0, ^uint64(0), func(Row) bool { return true }); err == nil {
		err = rowsErr
	}
	functions, functionsErr := f.Functions()
	if err == nil {
		err = functionsErr
	}
	for _, fn := range functions {
		_, _ = f.Bytes(fn.Lo, fn.Hi)
	}
	f.Function(img.text.lo)
	f.BuildID()
	f.SourceFiles()
	_, _ = f.Units()
	calls, callsErr := f.ResolveCalls(context.Background(), pcs, out, Options{Workers: 1})
	if callsErr == nil {
		var frames []Frame
		for i := range pcs {
			frames = calls.AppendFrames(frames[:0], i)
			f.Func(frames[0].Func)
		}
	} else if err == nil {
		err = callsErr
	}
	return err
}

// FuzzOpen checks that no executable makes this package panic or hang.
func FuzzOpen(f *testing.F) {
	for _, data := range bareExecutables(f) {
		if err := exercise(data); err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = exercise(data)
	})
}

// changedBytes is how many bytes TestBytesChanged changes in each executable.
const changedBytes = 400

// TestBytesChanged changes bytes of executables in turn, evenly spread, and
// truncates them there: what FuzzOpen does, in little.
func TestBytesChanged(t *testing.T) {
	for k, data := range bareExecutables(t) {
		for i := k; i < len(data); i += 1 + len(data)/changedBytes {
			old := data[i]
			for _, b := range []byte{0, 0x7f, 0xff, old ^ 1} {
				data[i] = b
				_ = exercise(data)
			}
			data[i] = old
			_ = exercise(data[:i])
		}
	}
}
