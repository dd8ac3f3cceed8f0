package points

import (
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

func FuzzRun(f *testing.F) {
	f.Add([]byte(nil))  // want covered
	f.Add([]byte("ab")) // want covered
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Run(data) // want covered
		if err != nil {     // want partly covered
			t.Skip("an error") // want not covered
		}
		if n < 0 { // want partly covered
			t.Fatal("negative") // want not covered
		}
		helper(n) // want covered
	})
}

//go:noinline
func helper(n int) {
	if n > 1 { // want covered
		println() // want covered
	}
	if n == -5 { // want partly covered
		println(n) // want not covered
	}
}

func TestHelper(t *testing.T) {
	helper(1)
	Max(2, 1) // want covered
	Max("b", "a")
	neverCalled = other
}

var neverCalled func()

func other() {
	helper(2) // want not covered
}

// TestMain writes a copy of some of its memory to a file: DUMP holds the unslid
// address of TestMain, then addresses, sizes and files, comma-separated.
func TestMain(m *testing.M) {
	code := m.Run()
	if dump := os.Getenv("DUMP"); dump != "" {
		fields := strings.Split(dump, ",")
		slide := uint64(reflect.ValueOf(TestMain).Pointer()) - number(fields[0])
		for fields = fields[1:]; len(fields) > 0; fields = fields[3:] {
			at := number(fields[0]) + slide
			size := number(fields[1])
			memory := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&at))), size)
			if err := os.WriteFile(fields[2], memory, 0o644); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(code)
}

func number(s string) uint64 {
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return n
}
