// Package withc calls C.
package withc

// static int twice(int n) { return 2 * n; }
import "C"

// Twice returns 2n.
func Twice(n int) int {
	if n > 1000 { // want partly covered or covered
		return 0 // want not covered
	}
	return int(C.twice(C.int(n))) // want covered
}
