// Package target holds code for the executor's tests to run.
package target

import (
	"bytes"
	"strings"
)

// Baseline is executed by an init function, before any run.
func Baseline(n int) int {
	if n > 0 {
		return n + 1
	}
	return 0
}

var initialized = Baseline(1)

// Parse has a few branches and comparisons.
func Parse(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	if !bytes.HasPrefix(b, []byte("go")) {
		return 1
	}
	if uint16(b[2])<<8|uint16(b[3]) == 0xbeef {
		return 2
	}
	if string(b[2:]) == "magic word" {
		return 3
	}
	if strings.EqualFold(string(b[2:]), "FOLDED") {
		return 4
	}
	return 5
}

// Count loops n times.
func Count(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}

// Deref crashes if p is nil.
func Deref(p *int) int { return *p }

// Recurse never returns.
func Recurse(n int) int { return Recurse(n+1) + 1 }
