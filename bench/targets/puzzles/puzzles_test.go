package puzzles

import "testing"

func solve(f *testing.F, puzzle func([]byte) bool) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if puzzle(data) {
			t.Fatal("solved")
		}
	})
}

func FuzzFind(f *testing.F)     { solve(f, Find) }
func FuzzMagics(f *testing.F)   { solve(f, Magics) }
func FuzzChecksum(f *testing.F) { solve(f, Checksum) }
func FuzzBehind(f *testing.F)   { solve(f, Behind) }
func FuzzSteps(f *testing.F)    { solve(f, Steps) }

func FuzzTyped(f *testing.F) {
	f.Fuzz(func(t *testing.T, n int64, x float64, s string) {
		if Typed(n, x, s) {
			t.Fatal("solved")
		}
	})
}
