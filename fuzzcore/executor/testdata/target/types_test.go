package target

import (
	"fmt"
	"math"
	"testing"
)

func FuzzBytes(f *testing.F) {
	var kept [][]byte
	f.Fuzz(func(t *testing.T, b []byte) {
		if b == nil || cap(b) != len(b) {
			t.Fatalf("nil %v, len %d, cap %d", b == nil, len(b), cap(b))
		}
		for i, old := range kept {
			if len(old) > 0 && old[0] != byte(i) {
				t.Fatal("an earlier input has changed")
			}
		}
		if len(b) > 0 {
			b[0] = byte(len(kept))
		}
		kept = append(kept, b)
		Parse(b)
	})
}

func FuzzString(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		if s == "fail" {
			t.Fatalf("%q", s)
		}
		Parse([]byte(s))
	})
}

// FuzzAll fails with what it was given.
func FuzzAll(f *testing.F) {
	f.Add([]byte("b"), "s", true, byte(1), 'r', float32(1.5), math.Inf(-1), -1, int8(-2), int16(-3), int32(-4), int64(-5), uint(6), uint8(7), uint16(8), uint32(9), uint64(10))
	f.Fuzz(func(t *testing.T, b []byte, s string, ok bool, c byte, r rune, x float32, y float64,
		i int, i8 int8, i16 int16, i32 int32, i64 int64, u uint, u8 uint8, u16 uint16, u32 uint32, u64 uint64) {
		t.Fatal(fmt.Sprintf("%q %q %v %v %v %x %x %v %v %v %v %v %v %v %v %v %v", b, s, ok, c, r,
			math.Float32bits(x), math.Float64bits(y), i, i8, i16, i32, i64, u, u8, u16, u32, u64))
	})
}

// FuzzBuckets loops as often as its input says.
func FuzzBuckets(f *testing.F) {
	f.Fuzz(func(t *testing.T, n uint8, how string) {
		Count(int(n))
		switch how {
		case "skip":
			t.Skip()
		case "fail":
			t.Fail()
		}
	})
}

// FuzzNothing is for measuring.
func FuzzNothing(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 0 && b[0] == 'x' {
			Count(1)
		}
	})
}
