package debuginfo_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/fuzzls/fuzzls/debuginfo"
)

// hello builds testdata/hello and opens it. The file is removed at once: it stays
// mapped until it is closed.
func hello() *debuginfo.File {
	dir, err := os.MkdirTemp("", "hello")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	exe := filepath.Join(dir, "hello")
	if out, err := exec.Command("go", "build", "-o", exe, "testdata/hello/main.go").CombinedOutput(); err != nil {
		log.Fatalf("%v: %s", err, out)
	}
	f, err := debuginfo.Open(exe)
	if err != nil {
		log.Fatal(err)
	}
	return f
}

func Example() {
	f := hello() // debuginfo.Open("hello")
	defer f.Close()

	greet, _ := f.Symbol("main.greet")
	start, _ := f.Symbol("main.main")
	pcs := []uint64{start.Addr, greet.Addr, 1}

	sorted, perm := debuginfo.Sort(pcs)
	resolved := make([]debuginfo.Location, len(sorted))
	if err := f.Resolve(sorted, resolved); err != nil {
		log.Fatal(err)
	}
	locations := make([]debuginfo.Location, len(pcs)) // in the order of pcs
	for i, l := range resolved {
		locations[perm[i]] = l
	}
	for _, l := range locations {
		if l.Line == 0 {
			fmt.Println("unknown")
			continue
		}
		fmt.Printf("%s:%d\n", filepath.Base(f.Path(l.File)), l.Line)
	}
	// Output:
	// main.go:12
	// main.go:7
	// unknown
}

func ExampleFile_Rows() {
	f := hello()
	defer f.Close()

	greet, _ := f.Symbol("main.greet")
	lines := map[uint32]bool{}
	err := f.Rows(greet.Addr, greet.Addr+greet.Size, func(r debuginfo.Row) bool {
		if r.IsStmt && !r.EndSequence {
			lines[r.Line] = true
		}
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("statements on lines 8 and 9:", lines[8], lines[9])
	// Output:
	// statements on lines 8 and 9: true true
}

func ExampleFile_RowsIn() {
	f := hello()
	defer f.Close()

	functions, err := f.Functions()
	if err != nil {
		log.Fatal(err)
	}
	var ranges []debuginfo.Range // sorted, as the functions are
	var names []string
	for _, fn := range functions {
		if fn.Name == "main.greet" || fn.Name == "main.main" {
			ranges = append(ranges, debuginfo.Range{Lo: fn.Lo, Hi: fn.Hi})
			names = append(names, fn.Name)
		}
	}
	first := make([]uint32, len(ranges))
	err = f.RowsIn(ranges, func(i int, r debuginfo.Row) bool {
		if first[i] == 0 {
			first[i] = r.Line
		}
		return true
	})
	if err != nil {
		log.Fatal(err)
	}
	for i, name := range names {
		fmt.Println(name, "starts on line", first[i])
	}
	// Output:
	// main.greet starts on line 7
	// main.main starts on line 12
}

func ExampleFile_Function() {
	f := hello()
	defer f.Close()

	greet, _ := f.Symbol("main.greet")
	fn, ok := f.Function(greet.Addr + 4)
	fmt.Println(fn.Name, ok)
	code, err := f.Bytes(fn.Lo, fn.Hi)
	fmt.Println(len(code) == int(fn.Hi-fn.Lo), err)
	// Output:
	// main.greet true
	// true <nil>
}

func ExampleFile_ResolveCalls() {
	f := hello()
	defer f.Close()

	greet, _ := f.Symbol("main.greet")
	pcs := []uint64{greet.Addr}
	calls, err := f.ResolveCalls(context.Background(), pcs, make([]debuginfo.Location, 1), debuginfo.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, frame := range calls.AppendFrames(nil, 0) {
		fmt.Printf("%s at %s:%d\n", f.Func(frame.Func).Name, filepath.Base(f.Path(frame.File)), frame.Line)
	}
	_, entry, ok := calls.Function(0)
	fmt.Println(entry == greet.Addr, ok)
	// Output:
	// main.greet at main.go:7
	// true true
}
