// Package trivial holds the cheapest fuzz test there is: what it costs is the
// fuzzer's own overhead.
package trivial

import "testing"

func sum(data []byte) (n int) {
	for _, b := range data {
		n += int(b)
	}
	return n
}

func FuzzSum(f *testing.F) {
	f.Add([]byte("0123456789"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if sum(data) < 0 {
			t.Fatal("negative")
		}
	})
}
